"""The step of Mountain Car with a continuous motor; notation as in `mountain_car_continuous.py`."""

from __future__ import annotations

from math import cos
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.classic.kernels.strict import clip, compiled
from rltransfer.envs.simulators.classic.mountain_car_continuous import (
    GOAL_REWARD,
    MAX_SPEED_32,
    X_HIGH_32,
    X_LOW_32,
)

__all__ = ["step"]

FULL = np.float32(1.0)  # throttle


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
        x, v, fresh = state[:, row]
        power, gravity, goal = coefficients[:, row]
        throttle = clip(np.float32(actions[row, 0]), -FULL, FULL)
        pull = gravity * cos(float32_unless(fresh, 3 * x))
        v = float32_unless(fresh, v + (np.float32(power) * throttle - np.float32(pull)))
        v = clip(v, -MAX_SPEED_32, MAX_SPEED_32)
        x = clip(float32_unless(0.0, x + v), X_LOW_32, X_HIGH_32)
        v = float32_unless(0.0, v)
        if x == X_LOW_32 and v < 0:
            v = 0.0
        for i, value in enumerate((x, v)):
            state[i, row] = observations[row, i] = value
        state[2, row] = 0.0
        terminated[row] = x >= goal and v >= 0
        rewards[row] = GOAL_REWARD if terminated[row] else 0.0
        rewards[row] -= fuel(actions[row, 0])


@compiled
def fuel(action: float) -> float:
    """Return what an action costs."""
    exact = np.float64(action)
    return exact * exact * 0.1


@compiled
def float32_unless(fresh: float, value: float) -> float:
    """Round to float32, except where the state that the value comes from is an initial one."""
    return value if fresh else np.float64(np.float32(value))
