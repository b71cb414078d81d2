"""MBTL's on-ramp: some vehicles of a highway are advised, so that a ramp can merge into it.

The advised vehicles share one policy, and each sees its own surroundings. They decide in turn, the
foremost first, while time stands still. When the last one has decided, all follow their advice for
the seconds of a `hold`, and that decision is paid: 1 for every vehicle that leaves the road, -50
for every collision, whose vehicles disappear. Holds that begin with nobody to advise pass at once;
what they pay belongs to the decision before.

Source: Cho et al. 2024 (MBTL), advisory autonomy, after its released code. There all advised
vehicles are agents of their own, each paid the same; here one agent speaks for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from rltransfer.envs.simulators.sumo.drawing import Window, draw
from rltransfer.envs.simulators.sumo.ramp_road import FASTEST, FURTHEST, STEP, RampRoad
from rltransfer.envs.simulators.sumo.world import Outcome, Spaces, World, WorldOptions

__all__ = ["OnRamp", "OnRampOptions"]

COLLISION_COST = 50.0
OBSERVATIONS = gym.spaces.Box(-1.0, 1.0, (8,), dtype=np.float32)
UNITS = np.array(4 * [FURTHEST, FASTEST])  # what is seen as 1
MERGE = Window(450.0, -25.0, 90.0)


class Guidance(Protocol):
    """A kind of advice."""

    @property
    def space(self) -> gym.spaces.Box | gym.spaces.Discrete:
        """What can be advised."""

    def speed(self, advice: Any, now: float) -> float:
        """Return the speed to tell a vehicle that drives with `now`, m/s both."""


class Acceleration:
    """From -1, braking with 1.5 m/s², to 1, accelerating with 1 m/s²."""

    space = gym.spaces.Box(-1.0, 1.0, (1,), dtype=np.float32)

    def speed(self, advice: NDArray[np.floating[Any]], now: float) -> float:
        """Return the speed after a step."""
        level = float(advice[0])
        return max(0.0, now + STEP * (level if level > 0 else 1.5 * level))


class Speed:
    """One of ten speeds from 0 to 30 m/s."""

    space = gym.spaces.Discrete(10)

    def speed(self, advice: int, now: float) -> float:
        """Return the speed itself."""
        return FASTEST * int(advice) / 9


GUIDANCE: dict[str, Guidance] = {"acceleration": Acceleration(), "speed": Speed()}


class OnRampOptions(WorldOptions):
    """Options of `OnRamp-v0`.

    Attributes:
        network: the network file in the family's folder.
        guidance: what is advised, "acceleration" or "speed".
        warm_up: seconds without advice.
        guided: seconds with advice, after which the episode is truncated.
    """

    network: str
    guidance: Literal["acceleration", "speed"] = "acceleration"
    warm_up: float = Field(default=100.0, gt=0)
    guided: float = Field(default=400.0, gt=0)


class OnRamp(World):
    """Advises the vehicles of a highway before a ramp, one after the other."""

    FEATURES: ClassVar[tuple[str, ...]] = ("hold", "inflow", "ramp_inflow", "penetration")
    Options: ClassVar[type[WorldOptions]] = OnRampOptions

    options: OnRampOptions

    def __init__(self, options: Mapping[str, Any], folder: Path) -> None:
        super().__init__(options, folder)
        self._road = RampRoad(self.folder / self.options.network)
        self._guidance = GUIDANCE[self.options.guidance]

    @classmethod
    def spaces(cls, options: Mapping[str, Any], folder: Path) -> Spaces:
        """Return what one vehicle sees, and what it can be told."""
        guidance = OnRampOptions.model_validate(dict(options)).guidance
        return Spaces(OBSERVATIONS, GUIDANCE[guidance].space)

    def reset(self, context: Mapping[str, float], seed: int) -> NDArray[np.float32]:
        """Wait, after the warm-up, for the first vehicle to be advised."""
        self._steps = max(1, round(context["hold"] / STEP))
        self._end = np.inf
        self._road.begin(context, seed)
        self._road.pass_time(self.options.warm_up)
        self._advice: dict[str, Any] = {}
        while not (undecided := self._road.guided()):
            self._drive()
        self._end = self._road.time + self.options.guided
        self._undecided, self._seen = undecided, self._sight(undecided[0])
        return self._seen

    def step(self, action: Any) -> Outcome:
        """Advise one vehicle; after the last one, drive."""
        self._advice[self._undecided.pop(0)] = action
        paid = 0.0
        while not (self._undecided or self._is_over):
            paid += self._drive()
            self._advice, self._undecided = {}, self._road.guided()
        if self._undecided:
            self._seen = self._sight(self._undecided[0])
        return Outcome(self._seen, paid, False, self._is_over)

    @property
    def _is_over(self) -> bool:
        return self._road.time > self._end - STEP / 2

    def _drive(self) -> float:
        """Follow the advice for a hold; return what that pays."""
        paid = 0.0
        for _ in range(self._steps):
            if self._is_over:
                break
            for name in set(self._advice).intersection(self._road.names()):
                told = self._guidance.speed(self._advice[name], self._road.speed(name))
                self._road.tell(name, told)
            left, collisions = self._road.step()
            paid += left - COLLISION_COST * collisions
        return paid

    def _sight(self, name: str) -> NDArray[np.float32]:
        """Return what a vehicle sees, shape (8,): its own place, leader, follower and the ramp."""
        road = self._road
        own = road.distance(name), road.speed(name)
        seen = np.array([*own, *road.leader(name), *road.follower(name), *road.merging()])
        return np.asarray(2 * np.clip(seen / UNITS, 0, 1) - 1, dtype=np.float32)

    def info(self) -> dict[str, float]:
        """Return the mean speed of all vehicles, m/s, and how many can be advised."""
        names = self._road.names()
        speeds = [self._road.speed(name) for name in names]
        return {"mean_speed": float(np.mean(speeds or [0])), "guided": len(self._road.guided())}

    def frame(self) -> NDArray[np.uint8]:
        """Draw the merge."""
        return draw(self._road.sumo, MERGE)
