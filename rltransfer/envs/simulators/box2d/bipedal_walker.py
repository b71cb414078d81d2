"""Bipedal Walker: a hull on two legs, with a knee each, walks over uneven ground.

Notation
    s     px per metre (`scale`); every length of body and ground is px / s
    s_0   the s of Gymnasium's walker
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar

import gymnasium as gym

from rltransfer.envs.simulators.box2d.machine import Machine
from rltransfer.envs.simulators.box2d.source import ModuleSource

__all__ = ["BipedalWalker"]

USUAL_SCALE = 30.0  # s_0, px/m

CONSTANTS = {
    "friction": "FRICTION",
    "scale": "SCALE",
    "motors_torque": "MOTORS_TORQUE",
    "speed_hip": "SPEED_HIP",
    "speed_knee": "SPEED_KNEE",
    "leg_w": "LEG_W",
    "leg_h": "LEG_H",
    "lidar_range": "LIDAR_RANGE",
}
FACTORS = {
    "ROUGHNESS": "self.np_random.uniform(-1, 1) / SCALE",  # what the ground's slope gains in a step
    "PROGRESS": "130 * pos[0] / SCALE",  # what a position pays
}


class BipedalWalker(Machine):
    """Gymnasium's walker with another planet, ground, body or motors."""

    SOURCE: ClassVar = ModuleSource(
        "gymnasium.envs.box2d.bipedal_walker", tuple(CONSTANTS.values()), FACTORS
    )
    CONSTANTS: ClassVar = {**CONSTANTS, "roughness": "ROUGHNESS"}
    ATTRIBUTES: ClassVar = ("gravity",)

    def numbers(self, context: Mapping[str, float]) -> dict[str, float]:
        """Return the numbers that a context says, and what a metre then pays.

        Gymnasium pays 130 / s a metre "to get 300 on completion", but the way is 2520 px: this
        holds for s_0 only, and a giant at s = 1 would earn 900 times as much. With the factor
        (s / s_0)² every px pays the same at any scale.
        """
        size = context.get("scale", USUAL_SCALE) / USUAL_SCALE
        return {**super().numbers(context), "PROGRESS": size**2}

    def instance(
        self, module: ModuleType, context: Mapping[str, float], render_mode: str | None
    ) -> gym.Env[Any, Any]:
        """Return a walker."""
        env: Any = module.BipedalWalker(render_mode)
        env.world.gravity = (0.0, -context.get("gravity", -env.world.gravity[1]))
        assert isinstance(env, gym.Env)
        return env

    def clear(self, env: Any) -> None:
        """Give the next episode a new world.

        Gymnasium keeps the world, whose solver remembers in which order bodies came and went: the
        same seed would give another episode than in a new environment.
        """
        env._destroy()
        env.world = type(env.world)(gravity=env.world.gravity)
