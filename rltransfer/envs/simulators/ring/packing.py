"""How the rows of many rings become traffic, and rows again.

Notation
    n    rings
    c    columns of a row: as many as a ring may have vehicles, and one for the ghost
    m    slots of all rings (see `traffic`)
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.carfollowing import Motion
from rltransfer.envs.simulators.ring.traffic import Places, Traffic

__all__ = ["Packing"]

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


class Packing(NamedTuple):
    """Rings in traffic, and where each of them is there.

    Attributes:
        traffic: of all rings.
        order: the row of each ring in the traffic, shape (n,).
        slots: row and column of each slot, shape (m,) both.
        bounds: the first slot and the ghost's slot of each ring, in turn, shape (2 n,).
    """

    traffic: Traffic
    order: Rows
    slots: tuple[Rows, Rows]
    bounds: Rows

    @classmethod
    def of(cls, rows: Floats, vehicles: Rows, order: Rows, dt: float, motion: Motion) -> Self:
        """Pack x, v and desired speeds, shape (3, n, c), of rings with so many `vehicles`."""
        sizes = vehicles[order] + 1
        at, columns = np.nonzero(np.arange(rows.shape[2]) < sizes[:, np.newaxis])
        slots = (order[at], columns)
        ends = np.cumsum(sizes)
        bounds = np.stack([ends - sizes, ends - 1], axis=1).ravel()
        traffic = Traffic.of(rows[:, slots[0], columns], Places.of(sizes), dt, motion)
        return cls(traffic, order, slots, bounds)

    def unpack(self, rows: Floats) -> None:
        """Write x and v back to where they are from."""
        rows[0][self.slots] = self.traffic.x
        rows[1][self.slots] = self.traffic.v

    def leading(self, k: int) -> Traffic:
        """Return the traffic of the first k rings, in the same memory."""
        return self.traffic.leading(k, int(self.bounds[2 * k - 1]) + 1)

    def slots_of(self, ring: int) -> slice:
        """Return the slots of a ring, given its place in `order`."""
        first, ghost = self.bounds[2 * ring : 2 * ring + 2].tolist()
        return slice(first, ghost + 1)

    def in_rows(self, values: Floats) -> Floats:
        """Return values of the rings, shape (n,), by row instead of by place in `order`."""
        sorted_values = np.empty_like(values)
        sorted_values[self.order] = values
        return sorted_values
