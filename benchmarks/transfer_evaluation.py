"""One policy, 100 contexts x 10 episodes: `evaluate` against the loop that users write today.

    python benchmarks/transfer_evaluation.py [repeats]

The loop is Stable-Baselines3's `evaluate_policy` on a `DummyVecEnv` for each context, with the
same policy and the same episodes; its time is measured on every tenth context and counts tenfold.
Both sides run alternately in this process, with one thread. Returns are compared, too.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv
from threadpoolctl import threadpool_limits

import rltransfer
from rltransfer.contexts import Context
from rltransfer.envs import ContextualEnv
from rltransfer.evaluation import episode_seed, evaluate
from rltransfer.training.recipes import make_recipe
from rltransfer.training.sb3_export import export_sb3

CONTEXTS, EPISODES, SHARE, SEED = 100, 10, 10, 0


def trained(env: ContextualEnv, steps: int) -> rltransfer.Policy:
    """Train a policy on the default context."""
    defaults = env.spec.training["PPO"].model_copy(update={"steps": steps})
    recipe = make_recipe("from-scratch", algorithm="PPO", defaults=defaults)
    (problem,) = recipe.problems(env, [env.space.default])
    return recipe.trainer(env).train(problem, seed=0).policy


def user_loop(agent: PPO, env: ContextualEnv, target: Context) -> list[float]:
    """Evaluate in one context as users do."""
    venv = DummyVecEnv([lambda: Monitor(env.make(target))])
    venv.seed(episode_seed(SEED, target))
    returns, _ = evaluate_policy(agent, venv, EPISODES, return_episode_rewards=True)
    return returns


def compare(name: str, feature: str, steps: int, repeats: int) -> None:
    """Time both sides alternately and print the ratio."""
    env = rltransfer.make(name)
    policy = trained(env, steps)
    agent = as_agent(policy)
    targets = [env.space.validate(x) for x in env.space.select([feature]).grid(CONTEXTS)]
    ours, theirs, equal, apart = [], [], [], []
    for _ in range(repeats):
        start = time.perf_counter()
        found = evaluate(policy, env, targets, EPISODES, SEED)
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        looped = [user_loop(agent, env, target) for target in targets[::SHARE]]
        theirs.append((time.perf_counter() - start) * SHARE)
        equal.append(np.isclose(found.returns[::SHARE], looped, rtol=1e-5).mean())
        apart.append(np.abs(found.mean[::SHARE] / np.mean(looped, axis=1) - 1).max())
    ratio = statistics.median(t / o for o, t in zip(ours, theirs, strict=True))
    print(
        f"{name:10} {found.lengths.sum():8,} steps  loop {statistics.median(theirs):7.2f} s  "
        f"evaluate {statistics.median(ours) * 1000:7.1f} ms  ratio {ratio:6.0f} x  "
        f"episodes equal to 1e-5 {min(equal):.1%}, contexts' means to {max(apart):.0e}"
    )


def as_agent(policy: rltransfer.Policy) -> PPO:
    """Return the same policy as a Stable-Baselines3 agent."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "agent.zip"
        export_sb3(policy, path)
        return PPO.load(path, device="cpu")


if __name__ == "__main__":
    torch.set_num_threads(1)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with threadpool_limits(1):
        compare("cartpole", "length", 60_000, count)
        compare("pendulum", "length", 40_000, count)
