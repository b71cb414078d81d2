"""CartPole's step.

Notation
    x, v, theta, omega, m, M, l    as in `cartpole.py` beside
    ml                             m times l
"""

from __future__ import annotations

from math import cos, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.classic.cartpole import THETA_LIMIT, X_LIMIT
from rltransfer.envs.simulators.classic.kernels.strict import compiled

__all__ = ["step"]


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
        x, v, theta, omega = state[:, row]
        gravity, m, l, push, tau, M, ml = coefficients[:, row]  # noqa: E741
        cosine, sine = cos(theta), sin(theta)
        force = push if actions[row] == 1 else -push
        pull = (force + ml * (omega * omega) * sine) / M
        turning = (gravity * sine - cosine * pull) / (l * (4.0 / 3.0 - m * (cosine * cosine) / M))
        x += tau * v
        v += tau * (pull - ml * turning * cosine / M)
        theta += tau * omega
        omega += tau * turning
        for i, value in enumerate((x, v, theta, omega)):
            state[i, row] = observations[row, i] = value
        rewards[row] = 1.0
        terminated[row] = abs(x) > X_LIMIT or abs(theta) > THETA_LIMIT
