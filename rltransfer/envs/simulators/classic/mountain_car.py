"""Mountain Car (Moore 1990) with three actions: one, and many at once.

Notation
    x, v    position and velocity; a time step has no length
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from gymnasium.envs.classic_control.mountain_car import MountainCarEnv
from numpy.typing import NDArray

from rltransfer.envs.simulators.classic.arrays import ClassicBatch, Floats
from rltransfer.envs.simulators.classic.physics import ContextualPhysics

__all__ = ["ContextualMountainCar", "MountainCarBatch"]

START = (-0.6, -0.4)  # an initial position is drawn from here; the velocity is 0
X_LOW, X_HIGH = -1.2, 0.6
MAX_SPEED = 0.07


class ContextualMountainCar(ContextualPhysics, MountainCarEnv):
    """Gymnasium's Mountain Car with another motor, slope or goal."""

    ATTRIBUTES: ClassVar = {
        "force": "force",
        "gravity": "gravity",
        "goal_position": "goal_position",
    }


class MountainCarBatch(ClassicBatch):
    """n cars; state x, v."""

    scalar = ContextualMountainCar
    state_size = 2
    kernel = "mountain_car"

    def _derive(self) -> Sequence[Floats]:
        f = self._features
        return f["force"], -f["gravity"], f["goal_position"]

    def initial_states(self, rng: np.random.Generator, episodes: int) -> Floats:
        """Draw states of shape (episodes, 2)."""
        positions = rng.uniform(*START, size=episodes)
        return np.stack([positions, np.zeros(episodes)], axis=1)

    def _advance(self, actions: NDArray[Any]) -> tuple[Floats, NDArray[np.bool_]]:
        x, v = self._state
        force, slope, goal = self._coefficients
        v += (actions - 1) * force + np.cos(3 * x) * slope
        np.clip(v, -MAX_SPEED, MAX_SPEED, out=v)
        x += v
        np.clip(x, X_LOW, X_HIGH, out=x)
        v[(x == X_LOW) & (v < 0)] = 0.0
        return np.full(len(self), -1.0), (x >= goal) & (v >= 0)

    def _observations(self, state: Floats) -> NDArray[np.float32]:
        return state.T.astype(np.float32, order="C")
