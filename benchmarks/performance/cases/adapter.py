"""What a context costs one environment: `ContextualEnv.make()` beside Gymnasium's own environment.

One family of each simulator that Gymnasium has too. Both sides have the same time limit and take
the same actions; steps are so few that no random episode ends. Ours resets to a new context each
time, every feature named. For scale: the wrapper of CARL 1.1 added 12 to 18 µs a step when its
observations were flattened, as learning needs them (measured once on another machine).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from typing import Any

import gymnasium as gym
import numpy as np
from harness.case import AtLeast, Case, Unavailable, Work

import rltransfer
from rltransfer.envs import ContextualEnv
from rltransfer.errors import RLTransferError

__all__ = ["CASES"]

EPISODES, STEPS = 300, 8
FAMILIES = {"cartpole": 0.5, "lunarlander": 0.7, "halfcheetah": 0.7}
"""A family of each simulator, and the share of Gymnasium's speed that its steps keep."""

THEIRS, OURS = "Gymnasium", "ours"
Env = gym.Env[Any, Any]


def theirs(name: str) -> Env:
    """Return Gymnasium's environment under the family's time limit."""
    spec = family(name).spec
    return gym.wrappers.TimeLimit(gym.make(spec.base).unwrapped, spec.horizon)


def ours(name: str) -> Env:
    """Return ours."""
    return family(name).make()


def family(name: str) -> ContextualEnv:
    """Return a family.

    Raises:
        Unavailable: if its simulator is not installed.
    """
    try:
        found = rltransfer.make(name)
        found.make().close()
    except RLTransferError as error:
        raise Unavailable(str(error)) from None
    return found


@contextmanager
def stepping(build: Callable[[str], Env], name: str) -> Iterator[Work]:
    """Yield steps; one reset in nine calls counts with them on both sides."""
    env = build(name)
    env.action_space.seed(0)
    env.reset(seed=0)
    actions = [env.action_space.sample() for _ in range(STEPS)]

    def work() -> float:
        for _ in range(EPISODES):
            env.reset()
            for action in actions:
                env.step(action)
        return EPISODES * STEPS

    yield work


@contextmanager
def resetting_theirs(name: str) -> Iterator[Work]:
    """Yield resets of Gymnasium's environment."""
    env = theirs(name)

    def work() -> float:
        for _ in range(EPISODES):
            env.reset()
        return EPISODES

    yield work


@contextmanager
def resetting_ours(name: str) -> Iterator[Work]:
    """Yield resets of ours, each to another context."""
    env = ours(name)
    contexts = family(name).space.sample(64, np.random.default_rng(0))
    options = cycle([{"context": dict(context)} for context in contexts])

    def work() -> float:
        for _ in range(EPISODES):
            env.reset(options=next(options))
        return EPISODES

    yield work


def steps_case(name: str, share: float) -> Case:
    """Return the case of steps."""
    sides = {THEIRS: partial(stepping, theirs, name), OURS: partial(stepping, ours, name)}
    bar = AtLeast(OURS, THEIRS, share)
    return Case(f"adapter-steps-{name}", f"Steps of one {name}", "step", sides, (bar,))


def resets_case(name: str) -> Case:
    """Return the case of resets; nothing is owed."""
    sides = {THEIRS: partial(resetting_theirs, name), OURS: partial(resetting_ours, name)}
    return Case(f"adapter-resets-{name}", f"Resets of one {name}", "reset", sides)


CASES = (
    *(steps_case(name, share) for name, share in FAMILIES.items()),
    *(resets_case(name) for name in FAMILIES),
)
