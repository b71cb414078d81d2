"""Choosing sources with a model of the whole transfer matrix.

    while a source may still be trained
        rows of failed trainings are set aside                             (failures)
        fit what is left: gap and difficulty, deviations, levels           (contrasts, levels)
        forecast the rows of all candidates                                (forecast)
        propose the candidate with the largest expected gain of coverage   (gain)

MBTL (Cho et al. 2024) models the diagonal of the matrix, and subtracts a gap; SD-MBTL (Zhou et al.
2026) decides between a model and geometry. Here all observed returns are one data set, and what
they leave open is integrated over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltransfer.errors import InvalidExperiment
from rltransfer.selection.base import Proposal, untrained
from rltransfer.selection.matrix_gp.outlook import Outlook, first_in_space
from rltransfer.transfer import TransferMatrix

__all__ = ["MatrixGP"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MatrixGP:
    """The default selector: exact expected improvement of coverage under a model of all returns.

    It has nothing to tune. Shifting or scaling all returns, or listing contexts in another order,
    changes no pick. With more than 2¹⁷ pairs of candidate and target, candidates are first
    compared on 128 targets from everywhere, and the best of them on all.

    Attributes:
        weights: of the targets, in their order; all alike if empty.
        costs: of training each candidate, in their order; all alike if empty. The gain per cost
            decides.
    """

    weights: tuple[float, ...] = ()
    costs: tuple[float, ...] = ()

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the next source; see `SourceTaskSelector`.

        Raises:
            InvalidExperiment: if every candidate is trained, or weights or costs do not fit.
        """
        candidates = untrained(transfer)
        costs = positive("costs", self.costs, len(transfer.sources), "candidate")
        weights = positive("weights", self.weights, len(transfer.targets), "target")
        if not len(transfer.placed[0]):
            return central(transfer, weights / weights.sum(), costs)
        return Outlook.of(transfer, weights / weights.sum()).propose(candidates, costs)

    def expect(self, transfer: TransferMatrix, sources: NDArray[np.intp]) -> Array:
        """Return the expected returns of candidates on all targets, (n, M); see `Forecaster`."""
        weights = positive("weights", self.weights, len(transfer.targets), "target")
        outlook = Outlook.of(transfer, weights / weights.sum())
        return outlook.forecast.rows(transfer.units_sources[sources]).means()


def central(transfer: TransferMatrix, weights: Array, costs: Array) -> Proposal:
    """Propose the candidate nearest to all targets, before anything is known."""
    X = transfer.units_sources
    saved = X.shape[1] - mean_distances(X, transfer.units_targets, weights)
    index = first_in_space((saved / costs).round(12), untrained(transfer), X)
    return Proposal(
        index=index,
        context=transfer.sources[index],
        reason=f"nothing is trained yet: nearest to all {len(transfer.targets)} targets",
    )


def mean_distances(X: Array, Y: Array, weights: Array) -> Array:
    """Return Σ_y w ‖x - y‖₁ of each x, shape (n,), in O((n + m) log m) for each feature."""
    total = np.zeros(len(X))
    for x, y in zip(X.T, Y.T, strict=True):
        order = np.argsort(y, kind="stable")
        weight = np.concatenate([[0.0], np.cumsum(weights[order])])
        moment = np.concatenate([[0.0], np.cumsum((weights * y)[order])])
        below = np.searchsorted(y[order], x)
        total += 2.0 * (x * weight[below] - moment[below]) - (x * weight[-1] - moment[-1])
    return total


def positive(
    name: str, values: tuple[float, ...], count: int, each: str, whose: str = "matrix-gp"
) -> Array:
    """Return weights or costs as an array (count,); ones where there are none.

    Args:
        name: of the field.
        values: of the field.
        count: how many there must be.
        each: what they belong to.
        whose: of which selector or rule.

    Raises:
        InvalidExperiment: if their number is wrong, or one is not a positive number.
    """
    given = np.asarray(values, dtype=np.float64) if values else np.ones(count)
    wrong = np.flatnonzero(~(np.isfinite(given) & (given > 0.0)))
    came = f"got {len(given)}"
    if len(given) == count and len(wrong):
        came = f"number {wrong[0] + 1} is {given[wrong[0]]:g}"
    if len(given) != count or len(wrong):
        raise InvalidExperiment(
            f"{name} of {whose!r} must be {count} positive numbers, one for each {each}; {came}."
        )
    return given
