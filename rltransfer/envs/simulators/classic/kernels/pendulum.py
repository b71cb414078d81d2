"""The pendulum's step; notation as in `pendulum.py` beside."""

from __future__ import annotations

from math import cos, pi, pow, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.classic.kernels.strict import clip, compiled
from rltransfer.envs.simulators.classic.pendulum import MAX_SPEED, MAX_TORQUE

__all__ = ["step"]

LIMIT = np.float32(MAX_TORQUE)
PRICE = np.float32(0.001)  # of a squared torque


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
        theta, omega = state[:, row]
        pull, thrust, dt, two = coefficients[:, row]
        u = clip(np.float32(actions[row, 0]), -LIMIT, LIMIT)
        effort = PRICE * np.float32(pow(u, np.float32(two)))
        costs = pow((theta + pi) % (2 * pi) - pi, two) + 0.1 * pow(omega, two)
        omega += (pull * sin(theta) + np.float32(thrust) * u) * dt
        omega = clip(omega, -MAX_SPEED, MAX_SPEED)
        theta += omega * dt
        state[0, row], state[1, row] = theta, omega
        for i, value in enumerate((cos(theta), sin(theta), omega)):
            observations[row, i] = value
        rewards[row] = -(costs + effort)
        terminated[row] = False
