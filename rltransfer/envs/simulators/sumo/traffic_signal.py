"""MBTL's traffic signal: one junction; how much traffic, how long and how fast the arms are.

Cho et al. 2024 (MBTL), after its released code. What differs: the reward of the last decision
counts here, and SUMO's own random numbers follow the episode's seed, not only the demand.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from rltransfer.envs.simulators.sumo.junction import draw_cars, network_of, routes_of
from rltransfer.envs.simulators.sumo.plans import GreenThenDecide, Plan
from rltransfer.envs.simulators.sumo.rewards import (
    ApproachWaits,
    Reward,
    WaitingChange,
    WaitingGrowth,
)
from rltransfer.envs.simulators.sumo.signal import Signal, read_signal
from rltransfer.envs.simulators.sumo.signal_world import SignalOptions, SignalWorld
from rltransfer.envs.simulators.sumo.views import OccupiedCells, View

__all__ = ["Junction", "TrafficSignal", "TrafficSignalOptions"]


REWARDS = {"growth": WaitingGrowth, "change": WaitingChange}
"""By the option `reward`."""


class Junction(SignalWorld):
    """MBTL's junction and demand, whatever is seen of it."""

    FEATURES: ClassVar[tuple[str, ...]] = ("inflow", "lane_length", "speed_limit")

    def open(self, context: Mapping[str, float], seed: int) -> Signal:
        """Write network and cars of the episode and begin it."""
        length, speed = context["lane_length"], context["speed_limit"]
        network, routes = Path("junction.net.xml"), Path("cars.rou.xml")
        network.write_text(network_of(self.network, length, speed), encoding="utf-8")
        rng = np.random.default_rng(seed)
        cars = draw_cars(round(context["inflow"]), self.options.duration, rng)
        routes.write_text(routes_of(cars, speed), encoding="utf-8")
        files = ["--net-file", str(network), "--route-files", str(routes)]
        self.simulation.begin([*files, *self.arguments], seed)
        return read_signal(network)


class TrafficSignalOptions(SignalOptions):
    """Options of `TrafficSignal-v0`.

    Attributes:
        green_time: seconds of green per decision.
        reward: "growth" pays min(W_before - W_now, 0) / duration, whose sum is MBTL's score;
            "change" pays (W_before - W_now) / duration, what MBTL trains on, but for the divisor.
    """

    yellow_time: int = Field(default=4, gt=0)
    green_time: int = Field(default=10, gt=0)
    reward: Literal["growth", "change"] = "growth"


class TrafficSignal(Junction):
    """As MBTL has it: 80 bits, four greens of 10 s, paid by waiting."""

    Options = TrafficSignalOptions
    view: ClassVar[View] = OccupiedCells()

    options: TrafficSignalOptions

    def make_plan(self) -> Plan:
        """Return MBTL's: yellow if the phase changes, then green."""
        return GreenThenDecide(self.options.green_time, self.options.yellow_time)

    def make_reward(self) -> Reward:
        """Return the change of W, or its growth, per second of the episode."""
        return REWARDS[self.options.reward](ApproachWaits(), unit=self.options.duration)
