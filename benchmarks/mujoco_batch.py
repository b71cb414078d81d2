"""One policy in 100 contexts of a MuJoCo family: users' loop, our evaluation, and the limit.

    loop      predict and env.step of Stable-Baselines3 and Gymnasium, one context after another
              (timed in every tenth context)
    evaluate  `rltransfer.evaluate`, all contexts at once, on all cores
    batch     the array program alone, fed with recorded actions
    limit     `mujoco.rollout` from the same starts with the same actions: C alone, on all cores

The ways run in turn in one process, one episode per context; medians of the repeats. The ratios
are the result: of the clock's seconds, and of core-seconds, to which an idle machine with c cores
adds about c times for all ways but the loop. The actions recorded are those of the policy, so
that the limit meets about the same contacts.

    python benchmarks/mujoco_batch.py [family ...]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import mujoco
import numpy as np
import torch
from gymnasium.utils.seeding import np_random
from mujoco.rollout import Rollout
from stable_baselines3 import PPO
from threadpoolctl import threadpool_limits

import rltransfer
from rltransfer.contexts import Context
from rltransfer.envs import ContextualEnv, TrainingDefaults
from rltransfer.envs.cores import thread_count
from rltransfer.envs.simulators.mujoco.batch.tasks import TASKS
from rltransfer.envs.simulators.mujoco.model import contextual_model
from rltransfer.evaluation import episode_seed, evaluate
from rltransfer.training.recipes import make_recipe
from rltransfer.training.sb3_export import export_sb3

FEATURES, CONTEXTS, SHARE, RECORDED, REPEATS, SEED = ("gravity",), 100, 10, 150, 5, 0
TRAINING = TrainingDefaults(origin="this benchmark", steps=100_000, n_envs=8)
Way = Callable[[], int]


def trained(env: ContextualEnv) -> rltransfer.Policy:
    """Train a policy, tanh 64-64, on the default context."""
    recipe = make_recipe("from-scratch", algorithm="PPO", defaults=TRAINING)
    (problem,) = recipe.problems(env, [env.space.default])
    return recipe.trainer(env).train(problem, seed=SEED).policy


def as_agent(policy: rltransfer.Policy) -> PPO:
    """Return the same policy as a Stable-Baselines3 agent."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "agent.zip"
        export_sb3(policy, path)
        return PPO.load(path, device="cpu")


def loop(agent: PPO, env: ContextualEnv, contexts: Sequence[Context]) -> Way:
    """Return what users write."""

    def run() -> int:
        steps = 0
        for context in contexts[::SHARE]:
            member = env.make(context)
            seen, _ = member.reset(seed=episode_seed(SEED, context))
            over = False
            while not over:
                action, _ = agent.predict(seen, deterministic=True)
                seen, _, terminated, truncated, _ = member.step(action)
                over, steps = terminated or truncated, steps + 1
        return steps

    return run


def evaluated(policy: rltransfer.Policy, env: ContextualEnv, contexts: Sequence[Context]) -> Way:
    """Return our evaluation, models built anew each time."""
    return lambda: int(evaluate(policy, env, contexts, 1, SEED).lengths.sum())


def started(env: ContextualEnv, contexts: Sequence[Context]) -> tuple[Any, Any, Any]:
    """Return a batch, the initial states of its members, and what they see."""
    batch = env.batch(contexts)
    generators = [np_random(episode_seed(SEED, context))[0] for context in contexts]
    states = np.concatenate([batch.initial_states(rng, 1) for rng in generators])
    return batch, states, batch.reset(np.arange(len(contexts)), states)


def record(policy: rltransfer.Policy, env: ContextualEnv, contexts: Sequence[Context]) -> Any:
    """Return the policy's actions, shape (RECORDED, n, a); members that fall go on lying."""
    batch, _, seen = started(env, contexts)
    actions = []
    for _ in range(RECORDED):
        actions.append(policy.act(seen))
        seen = batch.step(actions[-1]).observations
    return np.stack(actions)


def stepped(env: ContextualEnv, contexts: Sequence[Context], actions: Any) -> Way:
    """Return the array program alone."""
    batch, states, _ = started(env, contexts)

    def run() -> int:
        batch.reset(np.arange(len(contexts)), states)
        for action in actions:
            batch.step(action)
        return RECORDED * len(contexts)

    return run


def limit(env: ContextualEnv, contexts: Sequence[Context], actions: Any) -> Way:
    """Return MuJoCo's own loop in C: no observations, no rewards, no policy."""
    models = [contextual_model(env.spec, context) for context in contexts]
    _, states, _ = started(env, contexts)
    controls = np.repeat(actions.swapaxes(0, 1), TASKS[env.spec.base].frame_skip, axis=1)
    physics = np.stack([full_state(*one) for one in zip(models, states, strict=True)])
    threads = thread_count()
    data = [mujoco.MjData(models[0]) for _ in range(threads)]
    rollout = Rollout(nthread=threads if threads > 1 else 0)

    def run() -> int:
        rollout.rollout(models, data, physics, controls)
        return RECORDED * len(contexts)

    return run


def full_state(model: mujoco.MjModel, state: Any) -> Any:
    """Return what a rollout begins with: time, positions, velocities."""
    qpos, qvel = np.split(state, [model.nq])
    return np.concatenate([[0.0], model.qpos0 + qpos, qvel])


class Rate(NamedTuple):
    """Environment steps per second."""

    wall: float
    core: float  # per second of CPU: hardly disturbed by other users of the machine


def rate(way: Way) -> Rate:
    """Run one way once."""
    wall, core = time.perf_counter(), time.process_time()
    steps = way()
    return Rate(steps / (time.perf_counter() - wall), steps / (time.process_time() - core))


def ratio(rates: Sequence[dict[str, Rate]], one: str, other: str) -> str:
    """Say how many times as fast one way is as another."""
    wall, core = (median(r[one][k] / r[other][k] for r in rates) for k in (0, 1))
    return f"{one} / {other} {wall:5.2f} ({core:.2f} per core-second)"


def compare(env: ContextualEnv) -> None:
    """Print the rates of one family, and their ratios."""
    policy = trained(env)
    contexts = [env.space.validate(x) for x in env.space.select(FEATURES).grid(CONTEXTS)]
    actions = record(policy, env, contexts)
    ways = {
        "loop": loop(as_agent(policy), env, contexts),
        "evaluate": evaluated(policy, env, contexts),
        "batch": stepped(env, contexts, actions),
        "limit": limit(env, contexts, actions),
    }
    rates = [{name: rate(way) for name, way in ways.items()} for _ in range(REPEATS)]
    print(f"{env.spec.id}, {thread_count()} threads, thousands of steps per second:")
    print(
        "  " + "  ".join(f"{name} {median(r[name].wall for r in rates) / 1e3:.1f}" for name in ways)
    )
    for one, other in (("evaluate", "loop"), ("evaluate", "limit"), ("batch", "limit")):
        print("  " + ratio(rates, one, other))


if __name__ == "__main__":
    torch.set_num_threads(1)
    with threadpool_limits(1):
        for family in sys.argv[1:] or ("halfcheetah", "hopper"):
            compare(rltransfer.make(family))
