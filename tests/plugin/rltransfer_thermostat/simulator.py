"""A room with a heater, and the adapter that gives it contexts."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from rltransfer.contexts import Context
from rltransfer.envs.simulators import Simulator

WANTED, TOO_HOT = 20.0, 60.0  # degrees above the outside


class Thermostat(gym.Env[Any, Any]):
    """Degrees above the outside; off or on; the reward is minus the distance from 20."""

    metadata = {"render_modes": []}  # noqa: RUF012

    def __init__(self, context: Context) -> None:
        self.observation_space = gym.spaces.Box(0.0, 80.0, (1,), np.float32)
        self.action_space = gym.spaces.Discrete(2)
        self.context = context

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.warmth = self.np_random.uniform(0.0, 10.0)
        return self._seen(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.warmth += self.context["power"] * int(action) - self.context["leak"] * self.warmth
        reward = -abs(self.warmth - WANTED)
        return self._seen(), reward, self.warmth > TOO_HOT, False, {}

    def _seen(self) -> Any:
        return np.array([self.warmth], dtype=np.float32)


class ThermostatSimulator(Simulator):
    """Builds thermostats."""

    def build(self, spec: Any, context: Context, render_mode: str | None = None) -> Thermostat:
        return Thermostat(context)

    def apply(self, env: gym.Env[Any, Any], context: Context) -> None:
        env.unwrapped.context = context  # type: ignore[attr-defined]
