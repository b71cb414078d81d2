"""The offline stages of 16 contexts at once against one after another.

The same stages, data and seeds on both sides, with few gradient steps: only the time of a step is
asked for. Each stage begins with what those before it have learned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from harness.case import AtLeast, Case, Work

import rltransfer
from rltransfer.data import UniformRandom, collect
from rltransfer.training import HeadStart, SilentMonitor, TrainingProblem
from rltransfer.training.offline.cloning import Cloning
from rltransfer.training.offline.dynamics_fit import FitDynamics
from rltransfer.training.offline.improvement import Improvement
from rltransfer.training.offline.iql import FitIQL
from rltransfer.training.offline.stage import OfflineStage
from rltransfer.training.policy_spec import NetworkSpec

__all__ = ["CASES"]

CONTEXTS, STEPS, BATCH, TRANSITIONS = 16, 50, 64, 2_000
TOGETHER, ALONE = "ours, all at once", "one after another"


def stages(width: int) -> list[OfflineStage]:
    """Return short stages with networks of this width."""
    hidden = (width, width)
    network = NetworkSpec(actor=hidden, critic=hidden, activation="tanh")
    return [
        Cloning(network, steps=STEPS, batch=BATCH),
        FitIQL(hidden=hidden, steps=STEPS, batch=BATCH),
        FitDynamics(hidden=hidden, steps=STEPS, batch=BATCH),
        Improvement(steps=STEPS, check_every=STEPS, batch=BATCH),
    ]


@dataclass(frozen=True)
class Problems:
    """What a stage is given: problems, what each starts with, seeds."""

    problems: Sequence[TrainingProblem]
    starts: Sequence[HeadStart]
    seeds: Sequence[np.random.SeedSequence]

    def together(self, stage: OfflineStage) -> list[HeadStart]:
        """Run a stage on all at once; return what was learned."""
        found = stage.run_all(self.problems, self.starts, self.seeds, SilentMonitor())
        return [result.learned for result in found]

    def alone(self, stage: OfflineStage) -> None:
        """Run a stage on one after another."""
        for one in zip(self.problems, self.starts, self.seeds, strict=True):
            stage.run(*one, SilentMonitor())


@cache
def before(width: int, number: int) -> Problems:
    """Return the problems as they are before a stage."""
    if number:
        earlier = before(width, number - 1)
        learned = earlier.together(stages(width)[number - 1])
        return Problems(earlier.problems, learned, earlier.seeds)
    env = rltransfer.make("cartpole")
    grid = env.space.select(["length"]).grid(CONTEXTS)
    problems = [TrainingProblem(env, [env.space.validate(x)]) for x in grid]
    behaviour = UniformRandom.of(env)
    data = [collect(env, p.contexts, behaviour, TRANSITIONS, k) for k, p in enumerate(problems)]
    seeds = np.random.SeedSequence(0).spawn(CONTEXTS)
    return Problems(problems, [HeadStart(data=d) for d in data], seeds)


@contextmanager
def running(way: Callable[[Problems, OfflineStage], object], width: int, n: int) -> Iterator[Work]:
    """Yield the work of a stage."""
    problems, stage = before(width, n), stages(width)[n]

    def work() -> float:
        way(problems, stage)
        return float(STEPS * CONTEXTS)

    yield work


def case(width: int, number: int) -> Case:
    """Return the case of a stage."""
    name = stages(width)[number].name
    return Case(
        name=f"offline-{name.replace(' ', '-')}-{width}",
        title=f"Offline, {name} of {CONTEXTS} contexts, width {width}",
        unit="step",
        contenders={
            ALONE: partial(running, Problems.alone, width, number),
            TOGETHER: partial(running, Problems.together, width, number),
        },
        bars=(AtLeast(TOGETHER, ALONE, 1.0),),
        rounds=3,
        warm_ups=0,
    )


CASES = tuple(case(64, number) for number in range(len(stages(64))))
