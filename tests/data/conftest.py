from __future__ import annotations

import numpy as np
import pytest

import rltransfer
from rltransfer.data import Transitions, UniformRandom, collect


def toy(lengths, contexts=None, seed=0, o=3, discrete=True):
    """Episodes of the given lengths with random numbers; odd ones are truncated."""
    rng = np.random.default_rng(seed)
    contexts = contexts or (rltransfer.make("cartpole").space.default,)
    T = sum(lengths)
    terminated, truncated = np.zeros(T, bool), np.zeros(T, bool)
    ends = np.cumsum(lengths) - 1
    terminated[ends[::2]], truncated[ends[1::2]] = True, True
    index = np.repeat(np.arange(len(lengths)) % len(contexts), lengths).astype(np.int32)
    return Transitions(
        rng.normal(size=(T, o)).astype(np.float32),
        rng.integers(2, size=T) if discrete else rng.normal(size=(T, 1)).astype(np.float32),
        rng.normal(size=T).astype(np.float32),
        rng.normal(size=(T, o)).astype(np.float32),
        terminated,
        truncated,
        index,
        tuple(contexts),
    )


@pytest.fixture(scope="session")
def cartpole():
    return rltransfer.make("cartpole")


@pytest.fixture(scope="session")
def pendulum():
    return rltransfer.make("pendulum")


@pytest.fixture(scope="session")
def falls(cartpole):
    """300 random steps of CartPole in each of two contexts."""
    contexts = [{"length": 0.5}, {"length": 1.0}]
    return collect(cartpole, contexts, UniformRandom.of(cartpole), 600, seed=1)


@pytest.fixture(name="toy")
def toy_fixture():
    return toy
