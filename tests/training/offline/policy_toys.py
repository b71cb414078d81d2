"""Policies with random weights, and data whose best policy is known."""

from __future__ import annotations

import numpy as np

import rltransfer
from rltransfer.data import Transitions
from rltransfer.training import Normalization, Policy, TrainingProblem
from rltransfer.training.network import layout_of
from rltransfer.training.offline.fresh import spec_for
from rltransfer.training.policy_spec import NetworkSpec

NETWORK = NetworkSpec(actor=(8, 6), critic=(7,), activation="tanh")


def problem_of(env: str, observe: tuple[str, ...] = (), **context: float) -> TrainingProblem:
    return TrainingProblem(rltransfer.make(env), [context], observe)


def statistics(size: int, seed: int = 0, return_var: float | None = 4.0) -> Normalization:
    """Some mean and variance; nothing that is seen in a test is clipped."""
    rng = np.random.default_rng(seed)
    return Normalization(
        mean=tuple(rng.normal(size=size).tolist()),
        var=tuple(rng.uniform(0.3, 3.0, size).tolist()),
        count=1000.0,
        return_var=return_var,
    )


def random_policy(
    problem: TrainingProblem,
    stats: Normalization | None = None,
    seed: int = 0,
    network: NetworkSpec = NETWORK,
) -> Policy:
    """A PPO policy all of whose parameters, biases included, are random."""
    rng = np.random.default_rng(seed)
    spec = spec_for(problem, network, stats)
    shapes = layout_of(spec).shapes.items()
    weights = {name: rng.normal(0.0, 1.0 / np.sqrt(s[-1]), s) for name, s in shapes}
    return Policy(spec, weights)


def observations(size: int, n: int = 200, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 1.5, (n, size)).astype(np.float32)


def transitions(
    problem: TrainingProblem, T: int = 400, seed: int = 0, length: int = 20, **other: float
) -> Transitions:
    """Random numbers in the spaces of a family, in episodes of one length."""
    rng = np.random.default_rng(seed)
    batch = problem.env.batch([problem.env.space.default])
    o, space = batch.observation_space.shape[0], batch.action_space
    shape = () if hasattr(space, "n") else space.shape
    actions = (
        rng.uniform(-1, 1, (T, *shape)).astype(np.float32) if shape else rng.integers(2, size=T)
    )
    ends = np.arange(1, T + 1) % length == 0
    ends[-1] = True
    contexts = problem.contexts[:1] + (problem.env.space.validate(other),) * bool(other)
    episode = np.concatenate([[0], np.cumsum(ends)[:-1]])
    return Transitions(
        rng.normal(2.0, 3.0, (T, o)).astype(np.float32),
        actions,
        rng.normal(size=T).astype(np.float32),
        rng.normal(2.0, 3.0, (T, o)).astype(np.float32),
        ends & (episode % 2 == 0),
        ends & (episode % 2 == 1),
        (episode % len(contexts)).astype(np.int32),
        contexts,
    )


def same(one: Policy, other: Policy) -> bool:
    return one.spec == other.spec and same_weights(one, other)


def same_weights(one: Policy, other: Policy) -> bool:
    return all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)
