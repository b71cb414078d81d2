"""Whether a policy that training proposes replaces the one accepted last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from rltransfer.training.offline.scorers import Scores

__all__ = ["BestSoFar", "Gate", "PairedGate"]


class Gate(Protocol):
    """Decides, for each of n policies of G problems, on scores from the same starts."""

    def decide(self, accepted: Scores, candidate: Scores) -> Tensor:
        """Return which candidates to accept, bool, shape (G, n)."""


@dataclass(frozen=True)
class BestSoFar:
    """Accepts what scores strictly above the accepted policy, as Uni-O4 does.

    Of many candidates that are no better, some score above by luck, and none is ever put back.
    """

    def decide(self, accepted: Scores, candidate: Scores) -> Tensor:
        """Return which candidates score higher; see `Gate.decide`."""
        return candidate.values > accepted.values


@dataclass(frozen=True)
class PairedGate:
    """Accepts what is better by more than the error of the comparison.

    With δ_es the difference in world e from start s, accepts where mean δ > margin · SE(mean δ).
    Starts share their worlds and worlds their starts, so SE² = s²_E / E + s²_S / S: the variance
    of the mean over worlds, and of the mean over starts. E S independent differences would make
    it far too small.

    Attributes:
        margin: in standard errors; 0 accepts any improvement, and a negative one whatever is
            not clearly worse.
    """

    margin: float = 1.0

    def decide(self, accepted: Scores, candidate: Scores) -> Tensor:
        """Return which candidates are clearly better; see `Gate.decide`."""
        difference = candidate.per_start - accepted.per_start
        return difference.mean(dim=(2, 3)) > self.margin * standard_error(difference)


def standard_error(difference: Tensor) -> Tensor:
    """Return SE(mean δ), shape (G, n), of δ with the shape (G, n, E, S)."""
    by_world, by_start = difference.mean(dim=3), difference.mean(dim=2)
    return (variance_of_mean(by_world) + variance_of_mean(by_start)).sqrt()


def variance_of_mean(values: Tensor) -> Tensor:
    """Return s² / size over the last dimension; 0 for a single value."""
    size = values.shape[-1]
    deviations = values - values.mean(dim=-1, keepdim=True)
    return deviations.square().sum(dim=-1) / (size * max(size - 1, 1))
