"""Mountain Car's step; notation as in `mountain_car.py` beside."""

from __future__ import annotations

from math import cos
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.classic.kernels.strict import clip, compiled
from rltransfer.envs.simulators.classic.mountain_car import MAX_SPEED, X_HIGH, X_LOW

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
        x, v = state[:, row]
        force, slope, goal = coefficients[:, row]
        v += (actions[row] - 1) * force + cos(3 * x) * slope
        v = clip(v, -MAX_SPEED, MAX_SPEED)
        x = clip(x + v, X_LOW, X_HIGH)
        if x == X_LOW and v < 0:
            v = 0.0
        for i, value in enumerate((x, v)):
            state[i, row] = observations[row, i] = value
        rewards[row] = -1.0
        terminated[row] = x >= goal and v >= 0
