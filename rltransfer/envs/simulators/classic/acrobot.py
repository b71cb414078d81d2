"""Acrobot (Sutton 1996; Sutton & Barto 2018): one, and many at once.

Notation
    q1, q2      angles: of link 1, 0 hanging down; of link 2, relative to link 1
    p1, p2      their velocities
    m1, m2      masses of the links
    l1          length of link 1 (that of link 2 enters no equation)
    c1, c2      distances from each link's joint to its centre of mass
    J           moment of inertia of either link
    d1, d2      inertias seen by the two joints
    phi1, phi2  torques of gravity, and for joint 1 of the centrifugal forces too
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple

import numpy as np
from gymnasium.envs.classic_control.acrobot import AcrobotEnv
from numpy.typing import NDArray

from rltransfer.envs.simulators.classic.arrays import EXPONENT, ClassicBatch, Floats, square
from rltransfer.envs.simulators.classic.physics import ContextualPhysics

__all__ = ["AcrobotBatch", "ContextualAcrobot"]

START = 0.1  # every number of an initial state is drawn from [-START, START]
MOTION_FEATURES = (
    "gravity",
    "link_length_1",
    "link_mass_1",
    "link_mass_2",
    "link_com_1",
    "link_com_2",
    "link_moi",
)
MAX_SPEEDS = np.array([[4 * np.pi], [9 * np.pi]])  # rad/s


class ContextualAcrobot(ContextualPhysics, AcrobotEnv):
    """Gymnasium's Acrobot, whose gravity is an attribute like the others."""

    ATTRIBUTES: ClassVar = {
        "gravity": "gravity",
        "link_length_1": "LINK_LENGTH_1",
        "link_mass_1": "LINK_MASS_1",
        "link_mass_2": "LINK_MASS_2",
        "link_com_1": "LINK_COM_POS_1",
        "link_com_2": "LINK_COM_POS_2",
        "link_moi": "LINK_MOI",
        "dt": "dt",
    }
    gravity = 9.8

    def derive(self) -> None:
        """Compute the coefficients of the equations of motion."""
        self._motion = Motion.of(*motion_attributes(self))

    def _dsdt(self, s_augmented: Floats) -> tuple[Any, ...]:
        """Return the time derivatives of q1, q2, p1, p2 and the torque."""
        q1, q2, p1, p2, torque = s_augmented
        return p1, p2, *self._motion.accelerations(q1, q2, p1, p2, torque), 0.0


motion_attributes = attrgetter(*(ContextualAcrobot.ATTRIBUTES[name] for name in MOTION_FEATURES))


class Motion(NamedTuple):
    """The equations of motion: their coefficients, a number or an array of shape (n,) each."""

    inertia_1: Any  # m1 c1^2
    m2: Any
    lengths: Any  # l1^2 + c2^2
    c2_squared: Any
    l1_c2: Any
    m2_l1_c2: Any
    weight_1: Any  # (m1 c1 + m2 l1) g
    weight_2: Any  # m2 c2 g
    J: Any

    @classmethod
    def of(cls, g: Any, l1: Any, m1: Any, m2: Any, c1: Any, c2: Any, J: Any) -> Motion:
        """Compute the coefficients, each in the order of operations of Gymnasium's formula."""
        return cls(
            inertia_1=m1 * square(c1),
            m2=m2,
            lengths=square(l1) + square(c2),
            c2_squared=square(c2),
            l1_c2=l1 * c2,
            m2_l1_c2=m2 * l1 * c2,
            weight_1=(m1 * c1 + m2 * l1) * g,
            weight_2=m2 * c2 * g,
            J=J,
        )

    def accelerations(self, q1: Any, q2: Any, p1: Any, p2: Any, torque: Any) -> tuple[Any, Any]:
        """Return dp1/dt and dp2/dt as in Sutton & Barto's book, a number or shape (n,) each."""
        cosine, sine = np.cos(q2), np.sin(q2)
        d1 = self.inertia_1 + self.m2 * (self.lengths + 2 * self.l1_c2 * cosine) + self.J + self.J
        d2 = self.m2 * (self.c2_squared + self.l1_c2 * cosine) + self.J
        phi2 = self.weight_2 * np.cos(q1 + q2 - np.pi / 2)
        phi1 = (
            -self.m2_l1_c2 * square(p2) * sine
            - 2 * self.m2_l1_c2 * p2 * p1 * sine
            + self.weight_1 * np.cos(q1 - np.pi / 2)
            + phi2
        )
        a2 = (torque + d2 / d1 * phi1 - self.m2_l1_c2 * square(p1) * sine - phi2) / (
            self.m2 * self.c2_squared + self.J - square(d2) / d1
        )
        return -(d2 * a2 + phi1) / d1, a2


class AcrobotBatch(ClassicBatch):
    """n acrobots; state q1, q2, p1, p2."""

    scalar = ContextualAcrobot
    state_size = 4
    kernel = "acrobot"

    def _derive(self) -> Sequence[Floats]:
        motion = Motion.of(*(self._features[name] for name in MOTION_FEATURES))
        return *motion, self._features["dt"], np.full(len(self), EXPONENT)

    def initial_states(self, rng: np.random.Generator, episodes: int) -> Floats:
        """Draw states of shape (episodes, 4); Gymnasium rounds them to float32."""
        states = rng.uniform(-START, START, size=(episodes, 4))
        return states.astype(np.float32).astype(np.float64)

    def _advance(self, actions: NDArray[Any]) -> tuple[Floats, NDArray[np.bool_]]:
        self._state = self._runge_kutta(actions - 1.0)
        angles, speeds = self._state[:2], self._state[2:]
        wrap(angles)
        np.clip(speeds, -MAX_SPEEDS, MAX_SPEEDS, out=speeds)
        high = -np.cos(angles[0]) - np.cos(angles[1] + angles[0]) > 1.0
        return np.where(high, 0.0, -1.0), high

    def _runge_kutta(self, torques: Floats) -> Floats:
        """Return the state, shape (4, n), one step later (fourth order, constant torque)."""
        *motion, dt, _ = self._coefficients
        accelerations = Motion._make(motion).accelerations

        def derivatives(y: Floats) -> Floats:
            q1, q2, p1, p2 = y
            return np.stack([p1, p2, *accelerations(q1, q2, p1, p2, torques)])

        y = self._state
        k1 = derivatives(y)
        k2 = derivatives(y + dt / 2.0 * k1)
        k3 = derivatives(y + dt / 2.0 * k2)
        k4 = derivatives(y + dt * k3)
        return np.asarray(y + dt / 6.0 * (k1 + 2 * k2 + 2 * k3 + k4))

    def _observations(self, state: Floats) -> NDArray[np.float32]:
        seen = np.empty((state.shape[1], 6), dtype=np.float32)
        for link in range(2):
            seen[:, 2 * link] = np.cos(state[link])
            seen[:, 2 * link + 1] = np.sin(state[link])
        seen[:, 4:] = state[2:].T
        return seen

    def _first_observations(self, state: Floats) -> NDArray[np.float32]:
        """Gymnasium takes sine and cosine of an initial state in float32."""
        return self._observations(state.astype(np.float32))


def wrap(angles: Floats) -> None:
    """Bring angles, any shape, into [-pi, pi] in place, by adding or subtracting whole turns."""
    for side in (1.0, -1.0):
        while (outside := side * angles > np.pi).any():
            angles[outside] -= side * 2 * np.pi
