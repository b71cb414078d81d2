"""Worlds without SUMO that misbehave on purpose; imported by their worker processes."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np

from rltransfer.envs.simulators.sumo import Outcome, Spaces, World, WorldOptions
from rltransfer.errors import InvalidExperiment


class DiceOptions(WorldOptions):
    mischief: str = "none"
    at: int = 3
    once: str = ""  # a file that says that it has happened


class Dice(World):
    """A walk that seed, context and actions decide; its observation also tells the process."""

    FEATURES: ClassVar[tuple[str, ...]] = ("step_size",)
    Options = DiceOptions

    options: DiceOptions

    @classmethod
    def spaces(cls, options: Mapping[str, Any], folder: Path) -> Spaces:
        return Spaces(gym.spaces.Box(-np.inf, np.inf, (2,), np.float32), gym.spaces.Discrete(3))

    def reset(self, context: Mapping[str, float], seed: int) -> Any:
        self.rng, self.count, self.place = np.random.default_rng(seed), 0, 0.0
        self.size = context["step_size"]
        return self._seen()

    def step(self, action: Any) -> Outcome:
        self.count += 1
        if self.count == self.options.at and self._is_first_time():
            MISCHIEF[self.options.mischief]()
        self.place += self.size * (int(action) - 1) + self.rng.normal()
        if self.count == self.options.at and self.options.mischief == "lie":
            return Outcome(self._seen()[:1], self.place, False, False)
        return Outcome(self._seen(), self.place, False, self.count >= 12)

    def info(self) -> dict[str, float]:
        return {"pid": float(os.getpid())}

    def _seen(self) -> Any:
        return np.array([self.place, self.count], dtype=np.float32)

    def _is_first_time(self) -> bool:
        if not self.options.once:
            return True
        mark = Path(self.options.once)
        done = mark.exists()
        mark.touch()
        return not done


def die() -> None:
    print("Error: the road is closed.", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise RuntimeError("vehicle 'nope' is not known")


def refuse() -> None:
    raise InvalidExperiment("dice need six sides; got 7.")


MISCHIEF = {
    "none": lambda: None,
    "die": die,
    "hang": lambda: time.sleep(60),
    "fail": fail,
    "refuse": refuse,
    "lie": lambda: None,  # about what is seen; see `step`
    "talk": lambda: print("hello from SUMO", flush=True),
}
