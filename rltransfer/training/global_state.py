"""The random state and thread count that torch and Stable-Baselines3 share with everyone else."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

__all__ = ["own_global_state"]


@contextmanager
def own_global_state() -> Iterator[None]:
    """Let a training seed the global generators and use one torch thread; then put all back.

    One thread, because more cost twice the time for nothing at these sizes, many times that when
    the machine has other work, and end in other weights.
    """
    import torch

    threads = torch.get_num_threads()
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    torch.set_num_threads(1)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        torch.set_rng_state(states[2])
        torch.set_num_threads(threads)
