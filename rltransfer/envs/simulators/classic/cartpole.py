"""CartPole (Barto, Sutton & Anderson 1983; Florian 2007): one, and many at once.

Notation
    x, v          position and velocity of the cart
    theta, omega  angle and angular velocity of the pole, 0 upright
    m, M          mass of the pole, and of pole and cart together
    l             half the pole's length
    ml            m times l
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from gymnasium.envs.classic_control.cartpole import CartPoleEnv
from numpy.typing import NDArray

from rltransfer.envs.simulators.classic.arrays import ClassicBatch, Floats
from rltransfer.envs.simulators.classic.physics import ContextualPhysics

__all__ = ["CartPoleBatch", "ContextualCartPole"]

START = 0.05  # every number of an initial state is drawn from [-START, START]
X_LIMIT = 2.4  # m, where the track ends
THETA_LIMIT = 12 * 2 * math.pi / 360  # rad, where the pole counts as fallen


class ContextualCartPole(ContextualPhysics, CartPoleEnv):
    """Gymnasium's CartPole whose masses and length really enter the dynamics."""

    ATTRIBUTES: ClassVar = {
        "gravity": "gravity",
        "masscart": "masscart",
        "masspole": "masspole",
        "length": "length",
        "force_mag": "force_mag",
        "tau": "tau",
    }

    def derive(self) -> None:
        """Rebuild the two products that Gymnasium computes in its constructor."""
        self.total_mass = self.masspole + self.masscart
        self.polemass_length = self.masspole * self.length


class CartPoleBatch(ClassicBatch):
    """n CartPoles; state x, v, theta, omega."""

    scalar = ContextualCartPole
    state_size = 4
    kernel = "cartpole"

    def _derive(self) -> Sequence[Floats]:
        f = self._features
        total_mass, polemass_length = f["masspole"] + f["masscart"], f["masspole"] * f["length"]
        named = [f[name] for name in ("gravity", "masspole", "length", "force_mag", "tau")]
        return [*named, total_mass, polemass_length]

    def initial_states(self, rng: np.random.Generator, episodes: int) -> Floats:
        """Draw states of shape (episodes, 4)."""
        return rng.uniform(-START, START, size=(episodes, 4))

    def _advance(self, actions: NDArray[Any]) -> tuple[Floats, NDArray[np.bool_]]:
        x, v, theta, omega = self._state
        gravity, m, l, push, tau, M, ml = self._coefficients  # noqa: E741
        cosine, sine = np.cos(theta), np.sin(theta)
        force = np.where(actions == 1, push, -push)
        pull = (force + ml * np.square(omega) * sine) / M
        turning = (gravity * sine - cosine * pull) / (l * (4.0 / 3.0 - m * np.square(cosine) / M))
        x += tau * v
        v += tau * (pull - ml * turning * cosine / M)
        theta += tau * omega
        omega += tau * turning
        fallen = (np.abs(x) > X_LIMIT) | (np.abs(theta) > THETA_LIMIT)
        return np.ones(len(self)), fallen

    def _observations(self, state: Floats) -> NDArray[np.float32]:
        return state.T.astype(np.float32, order="C")
