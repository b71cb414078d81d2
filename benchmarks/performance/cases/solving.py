"""Seconds of training until CartPole returns 475, at hyperparameters that learn fast.

A turn is one training from new weights; round k has seed k for everybody. What is compiled before
the first step of a kind is not counted, but for one contender, to which it happens at each start.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count

from harness.case import AtLeast, Case, Prepare, Work
from peers.learner import Setting, solve

from cases.learners import IN_PROCESS, OURS, Build, asked
from cases.ppo import JAX, SBX

__all__ = ["CASES"]

SETTING = Setting("CartPole-v1", n_envs=8, n_steps=128, batch_size=256, learning_rate=1e-3)
COMPILING = f"{JAX}, compiling"
TIMES = 5.0
BEHIND = ("SB3 + DummyVecEnv", "single file (torch)", SBX)
LEFT_OUT = ("SB3 + SubprocVecEnv",)


@contextmanager
def training(build: Build) -> Iterator[Work]:
    """Yield trainings in this process, seed after seed."""
    with build(SETTING, 0) as first:
        first.learn(SETTING.rollout)  # loads and compiles
    seeds = count()

    def work() -> float:
        with build(SETTING, next(seeds)) as learner:
            solve(learner, SETTING.rollout)
        return 1.0

    yield work


@contextmanager
def peer_training(script: str) -> Iterator[Work]:
    """Yield trainings in another virtual environment."""
    seeds = count()
    with asked(script, SETTING) as process:
        process.ask(f"learn {SETTING.rollout}")

        def work() -> float:
            process.ask(f"solve {next(seeds)}")
            return 1.0

        yield work


@contextmanager
def peer_starting(script: str) -> Iterator[Work]:
    """Yield trainings that begin with a new process."""
    with asked(script, SETTING):
        pass  # it is there
    seeds = count()

    def work() -> float:
        with asked(script, SETTING) as process:
            process.ask(f"solve {next(seeds)}")
        return 1.0

    yield work


def contenders() -> dict[str, Prepare]:
    """Return everybody."""
    found: dict[str, Prepare] = {
        name: partial(training, build) for name, build in IN_PROCESS.items() if name not in LEFT_OUT
    }
    found[SBX] = partial(peer_training, "sbx_ppo.py")
    found[JAX] = partial(peer_training, "jax_ppo.py")
    found[COMPILING] = partial(peer_starting, "jax_ppo.py")
    return found


CASES = (
    Case(
        name="solve-cartpole",
        title="Time to CartPole return 475",
        unit="training",
        contenders=contenders(),
        bars=tuple(AtLeast(OURS, other, TIMES) for other in BEHIND),
        rounds=3,
        warm_ups=0,
    ),
)
