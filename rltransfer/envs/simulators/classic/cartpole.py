"""CartPole (Barto, Sutton & Anderson 1983; Florian 2007): one, and many at once.

Notation
    x, v          position and velocity of the cart
    theta, omega  angle and angular velocity of the pole, 0 upright
    m, M          mass of the pole, and of pole and cart together
    l             half the pole's length
"""

from __future__ import annotations

import math
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

    def _derive(self) -> None:
        self._total_mass = self._features["masspole"] + self._features["masscart"]
        self._polemass_length = self._features["masspole"] * self._features["length"]

    def initial_states(self, rng: np.random.Generator, episodes: int) -> Floats:
        """Draw states of shape (episodes, 4)."""
        return rng.uniform(-START, START, size=(episodes, 4))

    def _advance(self, actions: NDArray[Any]) -> tuple[Floats, NDArray[np.bool_]]:
        x, v, theta, omega = self._state
        tau = self._features["tau"]
        acceleration, turning = self._accelerations(actions, theta, omega)
        x += tau * v
        v += tau * acceleration
        theta += tau * omega
        omega += tau * turning
        fallen = np.abs(x) > X_LIMIT
        fallen |= np.abs(theta) > THETA_LIMIT
        return np.ones(len(self)), fallen

    def _accelerations(
        self, actions: NDArray[Any], theta: Floats, omega: Floats
    ) -> tuple[Floats, Floats]:
        """Return dv/dt and domega/dt, shape (n,) each."""
        f, M, ml = self._features, self._total_mass, self._polemass_length
        cosine, sine = np.cos(theta), np.sin(theta)
        force = np.where(actions == 1, f["force_mag"], -f["force_mag"])
        push = (force + ml * np.square(omega) * sine) / M
        turning = (f["gravity"] * sine - cosine * push) / (
            f["length"] * (4.0 / 3.0 - f["masspole"] * np.square(cosine) / M)
        )
        return push - ml * turning * cosine / M, turning

    def _observations(self, state: Floats) -> NDArray[np.float32]:
        return state.T.astype(np.float32, order="C")
