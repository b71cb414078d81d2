"""Model-based transfer learning: Gaussian process for the set point, linear model for the gap.

Source: Cho, Jayawardana, Li and Wu, "Model-Based Transfer Learning for Contextual Reinforcement
Learning", NeurIPS 2024 (arXiv 2408.04498). The notation is that of `acquisition`.

`MBTL` is what we recommend; `LiteralMBTL` repeats the published code, quirks included.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rltransfer.errors import InvalidExperiment
from rltransfer.selection.acquisition import covered, expected_gain, exploration
from rltransfer.selection.base import (
    Proposal,
    first_best,
    middle,
    require_complete,
    require_nothing_known,
    untrained,
)
from rltransfer.selection.gap import FittedSlope, GapModel, reached, spread
from rltransfer.selection.surrogate import LiteralGP, SetPointGP
from rltransfer.transfer import TransferMatrix

__all__ = ["MBTL", "LiteralMBTL"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outlook:
    """What a model believes before a round, in the coordinates and return units it works in.

    Attributes:
        X, Y: candidates (N, d) and targets (M, d).
        mu, sigma: set points of the candidates, (N,).
        w: slopes of the gap (d,).
        V: returns reached on the targets, (M,).
        length: what a unit of X and Y is called.
        low, span: a return r of the outlook is low + span · r in the returns' own unit.
    """

    X: Array
    Y: Array
    mu: Array
    sigma: Array
    w: Array
    V: Array
    length: str
    low: float = 0.0
    span: float = 1.0

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the untrained candidate with the largest acquisition; ties: lowest index."""
        U = self.mu + exploration(len(transfer.trained) + 1) * self.sigma
        gain = expected_gain(U, self.X, self.Y, self.w, self.V)
        index = first_best(gain, untrained(transfer))
        rows = slice(index, index + 1)
        count = int(covered(U[rows], self.X[rows], self.Y, self.w, self.V)[0])
        return Proposal(
            index=index,
            context=transfer.sources[index],
            reason=self._reason(index, float(gain[index]), count),
            predicted_set_point=self.low + self.span * float(self.mu[index]),
            predicted_gain=self.span * float(gain[index]),
            acquisition=self.span * gain,
        )

    def _reason(self, index: int, gain: float, count: int) -> str:
        slopes = ", ".join(f"{self.span * slope:.3g}" for slope in self.w)
        return (
            f"largest expected gain {self.span * gain:.3g} "
            f"(set point {self.low + self.span * self.mu[index]:.3g} "
            f"± {self.span * self.sigma[index]:.2g}, gap {slopes} per {self.length}): "
            f"would cover {count} of {len(self.Y)} targets"
        )


@dataclass(frozen=True)
class MBTL:
    """The recommended selector, for any number of features and returns in any unit.

    The first pick is the middle of the candidates. After that, the candidate with the largest
    expected gain of coverage: set points from a Gaussian process over the unit cube, gap with
    slopes fitted to all observed returns. Adding a constant to all returns, or multiplying them
    by one, changes no pick. Where a policy was not measured, its return is its set point minus the
    gap.

    Attributes:
        gap: how performance falls with distance.
        surrogate: how the set point is predicted.
    """

    gap: GapModel = field(default_factory=FittedSlope)
    surrogate: SetPointGP = field(default_factory=SetPointGP)

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the next source; see `SourceTaskSelector`."""
        untrained(transfer)
        require_nothing_known(transfer, "mbtl")
        if not transfer.trained:
            return middle_first(transfer, middle(transfer))
        X = transfer.units_sources
        mu, sigma = self.surrogate.posterior(
            X[list(transfer.trained)], transfer.set_points, X, spread(transfer)
        )
        slopes = self.gap.slopes(transfer)
        outlook = Outlook(
            X=X,
            Y=transfer.units_targets,
            mu=mu,
            sigma=sigma,
            w=slopes,
            V=reached(transfer, slopes),
            length="unit length",
        )
        return outlook.propose(transfer)


@dataclass(frozen=True)
class LiteralMBTL:
    """MBTL as its published code runs it, for one varied feature.

    Differences from `MBTL`: candidates are told apart by their integer index, whatever their
    spacing; returns are normalised by the score bounds; the prior mean of the set points is 0;
    the slope is a constant per index; and what is reached so far starts at 0 on every target
    (so that a negative normalised return counts as 0).

    Attributes:
        seed: of the restarts of the Gaussian process' fit.
        theta: loss of normalised return per index.
        score: the raw returns that are normalised to 0 and 1.
    """

    seed: int = 0
    theta: float = 0.005
    score: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        if not (math.isfinite(self.theta) and self.theta >= 0.0):
            raise InvalidExperiment(
                f"theta of 'mbtl-literal' must be a finite number of at least 0; got {self.theta}."
            )

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the next source; see `SourceTaskSelector`.

        Raises:
            InvalidExperiment: if more than one feature varies, or the candidates are not the
                targets in ascending or descending order; also if every candidate is trained.
        """
        untrained(transfer)
        require_complete(transfer, "mbtl-literal")
        require_nothing_known(transfer, "mbtl-literal")
        require_line(transfer)
        indices = np.arange(len(transfer.sources), dtype=np.float64)[:, None]
        if not transfer.trained:
            return middle_first(transfer, middle_of_line(transfer))
        low, high = self.score
        seen = transfer.scaled(low, high)
        mu, sigma = LiteralGP(self.seed).posterior(
            indices[list(seen.trained)], seen.set_points, indices
        )
        outlook = Outlook(
            X=indices,
            Y=indices,
            mu=mu,
            sigma=sigma,
            w=np.array([self.theta]),
            V=np.maximum(seen.best, 0.0),
            length="index",
            low=low,
            span=high - low,
        )
        return outlook.propose(transfer)


def middle_first(transfer: TransferMatrix, index: int) -> Proposal:
    """Propose the middle, before anything is known."""
    return Proposal(
        index=index,
        context=transfer.sources[index],
        reason=f"nothing is trained yet: the middle of {len(transfer.sources)} candidates",
    )


def middle_of_line(transfer: TransferMatrix) -> int:
    """Return the middle of the candidates in order, or the nearest that has not failed."""
    candidates, central = untrained(transfer), (len(transfer.sources) - 1) // 2
    return int(candidates[np.abs(candidates - central).argmin()])


def require_line(transfer: TransferMatrix) -> None:
    """Raise unless the candidates are the targets, in order along one feature."""
    if len(transfer.space) != 1:
        raise InvalidExperiment(
            "'mbtl-literal' knows contexts by their index on a line, so exactly one feature may "
            f"vary; got {len(transfer.space)}: {', '.join(transfer.space.names)}. Use 'mbtl'."
        )
    steps = np.diff(transfer.units_sources[:, 0])
    if transfer.sources != transfer.targets or not ((steps > 0).all() or (steps < 0).all()):
        raise InvalidExperiment(
            "'mbtl-literal' knows contexts by their index on a line, so the candidate sources "
            "must be the targets, in ascending or descending order. Use 'mbtl' for anything else."
        )
