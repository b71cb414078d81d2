"""Closed rings of vehicles, stepped together as flat arrays.

Notation
    n    rings
    m    slots: the vehicles of all rings in the order of driving, and a ghost behind each ring
    x    front bumpers, cumulative along the ring, m
    v    speeds, m/s

The leader of a slot is the slot after it. A ring's last vehicle follows the ghost, which is the
ring's first vehicle one lap ahead: it takes over that vehicle's speed in every step. So shifted
views replace index arrays, and rings of any length and number of vehicles lie side by side.
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.carfollowing import IDM, Motion, workspace
from rltransfer.envs.simulators.ring.advice import Advice

__all__ = ["Places", "Traffic"]

Floats = NDArray[np.float64]
Index = slice | NDArray[np.intp]

VEHICLE_LENGTH = 5.0  # m
MIN_GAP = 2.0  # m, of human drivers; a guided vehicle keeps none


class Places(NamedTuple):
    """Where in the slots each ring's first vehicle, second vehicle and ghost are."""

    first: Index
    second: Index
    ghost: Index

    @classmethod
    def of(cls, sizes: NDArray[np.intp]) -> Self:
        """Place rings of `sizes` slots, shape (n,); equal sizes need no index arrays."""
        size = int(sizes[0])
        if (sizes == size).all():
            return cls(slice(0, None, size), slice(1, None, size), slice(size - 1, None, size))
        ghost = np.cumsum(sizes) - 1
        first = ghost + 1 - sizes
        return cls(first, first + 1, ghost)

    def leading(self, k: int) -> Places:
        """Return the places of the first k rings, in arrays that end behind them."""
        return Places(*(at if isinstance(at, slice) else at[:k] for at in self))


class Traffic:
    """Rings that move; `x` and `v` are changed in place.

    Args:
        x: positions, shape (m + 1,); the last entry is nobody's.
        v: speeds, the same shape.
        desired: desired speeds, shape (m,).
        min_gap: gaps at rest, shape (m,).
        places: of the n rings.
        dt: the step, s.
        motion: how positions follow from speeds.
        memory: for the results in between, shape (5, m).
    """

    def __init__(
        self,
        x: Floats,
        v: Floats,
        desired: Floats,
        min_gap: Floats,
        places: Places,
        dt: float,
        motion: Motion,
        memory: Floats,
    ) -> None:
        self._all_x, self._all_v, self._desired, self._min_gap = x, v, desired, min_gap
        self.places, self._dt, self._motion, self._memory = places, dt, motion, memory
        self.x, self.v = x[:-1], v[:-1]
        self._leader_x, self._leader_v = x[1:], v[1:]
        self._drivers = IDM(desired, min_gap=min_gap, dt=dt)

    @classmethod
    def of(cls, vehicles: Floats, places: Places, dt: float, motion: Motion) -> Self:
        """Take the rows x, v and desired, shape (3, m)."""
        m = vehicles.shape[1]
        x, v = np.zeros((2, m + 1))
        x[:-1], v[:-1], desired = vehicles
        memory = np.concatenate([workspace(m), np.empty((1, m))])
        return cls(x, v, desired, np.full(m, MIN_GAP), places, dt, motion, memory)

    def leading(self, k: int, m: int) -> Self:
        """Return the first k rings, which have m slots, in the same memory."""
        return type(self)(
            self._all_x[: m + 1],
            self._all_v[: m + 1],
            self._desired[:m],
            self._min_gap[:m],
            self.places.leading(k),
            self._dt,
            self._motion,
            self._memory[:, :m],
        )

    def guide(self, guided: bool) -> None:
        """Let the first vehicle of each ring keep no gap at rest, or a human driver's."""
        self._min_gap[self.places.first] = 0.0 if guided else MIN_GAP

    def step(self, advice: Advice | None = None) -> None:
        """Move all vehicles by one step, each by what it sees at the step's beginning."""
        first, _, ghost = self.places
        gaps = np.subtract(self._leader_x, self.x, out=self._memory[4])
        gaps -= VEHICLE_LENGTH
        new = self._drivers.next_speeds(self.v, self._leader_v, gaps, self._memory[:4])
        if advice is not None:
            new[first] = advice.followed(self.v[first], new[first], self._dt)
        new[ghost] = new[first]
        self._motion(self.x, self.v, new, self._dt, gaps)
        self.v[...] = new

    def overlapping(self) -> NDArray[np.bool_]:
        """Say in which rings the first vehicle has run into its leader, shape (n,)."""
        first, second, _ = self.places
        return np.asarray(self.x[second] - self.x[first] < VEHICLE_LENGTH)
