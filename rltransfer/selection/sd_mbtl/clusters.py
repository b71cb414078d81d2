"""The clustering of M-MBTL: where one more centre shortens the way to all targets most.

Notation
    D(y)       distance from a target to its nearest centre so far, L1 in grid indices
    start      a candidate, tried as the first place of the next centre
    c          that centre as it moves
    members    the targets that are nearer to c than to any other centre
    total      Σ_y min( D(y), |c - y| ) once c has come to rest

A centre moves to the mean of its members until it rests, and the others stay (k-means with one
free centre). The published choices are kept, because picks depend on them: the mean, although the
median is best for L1; a member stays at equal distance but a target joins only when c is nearer;
distances are weighted by 0.01, which decides ties in the last digit; and a start whose members
had none in common with those of the start chosen last is not tried again: its total is taken to
fall by what the last centre saved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["Clusters"]

Array = NDArray[np.float64]
Members = NDArray[np.bool_]
WEIGHT = 0.01  # of a step along the grid
MOVES = 300  # at most
REST = 1e-6  # a centre that moves by less rests
CHUNK = 2**16  # pairs of start and target held at once: they stay in the cache


@dataclass(frozen=True, eq=False)
class Clusters:
    """The centres so far, and what is remembered of the starts tried last.

    Attributes:
        X: candidates (N, d), the starts.
        Y: targets (M, d).
        nearest: D, (M,).
        members: of every start, (N, M); None before any is tried.
        totals: of every start, (N,), or None.
        chosen: the start with the smallest total, or None.
        saved: what the last centre that was chosen here saved.
    """

    X: Array
    Y: Array
    nearest: Array
    members: Members | None = None
    totals: Array | None = None
    chosen: int | None = None
    saved: float = 0.0

    @classmethod
    def around(cls, X: Array, Y: Array, first: int) -> Clusters:
        """Return the clusters with a candidate as the only centre."""
        return cls(X, Y, distances(Y, X[first : first + 1])[0])

    def try_starts(self) -> Clusters:
        """Return the clusters after all starts, or those not to be foretold, have been tried."""
        if self.members is None or self.totals is None or self.chosen is None:
            again = np.arange(len(self.X))
            members, totals = np.zeros((len(self.X), len(self.Y)), dtype=bool), np.zeros(len(again))
        else:
            members, totals = self.members.copy(), self.totals - self.saved
            again = np.flatnonzero((members & members[self.chosen]).any(axis=1))
        step = max(1, CHUNK // len(self.Y))
        for begin in range(0, len(again), step):
            rows = again[begin : begin + step]
            centres, members[rows] = self._rest(self.X[rows])
            totals[rows] = np.minimum(distances(self.Y, centres), self.nearest).sum(axis=1)
        return replace(self, members=members, totals=totals, chosen=int(totals.argmin()))

    def centre(self) -> Array:
        """Return where the chosen start comes to rest, (d,), rounded to the grid."""
        assert self.chosen is not None
        return np.asarray(np.round(self._rest(self.X[[self.chosen]])[0][0]))

    def settle(self, index: int) -> Clusters:
        """Return the clusters with a candidate, the one chosen here, as one more centre."""
        grown = self.add(index)
        return replace(grown, saved=float(self.nearest.sum() - grown.nearest.sum()))

    def add(self, index: int) -> Clusters:
        """Return the clusters with a candidate that was chosen elsewhere as one more centre."""
        distance = distances(self.Y, self.X[index : index + 1])[0]
        return replace(self, nearest=np.minimum(distance, self.nearest))

    def _rest(self, starts: Array) -> tuple[Array, Members]:
        """Return where each start comes to rest (n, d), and its members (n, M)."""
        centres, moving = starts.copy(), np.arange(len(starts))
        members = distances(self.Y, centres) <= self.nearest
        for _ in range(MOVES):
            counts = members[moving].sum(axis=1)[:, None]
            sums = members[moving] @ self.Y
            means = np.where(counts > 0, sums / np.maximum(counts, 1), centres[moving])
            moved = ~(np.abs(means - centres[moving]) < REST).all(axis=1)
            centres[moving] = means
            moving = moving[moved]
            if not len(moving):
                break
            distance = distances(self.Y, centres[moving])
            stays = members[moving] & (distance <= self.nearest)
            members[moving] = stays | (distance < self.nearest)
        return centres, members


def distances(Y: Array, centres: Array) -> Array:
    """Return the weighted L1 distances from centres (n, d) to targets (M, d), shape (n, M)."""
    total = np.zeros((len(centres), len(Y)))
    step = np.empty_like(total)
    for y, c in zip(Y.T, centres.T, strict=True):
        np.subtract(y, c[:, None], out=step)
        step *= WEIGHT
        total += np.abs(step, out=step)
    return total
