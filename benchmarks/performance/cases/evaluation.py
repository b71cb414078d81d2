"""The transfer matrix: 100 policies × 100 contexts × 10 episodes.

The policies are one that was trained and 99 whose weights are 2 % away from it, so that episodes
are as long as in a study. The loop that users write, `evaluate_policy` on a DummyVecEnv for each
context, is timed on one policy and ten of the contexts, with the same episodes; its speed is that
of the share. The limit does the same number of steps on as many rows at a time as are still alive:
the simulator's compiled step and the actor's matrix products, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial

import numpy as np
from harness.case import AtLeast, Case, Work
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv

import rltransfer
from cases.common import as_agent, grid, trained
from rltransfer.contexts import Context
from rltransfer.envs import ContextualEnv
from rltransfer.evaluation import episode_seed, evaluate
from rltransfer.training.network import layout_of

__all__ = ["CASES"]

CONTEXTS, EPISODES, SHARE, SEED = 100, 10, 10, 0
STEPS = {"cartpole": 60_000, "pendulum": 40_000}
NOISE = 0.02
ALIKE, NEAR = 0.5, 0.02
"""Of the episodes have to return the same, and all contexts on the average within 2 %: where a
pendulum is short, a last bit decides which way it falls."""

LOOP, OURS, LIMIT = "evaluate_policy loop", "ours", "simulator and matrix products"


@cache
def policies(name: str, number: int) -> tuple[rltransfer.Policy, ...]:
    """Return a policy trained on the default context, and others near it."""
    env = rltransfer.make(name)
    defaults = env.spec.training["PPO"].model_copy(update={"steps": STEPS[name]})
    first, rng = trained(env, defaults), np.random.default_rng(0)
    noisy = [
        {key: w * rng.normal(1.0, NOISE, w.shape) for key, w in first.weights.items()}
        for _ in range(number - 1)
    ]
    return first, *(rltransfer.Policy(first.spec, weights) for weights in noisy)


def episodes_of(env: ContextualEnv, target: Context) -> DummyVecEnv:
    """Return the environment of one target, seeded as ours."""
    venv = DummyVecEnv([lambda: Monitor(env.make(target))])
    venv.seed(episode_seed(SEED, target))
    return venv


@contextmanager
def loop(name: str, number: int) -> Iterator[Work]:
    """Yield what users write, for a share."""
    env = rltransfer.make(name)
    first = policies(name, number)[0]
    agent, targets = as_agent(first), grid(env, "length", CONTEXTS)[::SHARE]
    expected = evaluate(first, env, targets, EPISODES, SEED)

    def work() -> float:
        found = []
        for target in targets:
            venv = episodes_of(env, target)
            found.append(evaluate_policy(agent, venv, EPISODES, return_episode_rewards=True)[0])
        near = np.isclose(np.mean(found, axis=1), expected.mean, rtol=NEAR)
        if np.isclose(found, expected.returns, rtol=1e-4).mean() < ALIKE or not near.all():
            raise RuntimeError(f"the loop and ours return different numbers on {name}.")
        return float(expected.lengths.sum())

    yield work


@contextmanager
def ours(name: str, number: int) -> Iterator[Work]:
    """Yield the whole matrix."""
    env = rltransfer.make(name)
    targets, rows = grid(env, "length", CONTEXTS), policies(name, number)

    def work() -> float:
        found = [evaluate(policy, env, targets, EPISODES, SEED) for policy in rows]
        return float(sum(row.lengths.sum() for row in found))

    yield work


@contextmanager
def limit(name: str, number: int) -> Iterator[Work]:
    """Yield simulator and matrix products for the first policy's share of the matrix."""
    env = rltransfer.make(name)
    targets, policy = grid(env, "length", CONTEXTS), policies(name, number)[0]
    lengths = np.sort(evaluate(policy, env, targets, EPISODES, SEED).lengths, axis=None)
    alive = len(lengths) - np.searchsorted(lengths, np.arange(lengths[-1]), side="right")
    batches = {n: env.batch([env.space.default] * n) for n in np.unique(alive).tolist()}
    for n, batch in batches.items():
        batch.reset(np.arange(n), batch.initial_states(np.random.default_rng(0), n))
    weights = [policy.weights[layer.weight].T for layer in layout_of(policy.spec).actor]
    space = env.make().action_space
    actions = np.array([space.sample() for _ in lengths])

    def work() -> float:
        for n in alive.tolist():
            h = batches[n].step(actions[:n]).observations
            for W in weights:
                h = h @ W
        return float(lengths.sum())

    yield work


def case(name: str, number: int, times: float) -> Case:
    """Return the case of a family and a number of policies."""
    return Case(
        name=f"matrix-{name}",
        title=f"Transfer matrix, {name}, {number} × {CONTEXTS} × {EPISODES} episodes",
        unit="step",
        contenders={
            LOOP: partial(loop, name, number),
            OURS: partial(ours, name, number),
            LIMIT: partial(limit, name, number),
        },
        bars=(AtLeast(OURS, LOOP, times), AtLeast(OURS, LIMIT, 0.5)),
    )


CASES = (case("cartpole", 100, 300.0), case("pendulum", 1, 300.0))
