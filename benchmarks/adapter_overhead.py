"""What a context costs one environment: `ContextualEnv.make()` beside Gymnasium's own environment.

One family of each simulator that can be built here, and of those only families that Gymnasium has
too. Both sides have the same time limit and the same actions and take turns in one process:

    step     a step of ours, no feature visible, minus a step of Gymnasium's
    reset    a reset of ours to a new context, every feature named, minus a reset of Gymnasium's

Medians in microseconds. For scale: the wrapper of CARL 1.1 added 12 to 18 us a step when its
observations were flattened, as learning needs them (measured once on another machine).

Run it with `python benchmarks/adapter_overhead.py [family ...]`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import gymnasium as gym
import numpy as np
from threadpoolctl import threadpool_limits

from rltransfer.envs import ContextualEnv, EnvironmentSpec, load_catalog, make
from rltransfer.errors import RLTransferError

ROUNDS, STEPS = 2000, 8  # so few steps that no random episode ends


def per_simulator() -> Iterator[ContextualEnv]:
    """Yield the first family of each simulator that can be built and that Gymnasium has too."""
    seen: set[str] = set()
    for spec in load_catalog():
        if spec.simulator not in seen and spec.base in gym.registry and can_be_built(spec):
            seen.add(spec.simulator)
            yield ContextualEnv(spec)


def can_be_built(spec: EnvironmentSpec) -> bool:
    """Say whether the simulator is installed."""
    try:
        ContextualEnv(spec).make().close()
    except RLTransferError:
        return False
    return True


def raw(spec: EnvironmentSpec) -> gym.Env[Any, Any]:
    """Return Gymnasium's environment under the family's time limit."""
    env = gym.make(spec.base).unwrapped
    return gym.wrappers.TimeLimit(env, max_episode_steps=spec.horizon)


def microseconds(work: Callable[[], object]) -> float:
    """Return how long some work takes."""
    start = time.perf_counter()
    work()
    return 1e6 * (time.perf_counter() - start)


def step_times(env: gym.Env[Any, Any], actions: list[Any]) -> float:
    """Return the time per step after a reset that does not count."""
    env.reset(seed=0)

    def steps() -> None:
        for action in actions:
            env.step(action)

    return microseconds(steps) / len(actions)


def compare(family: ContextualEnv) -> list[float]:
    """Return the medians: step of Gymnasium, of ours; reset of Gymnasium, of ours."""
    theirs, ours = raw(family.spec), family.make()
    rng = np.random.default_rng(0)
    contexts = [dict(context) for context in family.space.sample(ROUNDS, rng)]
    theirs.action_space.seed(0)
    times: list[tuple[float, ...]] = []
    for context in contexts:
        actions = [theirs.action_space.sample() for _ in range(STEPS)]
        options = {"context": context}
        ours.reset(options={"context": {}})
        times.append(
            (
                step_times(theirs, actions),
                step_times(ours, actions),
                microseconds(theirs.reset),
                microseconds(lambda options=options: ours.reset(options=options)),
            )
        )
    return [median(column) for column in zip(*times, strict=True)]


def main() -> None:
    """Print one line per simulator."""
    families = [make(name) for name in sys.argv[1:]] or per_simulator()
    columns = ("step, raw", "ours", "more", "reset, raw", "ours", "more")
    print(f"{'microseconds':34}" + "".join(f"{column:>11}" for column in columns))
    for family in families:
        step, our_step, reset, our_reset = compare(family)
        cells = (step, our_step, our_step - step, reset, our_reset, our_reset - reset)
        name = f"{family.spec.simulator}: {family.spec.id}"
        print(f"{name:34}" + "".join(f"{cell:>11.2f}" for cell in cells), flush=True)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
