"""Steps per second of n environments together: no agent, random actions, the default context.

DummyVecEnv is Stable-Baselines3's loop over Gymnasium's monitored environments, ContextVecEnv the
same interface on our batch, Episodes the batch with resets, time limit and checks, as arrays, and
EnvPool, which has no contexts, the same work with one worker thread.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from typing import Any

import numpy as np
from harness.case import AtLeast, Case, Prepare, Work
from harness.peer import peer
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecEnv

import rltransfer
from rltransfer.envs import ContextualEnv
from rltransfer.envs.episodes import Episodes
from rltransfer.envs.simulators.classic.compiled import SWITCH
from rltransfer.envs.vector import ContextVecEnv

__all__ = ["CASES", "begun", "episode_steps"]

Step = Callable[[Any], object]
Way = Callable[[ContextualEnv, int], Step]


def vector_steps(venv: VecEnv) -> Step:
    """Reset a vector environment and return its step."""
    venv.seed(0)
    venv.reset()
    return venv.step


def dummy_steps(env: ContextualEnv, n: int) -> Step:
    """Return the step of Gymnasium's environments one by one."""
    return vector_steps(make_vec_env(env.spec.base, n))


def row_steps(env: ContextualEnv, n: int) -> Step:
    """Return the step of ours behind the same interface."""
    return vector_steps(ContextVecEnv(env, [env.space.default] * n))


def episode_steps(env: ContextualEnv, n: int) -> Step:
    """Begin n episodes; return a step that begins the next ones of those that ended."""
    episodes = Episodes(env, [env.space.default] * n)
    episodes.begin(np.arange(n))

    def advance(actions: Any) -> None:
        step = episodes.step(actions)
        (ended,) = (step.terminated | step.truncated).nonzero()
        if len(ended):
            step.observations[ended] = episodes.begin(ended)

    return advance


def batch_steps(env: ContextualEnv, n: int) -> Step:
    """Return the step of the batch alone: no resets, no time limit."""
    batch = env.batch([env.space.default] * n)
    batch.reset(np.arange(n), batch.initial_states(np.random.default_rng(0), n))
    return batch.step


def begun(env: ContextualEnv, n: int, way: Way) -> Callable[[], object]:
    """Return a way of stepping that brings its own random actions."""
    space = env.make().action_space
    space.seed(0)
    actions = cycle([np.array([space.sample() for _ in range(n)]) for _ in range(16)])
    step = way(env, n)
    step(next(actions))  # decides who steps, and compiles
    return lambda: step(next(actions))


def repeated(advance: Callable[[], object], n: int, count: int) -> Work:
    """Return the work of stepping n environments `count` times."""

    def work() -> float:
        for _ in range(count):
            advance()
        return n * count

    return work


@contextmanager
def stepping(name: str, n: int, way: Way, count: int) -> Iterator[Work]:
    """Yield the work of one of our ways."""
    yield repeated(begun(rltransfer.make(name), n, way), n, count)


@contextmanager
def without_numba(name: str, n: int, count: int) -> Iterator[Work]:
    """Yield the work of episodes that NumPy steps."""
    before = os.environ.get(SWITCH, "")
    os.environ[SWITCH] = "0"  # read at the first step
    advance = begun(rltransfer.make(name), n, episode_steps)
    os.environ[SWITCH] = before
    yield repeated(advance, n, count)


@contextmanager
def in_envpool(name: str, n: int, count: int) -> Iterator[Work]:
    """Yield the work of EnvPool."""
    with peer("envpool_steps.py", rltransfer.make(name).spec.base, str(n)) as process:
        yield lambda: process.ask(str(count))


PLAIN, NUMBA = "SB3's DummyVecEnv", "Episodes, Numba"
OURS, NUMPY, ENVPOOL = "ContextVecEnv", "Episodes, NumPy", "EnvPool"


def case(name: str, n: int, times: float, count: int) -> Case:
    """Return the case of n environments of a family."""
    contenders: dict[str, Prepare] = {
        PLAIN: partial(stepping, name, n, dummy_steps, max(1, count // 10)),
        OURS: partial(stepping, name, n, row_steps, count),
        NUMPY: partial(without_numba, name, n, count),
        NUMBA: partial(stepping, name, n, episode_steps, count),
        "batch alone": partial(stepping, name, n, batch_steps, count),
        ENVPOOL: partial(in_envpool, name, n, count),
    }
    return Case(
        name=f"stepping-{name}-{n}",
        title=f"Stepping {name}, {n} at once",
        unit="step",
        contenders=contenders,
        bars=(AtLeast(OURS, PLAIN, times), AtLeast(NUMBA, ENVPOOL, 1.0)),
    )


CASES = tuple(
    case(name, n, times, count)
    for name in ("cartpole", "pendulum", "acrobot", "mountain_car")
    for n, times, count in ((16, 8.0, 5_000), (1024, 25.0, 500))
)
