"""Roads with a light and a demand of their own, each with its own clock.

A road is straight and single-lane. It begins a context's `approach_length` before the stop line and
ends 264.4 m after it: a crossing of 28.8 m and an exit of 235.6 m. Vehicles enter at 5 m/s as soon
as there is room, and wait outside the road for it. There is no signal upstream: arrivals are not
bunched into platoons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.lane.clock import steps_of
from rltransfer.envs.simulators.lane.demand import Arrival
from rltransfer.envs.simulators.lane.signals import Signals
from rltransfer.envs.simulators.lane.traffic import NOBODY, Moves, Traffic

__all__ = ["BEYOND_LINE", "Roads"]

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

BEYOND_LINE = 264.4  # m


class Roads:
    """Some roads, each of which may be in a context, and at a time, of its own.

    Attributes:
        traffic: the vehicles.
        now: steps since each road was empty.
    """

    def __init__(self, count: int) -> None:
        self.traffic = Traffic(count)
        self.now = np.zeros(count, dtype=np.int64)
        self.signals = Signals(count)
        self._demands: list[Iterator[Arrival] | None] = [None] * count
        self._next: list[Arrival | None] = [None] * count
        self._due = np.zeros(count, dtype=np.int64)  # the step of the next arrival

    def empty(self, road: int, context: Mapping[str, float], demand: Iterator[Arrival]) -> None:
        """Empty a road and begin a demand there, in this context."""
        self.traffic.clear(road)
        self.traffic.limits[road] = context["speed_limit"]
        self.traffic.lines[road] = context["approach_length"]
        self.traffic.ends[road] = context["approach_length"] + BEYOND_LINE
        self.signals.program(road, context["green"], context["red"])
        self.now[road] = 0
        self._demands[road] = demand
        self._draw(road)

    def _draw(self, road: int) -> None:
        demand = self._demands[road]
        assert demand is not None, "empty the road first"
        self._next[road] = arrival = next(demand)
        self._due[road] = steps_of(arrival.time)

    def skip_emptiness(self, roads: Rows, until: int) -> None:
        """Let the time of roads without any vehicle pass until one comes, or that step is there."""
        idle = roads[self.traffic.counts[roads] == 0]
        self.now[idle] = np.maximum(self.now[idle], np.minimum(self._due[idle], until))

    def step(self, roads: Rows, accelerations: Floats) -> tuple[Moves, Rows]:
        """Move some roads' vehicles; return what pilots did, and which of them left the road."""
        phases = self.signals.phases(roads, self.now[roads])
        moves = self.traffic.move(roads, phases, accelerations)
        return moves, self.traffic.leave(roads)

    def admissible(self, roads: Rows) -> list[int]:
        """Return the roads that a vehicle enters in this step."""
        due = roads[self._due[roads] <= self.now[roads]].tolist()
        return [road for road in due if self.traffic.has_room(road, self.arrival(road).driver)]

    def arrival(self, road: int) -> Arrival:
        """Return who enters next."""
        arrival = self._next[road]
        assert arrival is not None, "empty the road first"
        return arrival

    def admit(self, road: int, pilot: int = NOBODY) -> None:
        """Let the next vehicle enter."""
        self.traffic.enter(road, self.arrival(road).driver, pilot)
        self._draw(road)

    def tick(self, roads: Rows) -> None:
        """End the step."""
        self.now[roads] += 1
