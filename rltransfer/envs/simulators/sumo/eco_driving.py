"""Eco-driving in SUMO: the roads, demand, eyes and pay of `simulators/lane`.

Context and seed decide the same trip here and there, as long as the agent drives alike. Here only
one agent drives on a road.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.lane import FEATURES
from rltransfer.envs.simulators.lane.clock import STEP
from rltransfer.envs.simulators.lane.demand import VEHICLE_LENGTH, Arrival, Demand
from rltransfer.envs.simulators.lane.emissions import carbon_dioxide
from rltransfer.envs.simulators.lane.options import DemandOptions
from rltransfer.envs.simulators.lane.picture import AGENT, HUMAN, Car, draw_road
from rltransfer.envs.simulators.lane.roads import BEYOND_LINE
from rltransfer.envs.simulators.lane.sight import ACTIONS, OBSERVATIONS, Sight, rewards
from rltransfer.envs.simulators.lane.signals import Signals
from rltransfer.envs.simulators.sumo.single_lane import SumoRoad
from rltransfer.envs.simulators.sumo.world import Outcome, Spaces, World, WorldOptions

__all__ = ["EcoDriving", "EcoDrivingOptions"]

ROAD = np.arange(1)
LONGEST_TRIP = 1500  # steps


class EcoDrivingOptions(WorldOptions, DemandOptions):
    """Those of a demand and those of a world."""


class EcoDriving(World):
    """One automated vehicle's trip over an approach with a light."""

    FEATURES: ClassVar[tuple[str, ...]] = FEATURES
    Options: ClassVar[type[WorldOptions]] = EcoDrivingOptions

    options: EcoDrivingOptions

    def __init__(self, options: Mapping[str, Any], folder: Path) -> None:
        super().__init__(options, folder)
        self._road, self._signals = SumoRoad(), Signals(1)
        self._emitted = {"co2": 0.0, "co2_hbefa4": 0.0}

    @classmethod
    def spaces(cls, options: Mapping[str, Any], folder: Path) -> Spaces:
        """Return the spaces of `simulators/lane`."""
        return Spaces(OBSERVATIONS, ACTIONS)

    # -- episodes ------------------------------------------------------------------------------

    def reset(self, context: Mapping[str, float], seed: int) -> NDArray[np.float32]:
        """Wait for the first automated vehicle that enters after a random time."""
        opening, number = self.options.opening(seed), 0
        self._context, self._agent = context, ""
        self._emitted = dict.fromkeys(self._emitted, 0.0)
        self._signals.program(0, context["green"], context["red"])
        self._road.empty(context, self._arrivals(seed, number))
        while not self._agent:
            self._road.skip_emptiness(until=self.options.duration)
            if self._road.now >= self.options.duration:
                opening, number = self.options.warm_up, number + 1
                self._road.empty(context, self._arrivals(seed, number))
            self._wait(opening)
        return self._seen()

    def _arrivals(self, seed: int, number: int) -> list[Arrival]:
        """Draw all that come while an agent may drive."""
        until = STEP * (self.options.duration + LONGEST_TRIP)
        demand = Demand(self._context, seed, number)
        return list(takewhile(lambda arrival: arrival.time <= until, demand))

    def _wait(self, opening: int) -> None:
        """Pass a step; take the vehicle that enters in it if it can be the agent's."""
        is_open = opening <= self._road.now < self.options.duration
        _, entrant = self._road.step()
        self._road.clear_end()
        if is_open and entrant is not None and entrant.automated:
            self._agent = self._road.vehicles[-1]

    def step(self, action: Any) -> Outcome:
        """Drive for half a second with the acceleration `action`, m/s², shape (1,)."""
        before = self._road.speed(self._agent)
        wanted = before + STEP * float(action[0])
        limit = self._context["speed_limit"]
        self._road.sumo.vehicle.setSpeed(self._agent, min(max(wanted, 0.0), limit))
        at_end, _ = self._road.step()
        after = self._road.speed(self._agent)
        reward = rewards(np.array([before]), np.array([after]))[0]
        self._emit(before, after)
        self._road.clear_end()
        arrived = self._agent in at_end
        seen = np.zeros(OBSERVATIONS.shape, dtype=np.float32) if arrived else self._seen()
        return Outcome(seen, float(reward), arrived, False)

    def _emit(self, before: float, after: float) -> None:
        """Count the agent's CO2 by two models."""
        hbefa4 = self._road.sumo.vehicle.getCO2Emission(self._agent)  # mg/s
        ours = carbon_dioxide(np.array([after]), np.array([after - before]) / STEP, STEP)[0]
        self._emitted["co2"] += float(ours)
        self._emitted["co2_hbefa4"] += hbefa4 / 1000 * STEP

    def info(self) -> dict[str, float]:
        """Return the CO2 of the trip so far, g: by VT-CPFM, and by SUMO's HBEFA4."""
        return dict(self._emitted)

    # -- what is seen --------------------------------------------------------------------------

    def _seen(self) -> NDArray[np.float32]:
        now, road = np.array([self._road.now]), self._road
        place = road.vehicles.index(self._agent)
        x = road.position(self._agent)
        leader = self._neighbour(place - 1, x) if place else (0.0, np.inf)
        follower = self._neighbour(place + 1, x)
        sight = Sight(
            np.array([road.speed(self._agent)]),
            np.array([self._context["approach_length"] - x]),
            self._signals.phases(ROAD, now),
            self._signals.switches(ROAD, now),
            *map(np.atleast_1d, (*leader, *follower)),
        )
        return np.asarray(sight.numbers()[0])

    def _neighbour(self, place: int, x: float) -> tuple[float, float]:
        """Return speed, m/s, and gap, m, of the vehicle at a place of the queue."""
        if place >= len(self._road.vehicles):
            return 0.0, np.inf
        name = self._road.vehicles[place]
        return self._road.speed(name), abs(self._road.position(name) - x) - VEHICLE_LENGTH

    def frame(self) -> NDArray[np.uint8]:
        """Draw the road: the agent's vehicle orange, the others grey."""
        road, line = self._road, self._context["approach_length"]
        phase = int(self._signals.phases(ROAD, np.array([road.now]))[0])
        cars = [
            Car(road.position(name), AGENT if name == self._agent else HUMAN)
            for name in road.vehicles
        ]
        return draw_road(line + BEYOND_LINE, line, phase, cars)
