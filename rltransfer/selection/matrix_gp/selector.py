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
from rltransfer.selection.matrix_gp.contrasts import spread_out
from rltransfer.selection.matrix_gp.failures import chance_of_success, failed
from rltransfer.selection.matrix_gp.forecast import Forecast
from rltransfer.selection.matrix_gp.gain import ceiling, expected_gains
from rltransfer.transfer import TransferMatrix

__all__ = ["MatrixGP"]

Array = NDArray[np.float64]

SCREENED = 128
"""Targets on which all candidates are compared, where there are many."""

PAIRS = 2**17
"""Candidates and targets compared exactly, about; at least `FINALISTS` candidates are."""

FINALISTS = 64
BLOCK = 4096


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
        costs = positive("costs", self.costs, len(transfer.sources))
        weights = positive("weights", self.weights, len(transfer.targets))
        if not transfer.trained:
            return central(transfer, weights / weights.sum(), costs)
        return Outlook.of(transfer, weights / weights.sum()).propose(candidates, costs)


@dataclass(frozen=True, eq=False)
class Outlook:
    """What is believed before a round.

    Attributes:
        transfer: what is known.
        weights: of the targets, (M,), summing to 1.
        forecast: of the candidates' rows.
        bad: which trained sources failed, (K,).
    """

    transfer: TransferMatrix
    weights: Array
    forecast: Forecast
    bad: NDArray[np.bool_]

    @classmethod
    def of(cls, transfer: TransferMatrix, weights: Array) -> Outlook:
        """Fit the model to the rows of all trainings that did not fail."""
        J, X = transfer.mean, transfer.units_sources[list(transfer.trained)]
        scale = float(J.std())
        centre, scale = float(J.mean()), scale if scale > 0.0 else 1.0
        bad = failed((J - centre) / scale)
        good = ~bad
        forecast = Forecast.fit(X[good], transfer.units_targets, J[good], weights, centre, scale)
        return cls(transfer, weights, forecast, bad)

    def propose(self, candidates: NDArray[np.intp], costs: Array) -> Proposal:
        """Return the candidate with the largest expected gain per cost."""
        M = len(self.transfer.targets)
        gains = np.zeros(len(self.transfer.sources))
        chosen = candidates
        if len(candidates) * M > PAIRS:
            some = spread_out(self.transfer.units_targets, SCREENED)
            gains[candidates] = self.gains(candidates, some)
            count = max(FINALISTS, PAIRS // M)
            chosen = candidates[np.argsort(-gains[candidates] / costs[candidates])[:count]]
        gains[chosen] = self.gains(chosen, np.arange(M))
        index = first_in_space(gains / costs, chosen, self.transfer.units_sources)
        return self._proposal(index, gains)

    def gains(self, candidates: NDArray[np.intp], targets: NDArray[np.intp]) -> Array:
        """Return the expected gain of coverage of some candidates, measured on some targets."""
        blocks = range(0, len(candidates), BLOCK)
        return np.concatenate([self._gains(candidates[b : b + BLOCK], targets) for b in blocks])

    def _gains(self, candidates: NDArray[np.intp], targets: NDArray[np.intp]) -> Array:
        X = self.transfer.units_sources[candidates]
        rows, V = self.forecast.rows(X, targets), self.transfer.best
        gains = expected_gains(rows.means, rows.spread, V[targets], ceiling(V))
        w = self.weights[targets]
        return np.asarray(gains @ (w / w.sum()) * self.success(X))

    def success(self, X: Array) -> Array:
        """Return how likely sources train, up to a common factor, (n,)."""
        trained = self.transfer.units_sources[list(self.transfer.trained)]
        return chance_of_success(X, trained, self.bad)

    def _proposal(self, index: int, gains: Array) -> Proposal:
        """Say what is proposed, and why."""
        X = self.transfer.units_sources[[index]]
        rows, V = self.forecast.rows(X), self.transfer.best
        gain, error = float(gains[index]), self._error(index)
        home = int(np.abs(self.transfer.units_targets - X).sum(axis=1).argmin())
        set_point, gap = rows.means[0, home], rows.means[0, home] - self.weights @ rows.means[0]
        return Proposal(
            index=index,
            context=self.transfer.sources[index],
            reason=(
                f"expected to raise V by {gain:.3g} ± {error:.2g}: set point {set_point:.3g} "
                f"± {rows.spread[0]:.2g}, loses {gap:.3g} on the average target, "
                f"best on {int((rows.means[0] > V).sum())} of {len(V)}"
            ),
            predicted_set_point=float(set_point),
            predicted_gain=gain,
            predicted_error=error,
            acquisition=gains,
        )

    def _error(self, index: int) -> float:
        """Return half the difference of the gains at a level one deviation higher and lower."""
        X, V = self.transfer.units_sources[[index]], self.transfer.best
        rows = self.forecast.rows(X)
        rest = np.sqrt(np.maximum(rows.spread**2 - rows.level_spread**2, 1e-18))
        high, low = (
            float(expected_gains(rows.means + shift, rest, V, ceiling(V))[0] @ self.weights)
            for shift in (rows.level_spread, -rows.level_spread)
        )
        return (high - low) / 2.0


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


def first_in_space(scores: Array, candidates: NDArray[np.intp], X: Array) -> int:
    """Return the candidate with the highest score; ties go to the smallest coordinates."""
    best = scores[candidates].max()
    tied = candidates[scores[candidates] >= best - 1e-12 * abs(best)]
    return int(tied[np.lexsort(X[tied].T[::-1])[0]])


def positive(name: str, values: tuple[float, ...], count: int) -> Array:
    """Return weights or costs as an array (count,); ones where there are none.

    Raises:
        InvalidExperiment: if their number is wrong, or one is not a positive number.
    """
    given = np.asarray(values, dtype=np.float64) if values else np.ones(count)
    if len(given) != count or not (np.isfinite(given) & (given > 0.0)).all():
        raise InvalidExperiment(
            f"{name} of 'matrix-gp' must be {count} positive numbers, one for each "
            f"{'target' if name == 'weights' else 'candidate'}; got {len(given)}: "
            f"{', '.join(f'{value:g}' for value in given[:5])}{', …' if count > 5 else ''}."
        )
    return given
