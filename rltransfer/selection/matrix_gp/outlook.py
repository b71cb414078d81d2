"""What is believed before a round, and which candidate it speaks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rltransfer.selection.base import Proposal
from rltransfer.selection.matrix_gp.contrasts import spread_out
from rltransfer.selection.matrix_gp.failures import chance_of_success, failed_trainings
from rltransfer.selection.matrix_gp.forecast import Forecast, Rows
from rltransfer.selection.matrix_gp.gain import ceiling, expected_gains
from rltransfer.selection.matrix_gp.partial_failures import failed_in_part
from rltransfer.selection.matrix_gp.served import Served
from rltransfer.transfer import TransferMatrix

__all__ = ["Outlook", "first_in_space"]

Array = NDArray[np.float64]

SCREENED = 128
"""Targets on which all candidates are compared, where there are many."""

PAIRS = 2**17
"""Candidates and targets compared exactly, about; at least `FINALISTS` candidates are."""

FINALISTS = 64
BLOCK = 4096


@dataclass(frozen=True, eq=False)
class Outlook:
    """What is believed before a round.

    Attributes:
        transfer: what is known.
        weights: of the targets, (M,), summing to 1.
        forecast: of the candidates' rows.
        bad: which of the policies that are `placed` failed, (n,).
    """

    transfer: TransferMatrix
    weights: Array
    forecast: Forecast
    bad: NDArray[np.bool_]

    @classmethod
    def of(cls, transfer: TransferMatrix, weights: Array) -> Outlook:
        """Fit the model to the rows of all trainings that did not fail."""
        X, J = transfer.placed
        known = J if transfer.complete else J[~np.isnan(J)]
        scale = float(known.std())
        centre, scale = float(known.mean()), scale if scale > 0.0 else 1.0
        R, Y = (J - centre) / scale, transfer.units_targets
        bad = failed_trainings(X, Y, R) if transfer.complete else failed_in_part(R)
        good = ~bad
        forecast = Forecast.fit(X[good], Y, J[good], weights, centre, scale)
        return cls(transfer, weights, forecast, bad)

    def propose(self, candidates: NDArray[np.intp], costs: Array) -> Proposal:
        """Return the candidate with the largest expected gain per cost."""
        X, M = self.transfer.units_sources, len(self.transfer.targets)
        rows, gains = self.forecast.rows(X[candidates]), np.zeros(len(X))
        chosen = np.arange(len(rows))
        if len(rows) * M > PAIRS:
            gains[candidates] = self.gains(rows, spread_out(self.transfer.units_targets, SCREENED))
            worth = gains[candidates] / costs[candidates]
            chosen = np.argsort(-worth)[: max(FINALISTS, PAIRS // M)]
        finalists = candidates[chosen]
        gains[finalists] = self.gains(rows[chosen], np.arange(M))
        return self._proposal(first_in_space(gains / costs, finalists, X), gains)

    def gains(self, rows: Rows, targets: NDArray[np.intp]) -> Array:
        """Return the expected gain of coverage of some candidates, measured on some targets."""
        blocks = range(0, len(rows), BLOCK)
        return np.concatenate([self._gains(rows[b : b + BLOCK], targets) for b in blocks])

    def _gains(self, rows: Rows, targets: NDArray[np.intp]) -> Array:
        V, w = self.V[targets], self.weights[targets]
        gains = expected_gains(rows.means(targets), rows.spread(targets), V, self.top)
        return np.asarray(gains @ (w / w.sum()) * self.success(rows.sources))

    @cached_property
    def served(self) -> Served:
        """Who serves each target; of trainings that failed nothing is forecast."""
        if self.transfer.complete:
            return Served.of_complete(self.transfer)
        X, J = self.transfer.placed
        forecast = np.full(J.shape, -np.inf)
        forecast[~self.bad] = self.forecast.trained()
        return Served.of(self.transfer, forecast[len(X) - len(self.transfer.trained) :])

    @property
    def V(self) -> Array:
        """The return reached on each target, as far as is known, (M,)."""
        return self.served.returns

    @cached_property
    def top(self) -> float:
        """The ceiling of the returns; see `gain`."""
        return ceiling(self.V)

    def success(self, X: Array) -> Array:
        """Return how likely sources train, up to a common factor, (n,)."""
        gone = self.transfer.units_sources[list(self.transfer.failed)]
        tried = np.concatenate([self.transfer.placed[0], gone])
        return chance_of_success(X, tried, np.append(self.bad, np.ones(len(gone), dtype=bool)))

    def _proposal(self, index: int, gains: Array) -> Proposal:
        """Say what is proposed, and why."""
        X, V = self.transfer.units_sources[[index]], self.V
        rows = self.forecast.rows(X)
        means, gain, error = rows.means()[0], float(gains[index]), self._error(rows)
        home = int(np.abs(self.transfer.units_targets - X).sum(axis=1).argmin())
        set_point, gap = means[home], means[home] - self.weights @ means
        doubt = rows.spread(np.array([home]))[0, 0]
        return Proposal(
            index=index,
            context=self.transfer.sources[index],
            reason=(
                f"expected to raise V by {gain:.3g} ± {error:.2g}: set point {set_point:.3g} "
                f"± {doubt:.2g}, loses {gap:.3g} on the average target, "
                f"best on {int((means > V).sum())} of {len(V)}"
            ),
            predicted_set_point=float(set_point),
            predicted_gain=gain,
            predicted_error=error,
            acquisition=gains,
        )

    def _error(self, rows: Rows) -> float:
        """Return half the difference of a gain at a level one deviation higher and lower.

        Where every target is solved only rounding is left of it, which has either sign.
        """
        means, V = rows.means(), self.V
        rest = np.sqrt(np.maximum(rows.spread() ** 2 - rows.level_spread**2, 1e-18))
        high, low = (
            float(expected_gains(means + shift, rest, V, self.top)[0] @ self.weights)
            for shift in (rows.level_spread, -rows.level_spread)
        )
        return abs(high - low) / 2.0


def first_in_space(scores: Array, candidates: NDArray[np.intp], X: Array) -> int:
    """Return the candidate with the highest score; ties go to the smallest coordinates."""
    best = scores[candidates].max()
    tied = candidates[scores[candidates] >= best - 1e-12 * abs(best)]
    return int(tied[np.lexsort(X[tied].T[::-1])[0]])
