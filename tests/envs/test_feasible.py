"""`feasible` in an `env.toml` is a claim: someone can do it. Here someone does.

Each hand-written controller, with one or the other of its gains, solves its task from 20 starts at
both ends of every feature's feasible part, the other features at their defaults.

Notation
    s    states of n rows, shape (numbers in a state, n), as the array programs hold them
    K    gains
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rltransfer.contexts import Context, ContextFeature
from rltransfer.envs import make

STARTS = 20
Controller = Callable[[Any, Context, Any], Any]


def balance(s: Any, context: Context, K: Any) -> Any:
    """Push the cart to the side to which a weighted sum of the state points."""
    return (K @ s > 0).astype(np.int64)


def swing_up(s: Any, context: Context, K: Any) -> Any:
    """Pump energy until the rod is near the top, then hold it there."""
    stiffness, damping, near, gain, goal = K
    theta, omega = (s[0] + np.pi) % (2 * np.pi) - np.pi, s[1]
    pull = 3 * context["gravity"] / (2 * context["length"])
    energy = omega**2 / 2 + pull * (np.cos(theta) - 1)
    pump = np.where(np.abs(omega) < 0.05, 2.0, gain * (goal - energy) * np.sign(omega))
    inertia = context["mass"] * context["length"] ** 2 / 3
    hold = -inertia * (stiffness * theta + damping * omega + pull * np.sin(theta))
    torque = np.clip(np.where(np.abs(theta) < near, hold, pump), -2, 2)
    return torque[:, None].astype(np.float32)


def kick(s: Any, context: Context, K: Any) -> Any:
    """Turn the elbow with a weighted sum of the velocities and the angle between the links."""
    turning = K[0] * s[2] + K[1] * s[3] + K[2] * s[1] + K[3] * np.sign(s[3])
    return np.where(turning > 0, 2, 0)


def rock(s: Any, context: Context, K: Any) -> Any:
    """Push the car where it rolls, and at rest to the side K."""
    return (np.sign(np.where(s[1] == 0, K, s[1])) + 1).astype(np.int64)


def rock_continuously(s: Any, context: Context, K: Any) -> Any:
    """Push the car where it rolls, as hard as it goes."""
    return (rock(s, context, K) - 1.0)[:, None].astype(np.float32)


def still_up(ended: Any, s: Any) -> Any:
    return ~ended


def arrived(ended: Any, s: Any) -> Any:
    return ended


def upright(ended: Any, s: Any) -> Any:
    return np.abs((s[0] + np.pi) % (2 * np.pi) - np.pi) < 0.2


SOLUTIONS: dict[str, tuple[Controller, Any, list[Any]]] = {
    "cartpole": (balance, still_up, [(0.38, 0.05, 106.46, 11.91), (0.02, 4.71, 71.42, 17.97)]),
    "pendulum": (swing_up, upright, [(12.9, 6.2, 1.5, 0.74, 0.1), (0.87, 1.54, 1.32, 0.31, 0.22)]),
    "acrobot": (kick, arrived, [(-0.9, 0.8, 0.9, 1.1), (-1.1, 1.0, 0.2, 1.2)]),
    "mountain_car": (rock, arrived, [-1, 1]),
    "mountain_car_continuous": (rock_continuously, arrived, [-1, 1]),
}

ENDS = [
    pytest.param(name, feature, end, id=f"{name}-{feature.name}={end:g}")
    for name in SOLUTIONS
    for feature in make(name).space
    for end in feature.feasible or (feature.low, feature.high)
]


@pytest.mark.parametrize(("name", "feature", "end"), ENDS)
def test_someone_solves_it(name: str, feature: ContextFeature, end: float) -> None:
    controller, solved, gains = SOLUTIONS[name]
    context = make(name).space.validate({feature.name: end})
    outcomes = [solved(*play(name, context, controller, np.array(K))) for K in gains]
    assert np.any(outcomes, axis=0).all(), "some start is solved with none of the gains"


def play(name: str, context: Context, controller: Controller, K: Any) -> tuple[Any, Any]:
    """Play one episode from each start; return which have ended, and the last states."""
    env = make(name)
    batch: Any = env.batch([context] * STARTS)
    batch.reset(np.arange(STARTS), batch.initial_states(np.random.default_rng(5), STARTS))
    ended = np.zeros(STARTS, dtype=np.bool_)
    for _ in range(env.spec.horizon):
        ended |= batch.step(controller(batch._state, context, K)).terminated
    return ended, batch._state
