"""PPO of Stable-Baselines3 on Gymnasium's environments one by one, and on our vector environment.

Equal hyperparameters, equal number of sub-environments, one torch thread; the two sides take turns
in one process, and both end in the same weights. "CPU" does not count what other processes use.

Run it with `python benchmarks/ppo_vecenv.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

import rltransfer
from rltransfer.envs import ContextualEnv
from rltransfer.envs.vector import ContextVecEnv

REPEATS = 5
SETTINGS: dict[str, dict[str, Any]] = {
    "SB3's defaults, 8 environments": {"n_envs": 8, "n_steps": 256, "steps": 8_192},
    "cartpole's own, 16 environments": {
        "n_envs": 16,
        "n_steps": 64,
        "batch_size": 256,
        "n_epochs": 8,
        "steps": 32_768,
    },
    "large minibatches, 128 environments": {
        "n_envs": 128,
        "n_steps": 64,
        "batch_size": 1024,
        "n_epochs": 4,
        "steps": 65_536,
    },
}


def dummy(env: ContextualEnv, n: int) -> VecEnv:
    return DummyVecEnv([lambda: Monitor(env.make()) for _ in range(n)])


def rows(env: ContextualEnv, n: int) -> VecEnv:
    return ContextVecEnv(env, [env.space.default] * n)


SIDES: dict[str, Callable[[ContextualEnv, int], VecEnv]] = {
    "DummyVecEnv": dummy,
    "ContextVecEnv": rows,
}


def train(venv: VecEnv, steps: int, **hyperparameters: Any) -> tuple[float, float, torch.Tensor]:
    agent = PPO("MlpPolicy", venv, seed=0, device="cpu", **hyperparameters)
    wall, cpu = time.perf_counter(), time.process_time()
    agent.learn(steps)
    spent = time.perf_counter() - wall, time.process_time() - cpu
    return *spent, torch.nn.utils.parameters_to_vector(agent.policy.parameters()).detach()


def compare(name: str, title: str, n_envs: int, steps: int, **hyperparameters: Any) -> None:
    env = rltransfer.make(name)
    walls: dict[str, list[float]] = {side: [] for side in SIDES}
    cpus: dict[str, list[float]] = {side: [] for side in SIDES}
    weights = {}
    for _ in range(REPEATS):
        for side, build in SIDES.items():
            wall, cpu, weights[side] = train(build(env, n_envs), steps, **hyperparameters)
            walls[side].append(wall)
            cpus[side].append(cpu)
    per_second = {side: steps / median(cpus[side]) for side in SIDES}
    ratio = median(cpus["DummyVecEnv"]) / median(cpus["ContextVecEnv"])
    wall = median(walls["DummyVecEnv"]) / median(walls["ContextVecEnv"])
    equal = torch.equal(*weights.values())
    print(f"{name}, {title}")
    for side, speed in per_second.items():
        print(f"    {side:14s} {speed:9,.0f} steps per CPU second")
    print(f"    ratio {ratio:.2f} (wall clock {wall:.2f}), equal weights: {equal}\n")


def main() -> None:
    torch.set_num_threads(1)
    for name in ("cartpole", "pendulum"):
        for title, settings in SETTINGS.items():
            compare(name, title, **settings)


if __name__ == "__main__":
    main()
