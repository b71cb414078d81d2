"""Pendulum swing-up: one, and many at once.

Notation
    theta, omega  angle and angular velocity, 0 upright
    u             torque, float32 like the action; so is every product with it
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from gymnasium.envs.classic_control.pendulum import PendulumEnv
from numpy.typing import NDArray

from rltransfer.envs.simulators.classic.arrays import (
    EXPONENT,
    ClassicBatch,
    Floats,
    square,
    square_float32,
)
from rltransfer.envs.simulators.classic.physics import ContextualPhysics

__all__ = ["ContextualPendulum", "PendulumBatch"]

START = np.array([np.pi, 1.0])  # an initial state is drawn from [-START, START]
MAX_SPEED = 8.0  # rad/s
MAX_TORQUE = 2.0  # N m


class ContextualPendulum(ContextualPhysics, PendulumEnv):
    """Gymnasium's Pendulum, its one-letter attributes under readable names."""

    ATTRIBUTES: ClassVar = {"gravity": "g", "mass": "m", "length": "l", "dt": "dt"}


class PendulumBatch(ClassicBatch):
    """n pendulums; state theta, omega."""

    scalar = ContextualPendulum
    state_size = 2
    kernel = "pendulum"

    def _derive(self) -> Sequence[Floats]:
        f = self._features
        pull = 3 * f["gravity"] / (2 * f["length"])
        thrust = 3.0 / (f["mass"] * square(f["length"]))
        return pull, thrust, f["dt"], np.full(len(self), EXPONENT)

    def initial_states(self, rng: np.random.Generator, episodes: int) -> Floats:
        """Draw states of shape (episodes, 2)."""
        return rng.uniform(-START, START, size=(episodes, 2))

    def _advance(self, actions: NDArray[Any]) -> tuple[Floats, NDArray[np.bool_]]:
        theta, omega = self._state
        pull, thrust, dt, _ = self._coefficients
        u = np.clip(actions[:, 0], -MAX_TORQUE, MAX_TORQUE, dtype=np.float32)
        costs = square((theta + np.pi) % (2 * np.pi) - np.pi)
        costs += 0.1 * square(omega)
        costs += np.float32(0.001) * square_float32(u)
        omega += (pull * np.sin(theta) + thrust.astype(np.float32) * u) * dt
        np.clip(omega, -MAX_SPEED, MAX_SPEED, out=omega)
        theta += omega * dt
        return -costs, np.zeros(len(self), dtype=np.bool_)

    def _observations(self, state: Floats) -> NDArray[np.float32]:
        seen = np.empty((state.shape[1], 3), dtype=np.float32)
        np.cos(state[0], out=seen[:, 0], casting="same_kind")
        np.sin(state[0], out=seen[:, 1], casting="same_kind")
        seen[:, 2] = state[1]
        return seen
