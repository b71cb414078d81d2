"""The state of n ring roads, and how they are driven for different times.

Notation
    n    rings
    c    columns: as many as a ring may have vehicles, and one for the ghost
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.carfollowing import MOTIONS
from rltransfer.envs.simulators.ring.advice import Advice
from rltransfer.envs.simulators.ring.packing import Packing

__all__ = ["Rings"]

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Steps = NDArray[np.int64]

SPACING = 7.1  # m from front to front: how SUMO lines up what departs at a "free" position


class Rings:
    """n rings, each with a length and a number of vehicles of its own.

    The state lies in rows, where rings can be changed, or is packed into traffic, where they are
    driven, those first that are driven longest. It moves when the other is asked for.

    Attributes:
        lengths: of the rings, shape (n,), m.
        vehicles: on each ring, shape (n,).
    """

    def __init__(self, n: int, most_vehicles: int, dt: float, motion: str) -> None:
        self.lengths = np.zeros(n)
        self.vehicles = np.full(n, 2, dtype=np.intp)
        self._dt, self._motion = dt, MOTIONS[motion]
        self._rows = np.zeros((3, n, most_vehicles + 1))  # x, v and desired speeds
        self._packing: Packing | None = None

    # -- in rows -------------------------------------------------------------------------------

    def rows(self) -> Floats:
        """Return x, v and desired speeds, shape (3, n, c), for as long as nobody drives.

        Columns 0 to `vehicles` - 1 are a ring's vehicles in the order of driving, of which column
        0 is the guided one; column `vehicles` is its ghost; what follows is empty.
        """
        if self._packing is not None:
            self._packing.unpack(self._rows)
            self._packing = None
        return self._rows

    def keep(self, rows: Rows) -> None:
        """Drop all rings but `rows`."""
        self._rows = self.rows()[:, rows]
        self.lengths, self.vehicles = self.lengths[rows], self.vehicles[rows]

    def line_up(self, rows: Rows, lengths: Floats, vehicles: Rows, desired: Floats) -> None:
        """Let rings start anew, with two platoons at rest, one at the beginning of each half.

        Args:
            rows: the r rings.
            lengths: of the rings, shape (r,), m.
            vehicles: on each, shape (r,).
            desired: their desired speeds, shape (r, c - 1), m/s; what is too many is left out.
        """
        self.rows()
        self.lengths[rows], self.vehicles[rows] = lengths, vehicles
        column, ghost = np.arange(self._rows.shape[2]), vehicles[:, np.newaxis]
        ahead = (ghost + 1) // 2  # vehicles of the platoon that column 0 ends
        half = 0.5 * lengths[:, np.newaxis]
        x = np.where(column < ahead, SPACING * column, half + SPACING * (column - ahead))
        self._rows[0, rows] = np.where(column == ghost, 2.0 * half, x)
        self._rows[1, rows] = 0.0
        self._rows[2, rows, :-1] = desired
        self._rows[2, rows, vehicles] = desired[:, 0]

    # -- in traffic ----------------------------------------------------------------------------

    def guided(self) -> Floats:
        """Return speed, leader's speed and distance to the leader's front, shape (3, n)."""
        packing = self._packed()
        x, v, (first, second, _) = packing.traffic.x, packing.traffic.v, packing.traffic.places
        seen = (v[first], v[second], x[second] - x[first])
        return np.stack([packing.in_rows(values) for values in seen])

    def mean_position(self) -> Floats:
        """Return the mean of x over the vehicles of each ring, shape (n,), m."""
        packing = self._packed()
        sums = np.add.reduceat(packing.traffic.x, packing.bounds)[::2]  # without the ghosts
        return packing.in_rows(sums) / self.vehicles

    def drive(self, steps: Steps, advice: Advice | None = None) -> NDArray[np.bool_]:
        """Drive each ring for its number of steps, shape (n,); 0 leaves it as it is.

        Returns:
            In which rings the guided vehicle ran into its leader, shape (n,). These stay as they
            are at the collision.
        """
        packing = self._packed()
        planned = steps[packing.order]
        if (planned[1:] > planned[:-1]).any():
            packing = self._pack(np.argsort(-steps, kind="stable"))
            planned = steps[packing.order]
        packing.traffic.guide(advice is not None)
        crashes = run(packing, planned, advice and advice.take(packing.order))
        crashed = np.zeros(len(steps), dtype=np.bool_)
        crashed[packing.order[crashes]] = True
        return crashed

    def _packed(self) -> Packing:
        return self._packing or self._pack(np.arange(len(self.lengths)))

    def _pack(self, order: Rows) -> Packing:
        self._packing = Packing.of(self.rows(), self.vehicles, order, self._dt, self._motion)
        return self._packing


def run(packing: Packing, planned: Steps, advice: Advice | None) -> list[int]:
    """Drive for `planned` steps, which never rise; return which rings crashed."""
    wrecks: dict[int, Wreck] = {}
    for moving, times in stages(planned):
        traffic, told = packing.leading(moving), advice and advice.leading(moving)
        for _ in range(times):
            traffic.step(told)
            if told is not None and (overlapping := traffic.overlapping()).any():
                for ring in np.flatnonzero(overlapping).tolist():
                    wrecks.setdefault(ring, Wreck.of(packing, ring))
    for wreck in wrecks.values():
        wreck.restore(packing)
    return list(wrecks)


class Wreck(NamedTuple):
    """A ring as it was when its guided vehicle ran into its leader."""

    slots: slice
    x: Floats
    v: Floats

    @classmethod
    def of(cls, packing: Packing, ring: int) -> Self:
        """Remember a ring."""
        slots = packing.slots_of(ring)
        return cls(slots, packing.traffic.x[slots].copy(), packing.traffic.v[slots].copy())

    def restore(self, packing: Packing) -> None:
        """Undo what happened since."""
        packing.traffic.x[self.slots], packing.traffic.v[self.slots] = self.x, self.v


def stages(planned: Steps) -> Iterator[tuple[int, int]]:
    """Yield how many rings move together, and for how many steps.

    Examples:
        >>> list(stages(np.array([5, 3, 3])))
        [(3, 3), (1, 2)]
    """
    ends, counts = np.unique(planned[planned > 0], return_counts=True)
    moving = np.cumsum(counts[::-1])[::-1]
    yield from zip(moving.tolist(), np.diff(ends, prepend=0).tolist(), strict=True)
