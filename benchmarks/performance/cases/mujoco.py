"""One policy in 100 contexts of a MuJoCo family: users' loop, our evaluation, and the limit.

    loop      predict and env.step of Stable-Baselines3 and Gymnasium, one context after another
              (timed in every tenth context)
    ours      `rltransfer.evaluate`, all contexts at once, on all cores
    batch     the array program alone, fed with recorded actions
    limit     `mujoco.rollout` from the same starts with the same actions: C alone, on all cores

One episode per context. The actions recorded are those of the policy, so that the limit meets
about the same contacts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
from gymnasium.utils.seeding import np_random
from harness.case import AtLeast, Case, Unavailable, Work

import rltransfer
from cases.common import as_agent, grid, trained
from rltransfer.contexts import Context
from rltransfer.envs import ContextualEnv, TrainingDefaults
from rltransfer.envs.cores import thread_count
from rltransfer.envs.simulators import ContextBatch
from rltransfer.evaluation import episode_seed, evaluate

__all__ = ["CASES"]

FEATURE, CONTEXTS, SHARE, RECORDED, SEED = "gravity", 100, 10, 150, 0
TRAINING = TrainingDefaults(origin="this benchmark", steps=20_000, n_envs=8)

LOOP, OURS, BATCH, LIMIT = "loop", "ours", "batch", "limit"


class Subject(NamedTuple):
    """A family, its contexts, a policy, and the actions it took, shape (RECORDED, n, a)."""

    env: ContextualEnv
    contexts: list[Context]
    policy: rltransfer.Policy
    actions: np.ndarray


@cache
def subject(name: str) -> Subject:
    """Train a policy and record it; members that fall go on lying.

    Raises:
        Unavailable: without MuJoCo.
    """
    try:
        import mujoco  # noqa: F401
    except ImportError:
        raise Unavailable('MuJoCo is missing: pip install "rltransfer[mujoco]"') from None
    env = rltransfer.make(name)
    contexts, policy = list(grid(env, FEATURE, CONTEXTS)), trained(env, TRAINING)
    batch, _, seen = started(env, contexts)
    actions = []
    for _ in range(RECORDED):
        actions.append(policy.act(seen))
        seen = batch.step(actions[-1]).observations
    return Subject(env, contexts, policy, np.stack(actions))


def started(env: ContextualEnv, contexts: list[Context]) -> tuple[ContextBatch, Any, Any]:
    """Return a batch, the initial states of its members, and what they see."""
    batch = env.batch(contexts)
    generators = [np_random(episode_seed(SEED, context))[0] for context in contexts]
    states = np.concatenate([batch.initial_states(rng, 1) for rng in generators])
    return batch, states, batch.reset(np.arange(len(contexts)), states)


@contextmanager
def loop(name: str) -> Iterator[Work]:
    """Yield what users write."""
    env, contexts, policy, _ = subject(name)
    agent = as_agent(policy)
    yield lambda: float(sum(one_episode(agent, env, x) for x in contexts[::SHARE]))


def one_episode(agent: Any, env: ContextualEnv, context: Context) -> int:
    """Play one episode; return its steps."""
    member, steps, over = env.make(context), 0, False
    seen, _ = member.reset(seed=episode_seed(SEED, context))
    while not over:
        action, _ = agent.predict(seen, deterministic=True)
        seen, _, terminated, truncated, _ = member.step(action)
        over, steps = terminated or truncated, steps + 1
    return steps


@contextmanager
def evaluated(name: str) -> Iterator[Work]:
    """Yield our evaluation, models built anew each time."""
    env, contexts, policy, _ = subject(name)
    yield lambda: float(evaluate(policy, env, contexts, 1, SEED).lengths.sum())


@contextmanager
def stepped(name: str) -> Iterator[Work]:
    """Yield the array program alone."""
    env, contexts, _, actions = subject(name)
    batch, states, _ = started(env, contexts)

    def work() -> float:
        batch.reset(np.arange(len(contexts)), states)
        for action in actions:
            batch.step(action)
        return RECORDED * len(contexts)

    yield work


@contextmanager
def limit(name: str) -> Iterator[Work]:
    """Yield MuJoCo's own loop in C: no observations, no rewards, no policy."""
    env, contexts, _, actions = subject(name)
    import mujoco
    from mujoco.rollout import Rollout

    from rltransfer.envs.simulators.mujoco.batch.tasks import TASKS
    from rltransfer.envs.simulators.mujoco.model import contextual_model

    models = [contextual_model(env.spec, context) for context in contexts]
    _, states, _ = started(env, contexts)
    controls = np.repeat(actions.swapaxes(0, 1), TASKS[env.spec.base].frame_skip, axis=1)
    physics = np.stack([full_state(*one) for one in zip(models, states, strict=True)])
    threads = thread_count()
    data = [mujoco.MjData(models[0]) for _ in range(threads)]
    rollout = Rollout(nthread=threads if threads > 1 else 0)

    def work() -> float:
        rollout.rollout(models, data, physics, controls)
        return RECORDED * len(contexts)

    yield work


def full_state(model: Any, state: np.ndarray) -> np.ndarray:
    """Return what a rollout begins with: time, positions, velocities."""
    qpos, qvel = np.split(state, [model.nq])
    return np.concatenate([[0.0], model.qpos0 + qpos, qvel])


def case(name: str, times: float, share: float) -> Case:
    """Return the case of a family."""
    ways = {LOOP: loop, OURS: evaluated, BATCH: stepped, LIMIT: limit}
    return Case(
        name=f"evaluation-{name}",
        title=f"Evaluation, {name}, one policy in {CONTEXTS} contexts",
        unit="step",
        contenders={way: partial(prepare, name) for way, prepare in ways.items()},
        bars=(
            AtLeast(OURS, LOOP, times),
            AtLeast(OURS, LIMIT, share),
            AtLeast(BATCH, LIMIT, 0.92),
        ),
        rounds=3,
    )


CASES = (case("halfcheetah", 4.0, 0.75), case("hopper", 2.8, 0.85))
