"""Many rows recorded side by side, a slice of all rows per step; read back row after row.

Notation
    n    rows, each living one episode after another
    L    slices that are kept, the latest ones
    o    numbers in an observation, without visible context features
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.data.transitions import Transitions
from rltransfer.errors import InvalidDataset

__all__ = ["TimeSlices"]


class TimeSlices:
    """The last L slices of n rows.

    Args:
        rows: n.
        size: o; what follows in the observations given to `append`, visible features, is left out.
        actions: the space of one row's actions.
        limit: transitions to keep at most; at least one slice is kept.
    """

    def __init__(self, rows: int, size: int, actions: gym.Space[Any], limit: int) -> None:
        self._capacity = max(1, limit // rows)  # L
        self._size = size
        table = (self._capacity, rows)
        discrete = isinstance(actions, gym.spaces.Discrete)
        self._observations = np.empty((*table, size), np.float32)  # pages are taken when written
        self._next = np.empty((*table, size), np.float32)
        self._actions = np.empty(
            (*table, *(actions.shape or ())), np.int64 if discrete else np.float32
        )
        self._rewards = np.empty(table, np.float32)
        self._terminated = np.empty(table, np.bool_)
        self._truncated = np.empty(table, np.bool_)
        self._context_index = np.empty(table, np.int32)
        self._places: dict[Context, int] = {}
        self._count = 0

    def __len__(self) -> int:
        """Return how many transitions are kept now."""
        return min(self._count, self._capacity) * self._rewards.shape[1]

    @property
    def count(self) -> int:
        """How many slices were appended, forgotten ones included."""
        return self._count

    @property
    def capacity(self) -> int:
        """L."""
        return self._capacity

    @property
    def contexts(self) -> tuple[Context, ...]:
        """The contexts known, in the order of their numbers; see `places`."""
        return tuple(self._places)

    def places(self, contexts: Sequence[Context]) -> NDArray[np.int32]:
        """Return the numbers by which `append` knows some contexts."""
        found = [self._places.setdefault(context, len(self._places)) for context in contexts]
        return np.array(found, dtype=np.int32)

    def append(
        self,
        observations: NDArray[Any],  # (n, o) or more
        actions: NDArray[Any],  # (n,) or (n, a)
        rewards: NDArray[Any],  # (n,)
        next_observations: NDArray[Any],  # (n, o) or more; of the same episode, also at its end
        terminated: NDArray[np.bool_],  # (n,)
        truncated: NDArray[np.bool_],  # (n,)
        context_index: NDArray[np.int32],  # (n,) from `places`
    ) -> None:
        """Keep a step of all rows; forget the oldest one if there are L."""
        at = self._count % self._capacity
        self._observations[at] = observations[:, : self._size]
        self._actions[at] = actions
        self._rewards[at] = rewards
        self._next[at] = next_observations[:, : self._size]
        self._terminated[at] = terminated
        self._truncated[at] = truncated
        self._context_index[at] = context_index
        self._count += 1

    def cut(self) -> None:
        """End all episodes under way: what is appended next is another episode."""
        if self._count:
            at = (self._count - 1) % self._capacity
            self._truncated[at] |= ~self._terminated[at]

    def rows(self, first: int) -> dict[str, NDArray[Any]]:
        """Return the slices from number `first` on, as columns; they must still be kept."""
        at = np.arange(first, self._count) % self._capacity
        return {name: column[at] for name, column in self._columns.items()}

    def put(self, first: int, rows: Mapping[str, NDArray[Any]]) -> None:
        """Put back what `rows` returned, as the latest slices."""
        self._count = first + len(rows["rewards"])
        at = np.arange(first, self._count) % self._capacity
        for name, column in self._columns.items():
            column[at] = rows[name]

    @property
    def _columns(self) -> dict[str, NDArray[Any]]:
        return {
            "observations": self._observations,
            "actions": self._actions,
            "rewards": self._rewards,
            "next_observations": self._next,
            "terminated": self._terminated,
            "truncated": self._truncated,
            "context_index": self._context_index,
        }

    def transitions(self, steps: int | None = None) -> Transitions:
        """Return what is kept, the episodes of each row one after another.

        The last episode of a row is marked as truncated where it has no end yet.

        Args:
            steps: how many of the kept transitions, cut off at the end of rows; None for all.

        Raises:
            InvalidDataset: if nothing was recorded.
        """
        slices, n = min(self._count, self._capacity), self._rewards.shape[1]
        steps = slices * n if steps is None else min(steps, slices * n)
        if steps < 1:
            raise InvalidDataset("nothing was recorded: not a single step was taken.")
        order = np.arange(self._count - slices, self._count) % self._capacity
        lengths = (steps + np.arange(n)[::-1]) // n  # slices of each row, the first rows' longer
        kept = np.arange(slices) < lengths[:, None]  # (n, slices)
        last = np.arange(slices) == lengths[:, None] - 1

        def rows(column: NDArray[Any]) -> NDArray[Any]:
            return np.asarray(column[order].swapaxes(0, 1)[kept])

        terminated = rows(self._terminated)
        return Transitions(
            rows(self._observations),
            rows(self._actions),
            rows(self._rewards),
            rows(self._next),
            terminated,
            rows(self._truncated) | (last[kept] & ~terminated),
            rows(self._context_index),
            tuple(self._places),
        )
