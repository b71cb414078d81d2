"""Models of the generalization gap, linear in the distance between contexts.

Notation
    u(x), u(y)   source and target on the unit cube [0, 1]^d
    D            |u(x) - u(y)|, feature by feature
    w            slopes (d,): loss of return per unit length along each feature, w >= 0

    gap(x, y) = w · |u(x) - u(y)|          (MBTL, Cho et al. 2024: w = theta, d = 1)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rltransfer.errors import InvalidExperiment
from rltransfer.transfer import TransferMatrix

__all__ = ["FittedSlope", "FixedSlope", "GapModel", "reached", "spread"]

Array = NDArray[np.float64]


class GapModel(Protocol):
    """Says how fast performance falls with the distance between source and target."""

    def slopes(self, transfer: TransferMatrix) -> Array:
        """Return w, shape (d,), in units of the return per unit length."""
        ...


@dataclass(frozen=True)
class FixedSlope:
    """The same known slope along every feature.

    Attributes:
        theta: loss of return per unit length of the unit cube.
    """

    theta: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.theta) and self.theta >= 0.0):
            raise InvalidExperiment(
                f"the slope of the gap must be a finite number of at least 0; got {self.theta}."
            )

    def slopes(self, transfer: TransferMatrix) -> Array:
        """Return theta for every feature."""
        return np.full(len(transfer.space), float(self.theta))


@dataclass(frozen=True)
class FittedSlope:
    """Non-negative least squares of the observed drops against the distances.

    Minimises, over w >= 0 and over all trained x and all targets y that were measured,

        Σ ( J(π_x; x) - J(π_x; y) - w·D )² + strength · Σ_j ( w_j - w_0 )²

    a line through the origin. Drops keep their sign, as ΔJ does: what is won on easy targets
    makes up for what is lost on hard ones, and a slope that would be negative is 0.

    The second term is a weak prior: it decides where the data say nothing, as for a feature in
    which no target differs from a trained source. Its slope w_0 is the spread of the observed
    returns per unit length, so that the model has no unit of its own.

    Attributes:
        strength: weight of the prior, as a number of observations at distance 1.
    """

    strength: float = 0.1

    def slopes(self, transfer: TransferMatrix) -> Array:
        """Return w, shape (d,); just the prior while nothing is trained."""
        d = len(transfer.space)
        gram = self.strength * np.eye(d)
        moment = np.full(d, self.strength * spread(transfer))
        rows = zip(transfer.trained, transfer.gaps(), transfer.measured, strict=True)
        for index, drops, measured in rows:
            D = np.abs(transfer.units_targets[measured] - transfer.units_sources[index])
            gram += D.T @ D
            moment += D.T @ drops[measured]
        return non_negative(gram, moment)


def reached(transfer: TransferMatrix, slopes: Array) -> Array:
    """Return what the trained policies reach on each target, (M,): measured, or by the gap.

    Where a policy was not measured, its set point minus the gap stands for its return.

    Args:
        transfer: what is known.
        slopes: w, (d,).
    """
    if transfer.complete:
        return transfer.best
    X = transfer.units_sources[list(transfer.trained)]
    gaps = np.abs(X[:, None] - transfer.units_targets) @ slopes
    expected = np.where(transfer.measured, -np.inf, transfer.set_points[:, None] - gaps)
    return np.asarray(np.maximum(expected.max(axis=0), transfer.best))


def spread(transfer: TransferMatrix) -> float:
    """Return the standard deviation of all measured mean returns; 1 where they do not vary."""
    deviation = float(transfer.mean[transfer.measured].std()) if transfer.trained else 0.0
    return deviation if deviation > 0.0 else 1.0


def non_negative(gram: Array, moment: Array) -> Array:
    """Return the w >= 0 that minimises w·gram·w / 2 - moment·w, gram (d, d) positive definite."""
    from scipy.optimize import nnls

    L = np.linalg.cholesky(gram)
    return np.asarray(nnls(L.T, np.linalg.solve(L, moment))[0])
