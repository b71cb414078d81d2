"""sumo-rl's view of a traffic light, on MBTL's junction.

Observation, rewards and plan are those of sumo-rl 1.4.5 with its defaults (Alegre 2019);
`benchmarks/performance` compares them step by step. What differs: the default reward, and
the demand, which follows the context, with every random number from the episode's seed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from rltransfer.envs.simulators.sumo.plans import MinimumGreen, Plan
from rltransfer.envs.simulators.sumo.rewards import LaneWaits, Queue, Reward, WaitingChange
from rltransfer.envs.simulators.sumo.signal_world import SignalOptions, SignalWorld
from rltransfer.envs.simulators.sumo.traffic_signal import Junction
from rltransfer.envs.simulators.sumo.views import LaneDensities, View

__all__ = ["SumoRLOptions", "SumoRLSignal", "TrafficSignalSumoRL"]

REWARDS: dict[str, Callable[[], Reward]] = {
    "queue": Queue,
    "diff-waiting-time": lambda: WaitingChange(LaneWaits(), unit=100.0),
}
"""By the option `reward`."""


class SumoRLOptions(SignalOptions):
    """Options of `TrafficSignalSumoRL-v0`, with sumo-rl's names and defaults.

    Attributes:
        delta_time: seconds between decisions.
        min_green: seconds of green before a decision for another phase is heard.
        reward: "queue" or "diff-waiting-time". The latter is sumo-rl's default, but adds up to
            nearly 0 in every episode (see `rewards.py`), so it cannot tell policies apart.
    """

    yellow_time: int = Field(default=2, gt=0)
    waiting_time_memory: int = Field(default=1000, gt=0)
    delta_time: int = Field(default=5, gt=0)
    min_green: int = Field(default=5, ge=0)
    reward: Literal["queue", "diff-waiting-time"] = "queue"

    @model_validator(mode="after")
    def _yellow_ends(self) -> Self:
        if self.yellow_time >= self.delta_time:
            raise ValueError(
                f"yellow_time must be below delta_time; got {self.yellow_time} and "
                f"{self.delta_time}"
            )
        return self


class SumoRLSignal(SignalWorld):
    """Decides, sees and is paid as in sumo-rl."""

    Options: ClassVar[type[SumoRLOptions]] = SumoRLOptions
    view: ClassVar[View] = LaneDensities()

    options: SumoRLOptions

    def make_plan(self) -> Plan:
        """Return sumo-rl's: frequent decisions, not all of them heard."""
        options = self.options
        return MinimumGreen(options.delta_time, options.yellow_time, options.min_green)

    def make_reward(self) -> Reward:
        """Return what sumo-rl calls by the same name."""
        return REWARDS[self.options.reward]()


class TrafficSignalSumoRL(SumoRLSignal, Junction):
    """sumo-rl's agent at MBTL's junction."""
