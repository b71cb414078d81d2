"""How fast n contexts are stepped together: four ways, side by side in one process.

    DummyVecEnv    Stable-Baselines3's loop over monitored environments, one per context
    ContextVecEnv  the same interface on the batch
    Episodes       the batch with resets, time limit and checks, as arrays
    batch          the batch alone: no infos, no resets, no time limit

Random actions, contexts drawn from the whole space, the ways in turn, median of the repeats. The
ratios are the result: numbers in brackets say how many times as fast as DummyVecEnv. Batches of
classic control are compiled where Numba is installed; RLTRANSFER_NUMBA=0 measures NumPy's.

Run it with `python benchmarks/batched_step.py [family ...]`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import Any

import numpy as np
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv
from threadpoolctl import threadpool_limits

from rltransfer.contexts import Context
from rltransfer.envs import ContextualEnv, make
from rltransfer.envs.episodes import Episodes
from rltransfer.envs.vector import ContextVecEnv

SIZES, SECONDS, REPEATS = (1, 16, 128, 1024), 0.3, 3
Step = Callable[[Any], object]


def monitored(env: ContextualEnv, context: Context) -> Any:
    """Build one member as Stable-Baselines3's users do."""
    return Monitor(env.make(context))


def vector_steps(venv: VecEnv) -> Step:
    """Reset a vector environment and return its step."""
    venv.seed(0)
    venv.reset()
    return venv.step


def episode_steps(env: ContextualEnv, contexts: Sequence[Context]) -> Step:
    """Begin an episode per context and return a step that begins the next ones."""
    episodes = Episodes(env, contexts)
    episodes.begin(np.arange(len(contexts)))

    def advance(actions: Any) -> None:
        step = episodes.step(actions)
        (ended,) = (step.terminated | step.truncated).nonzero()
        if len(ended):
            step.observations[ended] = episodes.begin(ended)

    return advance


def batch_steps(env: ContextualEnv, contexts: Sequence[Context]) -> Step:
    """Reset a batch and return its step."""
    batch = env.batch(contexts)
    rows = np.arange(len(contexts))
    batch.reset(rows, batch.initial_states(np.random.default_rng(0), len(contexts)))
    return batch.step


def rate(step: Step, actions: list[Any]) -> float:
    """Return how often a second all rows are stepped."""
    began, count = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < SECONDS:
        step(actions[count % len(actions)])
        count += 1
    return count / spent


def compare(name: str, n: int) -> list[float]:
    """Return steps of single environments per second, for the four ways."""
    env = make(name)
    contexts = env.space.sample(n, np.random.default_rng(n))
    members = [partial(monitored, env, context) for context in contexts]
    ours = ContextVecEnv(env, contexts)
    ours.action_space.seed(0)
    actions = [np.array([ours.action_space.sample() for _ in contexts]) for _ in range(16)]
    ways = [vector_steps(DummyVecEnv(members)), vector_steps(ours)]
    ways += [way(env, contexts) for way in (episode_steps, batch_steps)]
    rounds = [[n * rate(step, actions) for step in ways] for _ in range(REPEATS)]
    return [median(way) for way in zip(*rounds, strict=True)]


def main() -> None:
    """Print one line per family and size."""
    ways = "".join(f"{way:>22}" for way in ("ContextVecEnv", "Episodes", "batch"))
    print(f"{'steps per second':24}{'n':>6}{'DummyVecEnv':>14}{ways}")
    for name in sys.argv[1:] or ("cartpole", "pendulum", "acrobot"):
        for n in SIZES:
            slow, *fast = compare(name, n)
            cells = "".join(f"{f'{value:,.0f} ({value / slow:.1f})':>22}" for value in fast)
            print(f"{name:24}{n:>6}{slow:>14,.0f}{cells}", flush=True)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
