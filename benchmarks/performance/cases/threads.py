"""One torch thread against as many as there are cores, while another process keeps a core busy."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
from harness.case import AtLeast, Case, Work
from peers.learner import Setting

from cases.learners import sb3

__all__ = ["CASES"]

SETTING, STEPS = Setting("CartPole-v1", n_envs=8, n_steps=64), 512
BUSY = [sys.executable, "-c", "while True: pass"]
DEFAULT, ONE = "torch's default", "one thread"


@contextmanager
def learning(threads: int) -> Iterator[Work]:
    """Yield Stable-Baselines3's PPO with a number of threads, beside a busy neighbour."""
    with sb3("DummyVecEnv")(SETTING, 0) as learner:

        def work() -> float:
            neighbour = subprocess.Popen(BUSY)
            torch.set_num_threads(threads)
            try:
                learner.learn(STEPS)
            finally:
                torch.set_num_threads(1)
                neighbour.kill()
                neighbour.wait()
            return STEPS

        yield work


CASES = (
    Case(
        name="threads",
        title="SB3's PPO beside a busy process",
        unit="step",
        contenders={
            DEFAULT: partial(learning, os.cpu_count() or 1),
            ONE: partial(learning, 1),
        },
        bars=(AtLeast(ONE, DEFAULT, 3.0),),
        warm_ups=0,
    ),
)
