"""Two trainings in two warm workers, one thread each, against one worker that does both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from harness.case import AtLeast, Case, Work

import rltransfer
from cases.common import trained
from rltransfer.experiment.workers import worker_pool

__all__ = ["CASES"]

TRAININGS, STEPS, FAMILY = 2, 32_768, "cartpole"
ONE, TWO = "one worker", "two workers"


def train(_: int) -> None:
    """Train a policy with the family's settings."""
    env = rltransfer.make(FAMILY)
    trained(env, env.spec.training["PPO"].model_copy(update={"steps": STEPS}))


@contextmanager
def working(workers: int) -> Iterator[Work]:
    """Yield the trainings in a pool of workers."""
    with worker_pool(workers) as pool:
        yield lambda: float(len(list(pool.map(train, range(TRAININGS)))))


CASES = (
    Case(
        name="at-once",
        title=f"{TRAININGS} trainings of {STEPS:,} steps",
        unit="training",
        contenders={ONE: partial(working, 1), TWO: partial(working, 2)},
        bars=(AtLeast(TWO, ONE, 1.8),),
    ),
)
