"""A replay buffer that begins with recorded data and grows. Imports torch: load it late."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rltransfer.training.kept import Rows
from rltransfer.training.torch_state import array_of

__all__ = ["Replay"]

CUMULATIVE = "cumulative weight"
"""Beside the columns: sums in another order would round otherwise."""


class Replay:
    """Transitions as named columns; each is drawn in proportion to its weight.

    Args:
        columns: what to begin with, each of shape (N, …).
        weights: of these transitions, shape (N,); a new one weighs 1.
        room: how many more will be added at most.
        rng: draws; whoever gave it may seed it anew.
    """

    def __init__(
        self,
        columns: Mapping[str, Tensor],
        weights: NDArray[np.float64],
        room: int,
        rng: np.random.Generator,
    ) -> None:
        self._first = self._size = len(weights)
        self._room, self._rng = room, rng
        self._columns = {
            name: torch.cat([first, first.new_empty(room, *first.shape[1:])])
            for name, first in columns.items()
        }
        self._cumulative = np.concatenate([np.cumsum(weights), np.empty(room)])

    def __len__(self) -> int:
        return self._size

    @property
    def columns(self) -> dict[str, Tensor]:
        """All transitions, each column of shape (N, …)."""
        return {name: column[: self._size] for name, column in self._columns.items()}

    def add(self, columns: Mapping[str, Tensor]) -> None:
        """Add n transitions, each column of shape (n, …)."""
        begin = self._size
        self._size += len(next(iter(columns.values())))
        for name, new in columns.items():
            self._columns[name][begin : self._size] = new
        count = np.arange(1, self._size - begin + 1)
        self._cumulative[begin : self._size] = self._cumulative[begin - 1] + count

    def draw(self, size: int) -> dict[str, Tensor]:
        """Return `size` transitions with replacement, each column of shape (1, size, …)."""
        known = self._cumulative[: self._size]
        rows = np.searchsorted(known, self._rng.random(size) * known[-1], side="right")
        index = torch.from_numpy(np.minimum(rows, self._size - 1))
        return {name: column[index][None] for name, column in self._columns.items()}

    # -- as a table of a training that is kept; see `kept` -----------------------------------------

    @property
    def count(self) -> int:
        """How many transitions were added."""
        return self._size - self._first

    @property
    def capacity(self) -> int:
        """How many there is room for."""
        return self._room

    def rows(self, first: int) -> Rows:
        """Return the transitions added from number `first` on, and the sums of weights."""
        part = slice(self._first + first, self._size)
        columns = {name: array_of(column[part]) for name, column in self._columns.items()}
        return {**columns, CUMULATIVE: self._cumulative[part].copy()}

    def put(self, first: int, rows: Rows) -> None:
        """Put back what `rows` returned."""
        begin = self._first + first
        self._size = begin + len(rows[CUMULATIVE])
        self._cumulative[begin : self._size] = rows[CUMULATIVE]
        for name, column in self._columns.items():
            column[begin : self._size] = torch.from_numpy(rows[name])
