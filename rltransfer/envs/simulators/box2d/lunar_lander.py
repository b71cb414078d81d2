"""Lunar Lander: a rocket on two legs comes down between the flags.

A force F (N) acts on about 5 kg. Lengths are px, of which 30 make a metre.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar

import gymnasium as gym

from rltransfer.envs.simulators.box2d.machine import Machine
from rltransfer.envs.simulators.box2d.source import ModuleSource

__all__ = ["LunarLander"]

CONSTANTS = {
    "main_engine_power": "MAIN_ENGINE_POWER",
    "side_engine_power": "SIDE_ENGINE_POWER",
    "initial_random": "INITIAL_RANDOM",
    "leg_away": "LEG_AWAY",
    "leg_down": "LEG_DOWN",
    "leg_w": "LEG_W",
    "leg_h": "LEG_H",
    "leg_spring_torque": "LEG_SPRING_TORQUE",
}


@dataclass(frozen=True, slots=True)
class LunarLander(Machine):
    """Gymnasium's lander with another planet, weather, engines or legs.

    Attributes:
        continuous: whether the engines have a throttle; without, an action is one of four.
    """

    continuous: bool

    SOURCE: ClassVar = ModuleSource("gymnasium.envs.box2d.lunar_lander", tuple(CONSTANTS.values()))
    CONSTANTS: ClassVar = CONSTANTS
    ATTRIBUTES: ClassVar = ("gravity", "wind_power", "turbulence_power")

    def instance(
        self, module: ModuleType, context: Mapping[str, float], render_mode: str | None
    ) -> gym.Env[Any, Any]:
        """Return a lander; the constructor refuses more gravity than 12, its attribute does not.

        Without wind and turbulence there is no weather at all, as in Gymnasium's default: with
        it, a reset draws two numbers more.
        """
        env: Any = module.LunarLander(render_mode, self.continuous)
        env.gravity = -context.get("gravity", -env.gravity)
        env.wind_power = context.get("wind_power", 0.0)
        env.turbulence_power = context.get("turbulence_power", 0.0)
        env.enable_wind = env.wind_power > 0 or env.turbulence_power > 0
        assert isinstance(env, gym.Env)
        return env

    def clear(self, env: gym.Env[Any, Any]) -> None:
        """Do nothing: Gymnasium gives every episode of the lander a new world."""
