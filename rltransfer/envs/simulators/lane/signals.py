"""Fixed-time traffic lights, one per road, all as arrays.

A cycle is green, yellow, red, and red once more while the cross street's light is yellow. Phases
last milliseconds, and like SUMO's lights these show, during a whole step, the phase with which the
step ends.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.lane.clock import STEP

__all__ = ["GREEN", "RED", "YELLOW", "YELLOW_SECONDS", "Signals"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

GREEN, YELLOW, RED = range(3)
YELLOW_SECONDS = 3.0
STEP_MS = round(1000 * STEP)


class Signals:
    """One light per road.

    Args:
        roads: how many.
    """

    def __init__(self, roads: int) -> None:
        self._ends: Integers = np.ones((roads, 3), dtype=np.int64)  # of the phases, ms

    def program(self, road: int, green: float, red: float) -> None:
        """Give a light its seconds of green and of red."""
        phases = [green, YELLOW_SECONDS, red + YELLOW_SECONDS]
        self._ends[road] = np.cumsum([round(1000 * seconds) for seconds in phases])

    def phases(self, roads: NDArray[np.intp], now: Integers) -> NDArray[np.intp]:
        """Return what some lights show in the step `now`, shape (len(roads),) both."""
        passed = self._moments(roads, now)[:, None] >= self._ends[roads]
        return np.asarray(passed.sum(axis=1))

    def switches(self, roads: NDArray[np.intp], now: Integers) -> Floats:
        """Return the seconds to the steps of the next three changes, shape (len(roads), 3)."""
        ends = self._ends[roads]
        waits = (ends - self._moments(roads, now)[:, None] - 1) % ends[:, 2:] + 1
        steps = (np.sort(waits, axis=1) + STEP_MS - 1) // STEP_MS
        return np.asarray(steps * STEP)

    def _moments(self, roads: NDArray[np.intp], now: Integers) -> Integers:
        """Return the last milliseconds of a step in the lights' cycles."""
        return np.asarray(((now + 1) * STEP_MS - 1) % self._ends[roads, RED])
