"""The offline stages of 16 contexts at once against one after another, in CPU time.

    python benchmarks/offline_batched.py [contexts]

The same stages, data and seeds on both sides; few gradient steps, since only the time of a step is
asked for. Both sides run alternately in this process, with one thread.
"""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

import rltransfer
from rltransfer.data import UniformRandom, collect
from rltransfer.training import HeadStart, SilentMonitor, TrainingProblem
from rltransfer.training.offline.cloning import Cloning
from rltransfer.training.offline.dynamics_fit import FitDynamics
from rltransfer.training.offline.improvement import Improvement
from rltransfer.training.offline.iql import FitIQL
from rltransfer.training.offline.stage import OfflineStage
from rltransfer.training.policy_spec import NetworkSpec

STEPS, BATCH, REPEATS, TRANSITIONS = 100, 64, 3, 2_000


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


def compare(width: int, contexts: int) -> None:
    """Time both sides alternately and print the ratio of each stage, and of all."""
    env = rltransfer.make("cartpole")
    grid = env.space.select(["length"]).grid(contexts)
    problems = [TrainingProblem(env, [env.space.validate(x)]) for x in grid]
    behaviour = UniformRandom.of(env)
    starts = [
        HeadStart(data=collect(env, p.contexts, behaviour, TRANSITIONS, k))
        for k, p in enumerate(problems)
    ]
    seeds = np.random.SeedSequence(0).spawn(contexts)
    together, alone = [0.0] * REPEATS, [0.0] * REPEATS
    for stage in stages(width):
        pairs = []
        for repeat in range(REPEATS):
            began = time.process_time()
            found = stage.run_all(problems, starts, seeds, SilentMonitor())
            middle = time.process_time()
            for problem, start, seed in zip(problems, starts, seeds, strict=True):
                stage.run(problem, start, seed, SilentMonitor())
            pairs.append((middle - began, time.process_time() - middle))
            together[repeat] += pairs[-1][0]
            alone[repeat] += pairs[-1][1]
        starts = [replace(result.learned) for result in found]
        print(f"  width {width}  {stage.name:12s} x{ratio(*zip(*pairs, strict=True)):.2f}")
    print(f"  width {width}  all stages   x{ratio(together, alone):.2f}")


def ratio(together: list[float], alone: list[float]) -> float:
    """Return the median over repeats of how many times as long the one side takes."""
    return statistics.median(b / a for a, b in zip(together, alone, strict=True))


if __name__ == "__main__":
    contexts = int(sys.argv[1]) if len(sys.argv) > 1 else 16
    with threadpool_limits(1):
        for width in (64, 128):
            compare(width, contexts)
