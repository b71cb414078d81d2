"""EnvPool: n environments that one worker thread steps, with random actions.

Started with a Gymnasium id and n; answers each number of steps with the steps of all environments.
"""

from __future__ import annotations

import sys
from itertools import cycle

import envpool
import numpy as np


def main(name: str, n: int) -> None:
    """Step when asked; an environment whose episode has ended resets in its next step."""
    env = envpool.make(name, env_type="gymnasium", num_envs=n, num_threads=1, seed=0)
    env.reset()
    env.action_space.seed(0)
    dtype = env.action_space.dtype
    batches = [[env.action_space.sample() for _ in range(n)] for _ in range(16)]
    actions = cycle([np.array(batch, dtype=dtype) for batch in batches])
    print("ready", flush=True)
    for line in sys.stdin:
        count = int(line)
        for _ in range(count):
            env.step(next(actions))
        print(n * count, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
