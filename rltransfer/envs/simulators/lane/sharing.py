"""Which agents share which road."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["Sharing"]

Rows = NDArray[np.intp]

NOWHERE = -1


class Sharing:
    """A road for each of n rows, which must be in the same context.

    Args:
        n: rows, and roads.
        slots: the most rows on one road.

    Attributes:
        road: of each row, shape (n,).
    """

    def __init__(self, n: int, slots: int) -> None:
        self.road: Rows = np.full(n, NOWHERE, dtype=np.intp)
        self._slots = slots
        self._contexts: list[Mapping[str, float] | None] = [None] * n
        self._counts = np.zeros(n, dtype=np.intp)  # rows on each road

    def context(self, road: int) -> Mapping[str, float]:
        """Return a road's context."""
        context = self._contexts[road]
        assert context is not None, "nobody has been on this road"
        return context

    def rows(self, road: int) -> Rows:
        """Return who is on a road, in rising order."""
        return np.flatnonzero(self.road == road)

    def is_on(self, row: int, context: Mapping[str, float]) -> bool:
        """Say whether a row's road is in this context."""
        road = int(self.road[row])
        return road != NOWHERE and self._contexts[road] == context

    def place(self, row: int, context: Mapping[str, float]) -> tuple[int, bool]:
        """Move a row to the first road of a context with a free slot.

        Returns:
            The road, and whether it is new: one that nobody is on has been given the context.
        """
        self.take_off(np.array([row]))
        road = self._with_slot(context)
        is_new = road == NOWHERE
        if is_new:
            road = self._unused()
            self._contexts[road] = dict(context)
        self.road[row] = road
        self._counts[road] += 1
        return road, is_new

    def _with_slot(self, context: Mapping[str, float]) -> int:
        for road in np.flatnonzero(self._counts < self._slots).tolist():
            if self._contexts[road] == context:
                return int(road)
        return NOWHERE

    def _unused(self) -> int:
        """Return a road that nobody is on, preferably one that nobody has been on."""
        empty = np.flatnonzero(self._counts == 0).tolist()
        return int(min(empty, key=lambda road: self._contexts[road] is not None))

    def take_off(self, rows: Rows) -> None:
        """Leave some rows without a road."""
        roads = self.road[rows]
        np.subtract.at(self._counts, roads[roads != NOWHERE], 1)
        self.road[rows] = NOWHERE

    def keep(self, rows: Rows) -> None:
        """Drop all rows but some, which are renumbered from 0."""
        self.take_off(np.setdiff1d(np.arange(len(self.road)), rows))
        self.road = self.road[rows]
