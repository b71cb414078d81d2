"""`feasible` in a lander's `env.toml` is a claim: someone can land. Here someone does.

A hand-written controller, with one or the other of its gains, comes to the 200 points that
Gymnasium calls solved, on average over 20 starts, at both ends of every feature's feasible part,
the other features at their defaults.

Notation
    x, y, u, v    position above the pad, and velocity, as they are observed
    theta, omega  angle and turning speed
    K             how much height and how much speed ask for lift
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rltransfer.envs import make

pytest.importorskip("Box2D")

STARTS = 20
SOLVED = 200.0
GAINS = ((0.5, 0.5), (0.3, 0.5), (0.3, 1.0), (0.5, 1.0), (1.0, 1.0))

Controller = Callable[[Any, tuple[float, float]], Any]


def wishes(observation: Any, K: tuple[float, float]) -> tuple[float, float]:
    """Return the lift and the turning that are wanted."""
    x, y, u, v, theta, omega, left, right = observation.tolist()
    if left or right:
        return -v * K[1], 0.0
    lean = min(max(0.5 * x + u, -0.4), 0.4)
    return (0.55 * abs(x) - y) * K[0] - v * K[1], 0.5 * (lean - theta) - omega


def press(observation: Any, K: tuple[float, float]) -> int:
    """Fire the engine that is wanted most; 0 is none."""
    lift, turn = wishes(observation, K)
    if lift > max(abs(turn), 0.05):
        return 2
    return 0 if abs(turn) < 0.05 else 2 - int(np.sign(turn))


def throttle(observation: Any, K: tuple[float, float]) -> Any:
    """Open main and side engine as much as is wanted."""
    lift, turn = wishes(observation, K)
    return np.clip([20 * lift - 1, -20 * turn], -1, 1).astype(np.float32)


CONTROLLERS: dict[str, Controller] = {"lunar_lander": press, "lunar_lander_continuous": throttle}

ENDS = [
    pytest.param(family, feature.name, end, id=f"{family}-{feature.name}-{end:g}")
    for family in CONTROLLERS
    for feature in make(family).space
    for end in feature.feasible or (feature.low, feature.high)
]


def mean_return(env: Any, controller: Controller, K: tuple[float, float]) -> float:
    total = 0.0
    for seed in range(STARTS):
        observation, _ = env.reset(seed=seed)
        over = False
        while not over:
            observation, reward, terminated, truncated, _ = env.step(controller(observation, K))
            total += float(reward)
            over = terminated or truncated
    return total / STARTS


@pytest.mark.parametrize(("family", "feature", "end"), ENDS)
def test_someone_lands(family: str, feature: str, end: float) -> None:
    env, controller = make(family).make({feature: end}), CONTROLLERS[family]
    assert any(mean_return(env, controller, K) >= SOLVED for K in GAINS)
