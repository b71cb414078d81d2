"""Toy data whose values are known, in the spaces of real families."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

import rltransfer
from rltransfer.data import Transitions
from rltransfer.training import Policy, TrainingProblem
from rltransfer.training.head_start import HeadStart

GAMMA = 0.9


@dataclass(frozen=True)
class Toy:
    """Recorded transitions of one problem, and what a stage begins with."""

    problem: TrainingProblem
    data: Transitions

    @property
    def start(self) -> HeadStart:
        return HeadStart(data=self.data)


@dataclass(frozen=True)
class Chain(Toy):
    """Four states in a row: action 1 goes right, 0 left; beyond the last the episode terminates.

    Reaching the end gives 1, every other step costs 0.05. The recorded actions are random, and
    episodes are truncated after 12 steps.
    """

    states: np.ndarray  # (T,)

    def backup(self, values: np.ndarray) -> np.ndarray:
        """r + γ V(s') of both actions in each state, shape (4, 2)."""
        left = -0.05 + GAMMA * values[[0, 0, 1, 2]]
        right = np.append(-0.05 + GAMMA * values[1:], 1.0)
        return np.stack([left, right], axis=1)

    @property
    def shares(self) -> np.ndarray:
        """How often each action was taken in each state, shape (4, 2)."""
        counts = np.zeros((4, 2))
        np.add.at(counts, (self.states, self.data.actions), 1.0)
        return counts / counts.sum(axis=1, keepdims=True)

    def values(self, expectile: float) -> np.ndarray:
        """V of each state: its actions' mean, in which the better counts τ and the other 1 - τ."""
        values = np.zeros(4)
        for _ in range(500):
            q = self.backup(values)
            better = q == q.max(axis=1, keepdims=True)
            weight = self.shares * np.where(better, expectile, 1.0 - expectile)
            values = (weight * q).sum(axis=1) / weight.sum(axis=1)
        return values

    def one_of_each(self, found: np.ndarray) -> np.ndarray:
        """The first entry of each state out of one for each transition."""
        return found[[np.flatnonzero(self.states == s)[0] for s in range(4)]]


def observations_of(states: np.ndarray, size: int) -> np.ndarray:
    """Distinct vectors, of unequal scales, for states; any for those beyond the last."""
    codes = np.concatenate([np.eye(size), np.ones((1, size))]) * (1.0 + np.arange(size))
    return codes[states].astype(np.float32)


def problem_of(env: str, **context: float) -> TrainingProblem:
    return TrainingProblem(rltransfer.make(env), [context])


def make_chain(episodes: int = 400, seed: int = 0, limit: int = 12, **context: float) -> Chain:
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(episodes):
        state = int(rng.integers(4))
        for t in range(limit):
            action = int(rng.integers(2))
            after = state + 1 if action else max(state - 1, 0)
            ended = after == 4
            cut = t == limit - 1 and not ended
            rows.append((state, action, after, ended, cut))
            if ended:
                break
            state = after
    states, actions, after, terminated, truncated = (
        np.array(column) for column in zip(*rows, strict=True)
    )
    problem = problem_of("cartpole", **context)
    data = Transitions(
        observations=observations_of(states, 4),
        actions=actions.astype(np.int64),
        rewards=np.where(terminated, 1.0, -0.05).astype(np.float32),
        next_observations=observations_of(after, 4),
        terminated=terminated,
        truncated=truncated,
        context_index=np.zeros(len(rows), np.int32),
        contexts=problem.contexts,
    )
    return Chain(problem, data, states)


@dataclass(frozen=True)
class Bandit(Toy):
    """One continuous action, then the episode terminates: the reward is -(a - wanted)²."""

    wanted: np.ndarray  # (T,)


def make_bandit(size: int = 4000, seed: int = 0) -> Bandit:
    rng = np.random.default_rng(seed)
    states = rng.integers(2, size=size)
    wanted = np.where(states == 0, 1.0, -0.5)
    actions = rng.uniform(-2.0, 2.0, size)
    problem = problem_of("pendulum")
    data = Transitions(
        observations=observations_of(states, 3),
        actions=actions[:, None].astype(np.float32),
        rewards=-np.square(actions - wanted).astype(np.float32),
        next_observations=observations_of(states, 3),
        terminated=np.ones(size, bool),
        truncated=np.zeros(size, bool),
        context_index=np.zeros(size, np.int32),
        contexts=problem.contexts,
    )
    return Bandit(problem, data, wanted)


def make_loop(ended: str, size: int = 256) -> Toy:
    """Steps of reward 1 from a state to itself, each of them a whole episode."""
    problem, noise = problem_of("cartpole"), np.random.default_rng(0)
    observations = noise.normal(size=(size, 4)).astype(np.float32)
    yes, no = np.ones(size, bool), np.zeros(size, bool)
    data = Transitions(
        observations=observations,
        actions=noise.integers(2, size=size),
        rewards=np.ones(size, np.float32) + 0.2 * noise.normal(size=size).astype(np.float32),
        next_observations=observations,
        terminated=yes if ended == "terminated" else no,
        truncated=yes if ended == "truncated" else no,
        context_index=np.zeros(size, np.int32),
        contexts=problem.contexts,
    )
    return Toy(problem, data)


def value_by_hand(policy: Policy, observations: np.ndarray) -> np.ndarray:
    """What a policy's own value network says of raw observations, computed by hand."""
    h, stats = observations.astype(np.float64), policy.spec.normalization
    if stats is not None:
        h = (h - np.array(stats.mean)) / np.sqrt(np.array(stats.var) + stats.epsilon)
        h = np.clip(h, -stats.clip, stats.clip)
    w = policy.weights
    for i in range(len(policy.spec.network.critic)):
        name = f"mlp_extractor.value_net.{2 * i}"
        h = np.tanh(h @ w[f"{name}.weight"].T + w[f"{name}.bias"])
    return (h @ w["value_net.weight"].T + w["value_net.bias"])[:, 0]


@pytest.fixture(scope="session")
def chain() -> Chain:
    return make_chain()


@pytest.fixture(scope="session")
def bandit() -> Bandit:
    return make_bandit()


@pytest.fixture(scope="session")
def new_chain() -> Callable[..., Chain]:
    return make_chain


@pytest.fixture(scope="session")
def new_loop() -> Callable[[str], Toy]:
    return make_loop


@pytest.fixture(scope="session")
def value_of() -> Callable[[Policy, np.ndarray], np.ndarray]:
    return value_by_hand
