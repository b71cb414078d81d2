"""Mountain Car with a continuous motor: one, and many at once.

Gymnasium keeps the state in float32, except for the initial one, which is float64 until the first
step has been computed from it. Every operation here has the precision that it has there.

Notation
    x, v    position and velocity; a time step has no length
    fresh   1 in an initial state, 0 afterwards
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from gymnasium.envs.classic_control.continuous_mountain_car import Continuous_MountainCarEnv
from numpy.typing import NDArray

from rltransfer.envs.simulators.classic.arrays import ClassicBatch, Floats
from rltransfer.envs.simulators.classic.mountain_car import MAX_SPEED, START, X_HIGH, X_LOW
from rltransfer.envs.simulators.classic.physics import ContextualPhysics

__all__ = ["ContextualMountainCarContinuous", "MountainCarContinuousBatch"]

GOAL_REWARD = 100.0
X_LOW_32, X_HIGH_32, MAX_SPEED_32 = (float(np.float32(v)) for v in (X_LOW, X_HIGH, MAX_SPEED))


class ContextualMountainCarContinuous(ContextualPhysics, Continuous_MountainCarEnv):
    """Gymnasium's continuous Mountain Car, whose gravity is an attribute like the others."""

    ATTRIBUTES: ClassVar = {
        "power": "power",
        "gravity": "gravity",
        "goal_position": "goal_position",
    }
    gravity = 0.0025

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Step as Gymnasium does, with this instance's gravity."""
        x, v = self.state
        force = min(max(action[0], self.min_action), self.max_action)
        v += force * self.power - self.gravity * math.cos(3 * x)
        v = min(max(v, -self.max_speed), self.max_speed)
        x = min(max(x + v, self.min_position), self.max_position)
        if x == self.min_position and v < 0:
            v = 0
        terminated = bool(x >= self.goal_position and v >= self.goal_velocity)
        reward = (GOAL_REWARD if terminated else 0.0) - math.pow(action[0], 2) * 0.1
        self.state = np.array([x, v], dtype=np.float32)
        if self.render_mode == "human":
            self.render()  # type: ignore[no-untyped-call]
        return self.state.copy(), reward, terminated, False, {}


class MountainCarContinuousBatch(ClassicBatch):
    """n cars; state x, v, fresh."""

    scalar = ContextualMountainCarContinuous
    state_size = 3
    kernel = "mountain_car_continuous"

    def _derive(self) -> Sequence[Floats]:
        f = self._features
        return float32(f["power"]), f["gravity"], float32(f["goal_position"])

    def initial_states(self, rng: np.random.Generator, episodes: int) -> Floats:
        """Draw states of shape (episodes, 3)."""
        positions = rng.uniform(*START, size=episodes)
        return np.stack([positions, np.zeros(episodes), np.ones(episodes)], axis=1)

    def _advance(self, actions: NDArray[Any]) -> tuple[Floats, NDArray[np.bool_]]:
        x, v, fresh = self._state
        power, gravity, goal = self._coefficients
        pull = gravity * np.cos(float32_unless(fresh, 3 * x))
        throttle = np.clip(actions[:, 0], -1.0, 1.0, dtype=np.float32)
        v += power.astype(np.float32) * throttle - pull.astype(np.float32)
        v[:] = float32_unless(fresh, v)
        np.clip(v, -MAX_SPEED_32, MAX_SPEED_32, out=v)
        x += v
        x[:], v[:] = float32(x), float32(v)
        np.clip(x, X_LOW_32, X_HIGH_32, out=x)
        v[(x == X_LOW_32) & (v < 0)] = 0.0
        fresh[:] = 0.0
        arrived = (x >= goal) & (v >= 0)
        return np.where(arrived, GOAL_REWARD, 0.0) - fuel(actions), arrived

    def _observations(self, state: Floats) -> NDArray[np.float32]:
        return state[:2].T.astype(np.float32, order="C")


def fuel(actions: NDArray[Any]) -> Floats:
    """Return what the actions, shape (n, 1), cost; the square of a float32 is exact in float64."""
    return np.asarray(np.square(actions[:, 0], dtype=np.float64) * 0.1)


def float32_unless(fresh: Floats, values: Floats) -> Floats:
    """Round to float32, except where the state that the values come from is an initial one."""
    return np.where(fresh, values, float32(values))


def float32(values: Floats) -> Floats:
    """Round to float32."""
    return values.astype(np.float32).astype(np.float64)
