"""The vehicles of many single-lane roads: they enter, move and leave.

Notation
    r    roads that take part in a step
    x    front bumper, m after the road's beginning
    m    vehicles on the fullest of these roads
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.lane.clock import STEP
from rltransfer.envs.simulators.lane.demand import VEHICLE_LENGTH, Driver
from rltransfer.envs.simulators.lane.driving import Scene, advised_speeds, safe_speeds
from rltransfer.envs.simulators.lane.signals import RED

__all__ = [
    "ACCEL",
    "ARRIVED",
    "ENTRY_SPEED",
    "NOBODY",
    "PILOT",
    "POSITION",
    "SPEED",
    "Moves",
    "Traffic",
]

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

POSITION, SPEED, ACCEL, DECEL, HEADWAY, MIN_GAP, PILOT = range(7)
NOBODY = -1  # in the place of a pilot
EMPTY_CELL = np.array([0.0, 0.0, 1.0, 1.0, 1.0, 1.0, NOBODY])[:, None, None]
CELLS = 32  # per road to begin with

ENTRY = VEHICLE_LENGTH + 0.1  # m, where a vehicle's front bumper enters
ENTRY_SPEED = 5.0  # m/s
ARRIVED = 0.1  # m before the end of a road, where vehicles leave
LEAST_SPEED = 1e-4 * STEP  # m/s: what is slower, and not advised, stands


class Moves(NamedTuple):
    """What the vehicles with a pilot did in a step, shape (pilots,) each."""

    pilots: Rows
    before: Floats  # speeds, m/s
    after: Floats  # speeds, m/s


class Traffic:
    """The vehicles of some roads. A vehicle may have a pilot, a number that the caller gives it.

    Attributes:
        counts: vehicles on each road.
        limits: speed limits, m/s.
        lines: x of the stop lines, m.
        ends: x of the roads' ends, m.
    """

    def __init__(self, roads: int) -> None:
        self.counts = np.zeros(roads, dtype=np.intp)
        self.limits, self.lines, self.ends = np.ones((3, roads))
        self._cells: Floats = np.tile(EMPTY_CELL, (1, roads, CELLS))  # foremost first

    def cells(self, roads: Rows) -> Floats:
        """Return a copy of x, speed, four parameters and pilot of vehicles, shape (7, r, m)."""
        return self._cells[:, roads, : self.counts[roads].max(initial=1)]

    def present(self, roads: Rows) -> NDArray[np.bool_]:
        """Return which of these cells hold a vehicle, shape (r, m)."""
        counts = self.counts[roads, None]
        return np.asarray(np.arange(counts.max(initial=1)) < counts)

    # -- coming and going ----------------------------------------------------------------------

    def clear(self, road: int) -> None:
        """Take all vehicles off a road."""
        self.counts[road] = 0

    def has_room(self, road: int, driver: Driver) -> bool:
        """Say whether SUMO would let a vehicle enter now."""
        if not self.counts[road]:
            return True
        x, speed = self._cells[: SPEED + 1, road, self.counts[road] - 1]
        gap = x - VEHICLE_LENGTH - ENTRY - driver.min_gap
        closing = (ENTRY_SPEED - speed) / (2 * np.sqrt(driver.accel * driver.decel))
        return bool(gap >= max(0.0, ENTRY_SPEED * (driver.headway + closing)))

    def enter(self, road: int, driver: Driver, pilot: int = NOBODY) -> None:
        """Put a vehicle at the beginning of a road."""
        cell = self.counts[road]
        if cell == self._cells.shape[2]:
            self._cells = np.concatenate([self._cells, self._cells], axis=2)
        self._cells[:, road, cell] = (ENTRY, ENTRY_SPEED, *driver, pilot)
        self.counts[road] += 1

    def leave(self, roads: Rows) -> Rows:
        """Take vehicles off that reached the end; return the pilots among them."""
        pilots: list[float] = []
        while len(gone := roads[self._foremost(roads) > self.ends[roads] - ARRIVED]):
            pilots.extend(self._cells[PILOT, gone, 0])
            self._cells[:, gone, :-1] = self._cells[:, gone, 1:]
            self.counts[gone] -= 1
        return np.array([pilot for pilot in pilots if pilot != NOBODY], dtype=np.intp)

    def _foremost(self, roads: Rows) -> Floats:
        return np.where(self.counts[roads] > 0, self._cells[POSITION, roads, 0], -np.inf)

    def release(self, road: int, pilot: int) -> None:
        """Let the vehicle of this pilot, if there is one, go on alone."""
        pilots = self._cells[PILOT, road]
        pilots[pilots == pilot] = NOBODY

    def renumber(self, kept: Rows) -> None:
        """Give the pilots in `kept` their place there as number; forget all others."""
        pilots = self._cells[PILOT].astype(np.intp)
        names = np.full(max(pilots.max(), kept.max(initial=NOBODY)) + 2, NOBODY)
        names[kept] = np.arange(len(kept))  # and the last, NOBODY's, stays NOBODY
        self._cells[PILOT] = names[pilots]

    # -- motion --------------------------------------------------------------------------------

    def move(self, roads: Rows, phases: Rows, accelerations: Floats) -> Moves:
        """Move the vehicles of some roads by one step.

        Args:
            roads: r of them.
            phases: what each one's light shows, shape (r,).
            accelerations: what each pilot wants, m/s², indexed by pilot. SUMO keeps it within the
                vehicle's own bounds, the speed limit and what is safe.
        """
        scene, pilots = self._scene(roads, phases)
        told = scene.present & (pilots != NOBODY)
        who = pilots[told].astype(np.intp)
        safe = safe_speeds(scene)
        speeds = np.where(safe < LEAST_SPEED, 0.0, safe)
        if len(who):
            wanted = scene.v[told] + STEP * accelerations[who]
            speeds[told] = advised_speeds(scene, told, wanted, safe)
        x = self._halted(scene, speeds)
        self._cells[POSITION, roads, : x.shape[1]] = x
        self._cells[SPEED, roads, : x.shape[1]] = speeds
        return Moves(who, scene.v[told], speeds[told])

    def _scene(self, roads: Rows, phases: Rows) -> tuple[Scene, Floats]:
        x, v, accel, decel, headway, min_gap, pilots = self.cells(roads)
        limits, lines = self.limits[roads, None], self.lines[roads, None]
        drivers = accel, decel, headway, min_gap
        present = self.present(roads)
        return Scene(x, v, *drivers, present, limits, lines, phases[:, None]), pilots

    def _halted(self, scene: Scene, speeds: Floats) -> Floats:
        """Return the next x; who would pass a red light is stopped on the line, in place."""
        x = scene.x + STEP * speeds
        caught = (scene.phases == RED) & (scene.x <= scene.lines) & (x > scene.lines)
        speeds[caught] = 0.0
        return np.where(caught, scene.lines, x)
