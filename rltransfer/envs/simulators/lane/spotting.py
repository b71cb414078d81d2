"""What the agents on lanes see, taken from the arrays of all vehicles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.lane.demand import VEHICLE_LENGTH
from rltransfer.envs.simulators.lane.roads import Roads
from rltransfer.envs.simulators.lane.sight import Sight
from rltransfer.envs.simulators.lane.traffic import NOBODY, PILOT, POSITION, SPEED

__all__ = ["sights"]

Rows = NDArray[np.intp]
Floats = NDArray[np.float64]


def sights(roads: Roads, which: Rows) -> tuple[Rows, Sight]:
    """Return the pilots on some roads, shape (n,), and what each of them sees."""
    cells, present = roads.traffic.cells(which), roads.traffic.present(which)
    at = np.nonzero(present & (cells[PILOT] != NOBODY))  # road and cell of each vehicle
    seen_by, road = cells[PILOT][at].astype(np.intp), which[at[0]]
    x, speed = padded(cells[POSITION], present), padded(cells[SPEED], present)
    row, cell = at[0], at[1] + 1
    here = x[row, cell]
    return seen_by, Sight(
        speed=speed[row, cell],
        distance=roads.traffic.lines[road] - here,
        phase=roads.signals.phases(road, roads.now[road]),
        switches=roads.signals.switches(road, roads.now[road]),
        leader_speed=speed[row, cell - 1],
        leader_gap=np.abs(x[row, cell - 1] - here) - VEHICLE_LENGTH,
        follower_speed=speed[row, cell + 1],
        follower_gap=np.abs(x[row, cell + 1] - here) - VEHICLE_LENGTH,
    )


def padded(values: Floats, present: NDArray[np.bool_]) -> Floats:
    """Return the values of vehicles between columns for nobody, infinitely far away."""
    return np.pad(np.where(present, values, np.inf), ((0, 0), (1, 1)), constant_values=np.inf)
