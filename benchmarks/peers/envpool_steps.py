"""EnvPool's side of `benchmarks/envpool.py`; runs in an environment that has EnvPool.

Reads lines `gymnasium-id n seconds` and answers each with steps of single environments per second,
by the wall clock and by the CPU time of all threads.
"""

from __future__ import annotations

import sys
import time
import warnings
from functools import cache
from typing import Any

import envpool
import numpy as np


@cache
def pool(name: str, n: int) -> tuple[Any, list[Any]]:
    """Return n environments that one thread steps, begun, and batches of random actions."""
    env = envpool.make(name, env_type="gymnasium", num_envs=n, num_threads=1, seed=0)
    env.reset()
    env.action_space.seed(0)
    dtype = env.action_space.dtype
    batches = [[env.action_space.sample() for _ in range(n)] for _ in range(16)]
    return env, [np.array(batch, dtype=dtype) for batch in batches]


def rates(name: str, n: int, seconds: float) -> tuple[float, float]:
    """Step for some seconds; an environment whose episode has ended resets in its next step."""
    env, actions = pool(name, n)
    wall, cpu, count = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - wall < seconds:
        env.step(actions[count % len(actions)])
        count += 1
    steps = n * count
    return steps / (time.perf_counter() - wall), steps / (time.process_time() - cpu)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        name, n, seconds = line.split()
        print(*rates(name, int(n), float(seconds)), flush=True)
