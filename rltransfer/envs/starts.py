"""Initial states of rows, drawn some episodes ahead.

Notation
    n    rows
    s    numbers in an initial state
"""

from __future__ import annotations

import numpy as np
from gymnasium.utils.seeding import np_random
from numpy.typing import NDArray

from rltransfer.envs.simulators import ContextBatch

__all__ = ["Starts"]

AHEAD = 16
"""How many initial states are drawn at once."""


class Starts:
    """The initial states of each row's next episodes, drawn some episodes ahead.

    Drawing many at once gives the same states as drawing one by one, and is cheaper where
    episodes are short.
    """

    def __init__(self, batch: ContextBatch) -> None:
        self._batch = batch
        state = batch.initial_states(np.random.default_rng(0), 1)[0]
        self._drawn = np.zeros((len(batch), AHEAD, *state.shape))
        self._used = np.full(len(batch), AHEAD)
        self._generators: list[np.random.Generator | None] = [None] * len(batch)

    def seed(self, row: int, generator: np.random.Generator) -> None:
        """Give a row another generator and forget what was drawn from the old one."""
        self._generators[row] = generator
        self._used[row] = AHEAD

    def take(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the next initial state of each row, shape (len(rows), s)."""
        used = self._used[rows]
        if AHEAD in used.tolist():
            for row in rows[used == AHEAD].tolist():
                self._draw(row)
            used = self._used[rows]
        self._used[rows] = used + 1
        return np.asarray(self._drawn[rows, used])

    def refill(self) -> NDArray[np.intp]:
        """Draw for the rows that have used all that was drawn; return them."""
        empty = np.flatnonzero(self._used == AHEAD)
        for row in empty.tolist():
            self._draw(row)
        return empty

    @property
    def drawn(self) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """The states drawn, (n, ahead, s), and how many of each row are used, (n,)."""
        return self._drawn, self._used

    def _draw(self, row: int) -> None:
        generator = self._generators[row]
        if generator is None:
            generator = self._generators[row] = np_random()[0]
        self._drawn[row] = self._batch.initial_states(generator, AHEAD)
        self._used[row] = 0
