"""Acrobot's step; notation as in `acrobot.py` beside.

Notation
    y    a state (q1, q2, p1, p2)
    k    the derivatives of the four with respect to time
    c    the coefficients of one member: those of `Motion`, then dt and the exponent 2
"""

from __future__ import annotations

from math import cos, pi, pow, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.classic.kernels.strict import clip, compiled

__all__ = ["step"]

Four = tuple[float, float, float, float]
SPEED_1, SPEED_2 = 4 * pi, 9 * pi  # rad/s, the highest


@compiled
def step(
    state: NDArray[np.float64],
    coefficients: NDArray[np.float64],
    actions: NDArray[Any],
    observations: NDArray[np.float32],
    rewards: NDArray[np.float64],
    terminated: NDArray[np.bool_],
) -> None:
    """Advance all members; see `Kernel`."""
    for row in range(state.shape[1]):
        q1, q2, p1, p2 = runge_kutta(state[:, row], coefficients[:, row], actions[row] - 1.0)
        q1, q2 = wrapped(q1), wrapped(q2)
        p1, p2 = clip(p1, -SPEED_1, SPEED_1), clip(p2, -SPEED_2, SPEED_2)
        for i, value in enumerate((q1, q2, p1, p2)):
            state[i, row] = value
        for i, value in enumerate((cos(q1), sin(q1), cos(q2), sin(q2), p1, p2)):
            observations[row, i] = value
        terminated[row] = -cos(q1) - cos(q2 + q1) > 1.0
        rewards[row] = 0.0 if terminated[row] else -1.0


@compiled
def runge_kutta(start: NDArray[np.float64], c: NDArray[np.float64], torque: float) -> Four:
    """Return the state one step later (fourth order, constant torque)."""
    y, dt = (start[0], start[1], start[2], start[3]), c[9]
    k1 = derivatives(y, c, torque)
    k2 = derivatives(moved(y, dt / 2.0, k1), c, torque)
    k3 = derivatives(moved(y, dt / 2.0, k2), c, torque)
    k4 = derivatives(moved(y, dt, k3), c, torque)
    return moved(y, dt / 6.0, total(k1, k2, k3, k4))


@compiled
def moved(y: Four, h: float, k: Four) -> Four:
    """Return y + h k."""
    return y[0] + h * k[0], y[1] + h * k[1], y[2] + h * k[2], y[3] + h * k[3]


@compiled
def total(k1: Four, k2: Four, k3: Four, k4: Four) -> Four:
    """Return k1 + 2 k2 + 2 k3 + k4."""
    return (
        k1[0] + 2 * k2[0] + 2 * k3[0] + k4[0],
        k1[1] + 2 * k2[1] + 2 * k3[1] + k4[1],
        k1[2] + 2 * k2[2] + 2 * k3[2] + k4[2],
        k1[3] + 2 * k2[3] + 2 * k3[3] + k4[3],
    )


@compiled
def derivatives(y: Four, c: NDArray[np.float64], torque: float) -> Four:
    """Return k at y; the equations of `Motion.accelerations`."""
    q1, q2, p1, p2 = y
    inertia_1, m2, lengths, c2_squared, l1_c2, m2_l1_c2, weight_1, weight_2, J, _, two = c
    cosine, sine = cos(q2), sin(q2)
    d1 = inertia_1 + m2 * (lengths + 2 * l1_c2 * cosine) + J + J
    d2 = m2 * (c2_squared + l1_c2 * cosine) + J
    phi2 = weight_2 * cos(q1 + q2 - pi / 2)
    phi1 = (
        -m2_l1_c2 * pow(p2, two) * sine
        - 2 * m2_l1_c2 * p2 * p1 * sine
        + weight_1 * cos(q1 - pi / 2)
        + phi2
    )
    a2 = (torque + d2 / d1 * phi1 - m2_l1_c2 * pow(p1, two) * sine - phi2) / (
        m2 * c2_squared + J - pow(d2, two) / d1
    )
    return p1, p2, -(d2 * a2 + phi1) / d1, a2


@compiled
def wrapped(angle: float) -> float:
    """Return the angle in [-pi, pi], by adding or subtracting whole turns."""
    while angle > pi:
        angle -= 2 * pi
    while angle < -pi:
        angle += 2 * pi
    return angle
