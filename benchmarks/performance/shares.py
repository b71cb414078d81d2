"""Where PPO's time goes: steps of the vector environment, the update, the rest of the rollout.

    python benchmarks/performance/shares.py

Timers around `VecEnv.step` and `PPO.train` of plain Stable-Baselines3 and of ours, at the settings
of the cases; the table goes into `docs/performance.md`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from cases.learners import VECTORS
from harness.table import put_between_markers
from peers.learner import Setting
from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger
from threadpoolctl import threadpool_limits

from rltransfer.training.fast_ppo import FastPPO

ROOT = Path(__file__).resolve().parents[2]
ITERATIONS = 4
SETTINGS = (
    Setting("CartPole-v1", n_envs=1, n_steps=2048),
    Setting("CartPole-v1", n_envs=8, n_steps=256),
    Setting("CartPole-v1", n_envs=16, n_steps=128, batch_size=256, n_epochs=4),
    Setting("Pendulum-v1", n_envs=8, n_steps=256),
    Setting("HalfCheetah-v5", n_envs=8, n_steps=256),
    Setting("Hopper-v5", n_envs=8, n_steps=256),
)
SIDES: dict[str, tuple[type[PPO], str]] = {
    "SB3 + DummyVecEnv": (PPO, "DummyVecEnv"),
    "ours": (FastPPO, "ContextVecEnv"),
}


class Stopwatch:
    """Adds up the seconds of a function's calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function, self.seconds = function, 0.0

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Call the function and time it."""
        began = time.perf_counter()
        found = self._function(*given, **named)
        self.seconds += time.perf_counter() - began
        return found


def shares(algorithm: type[PPO], vector: str, setting: Setting) -> list[float]:
    """Return microseconds per environment step: all, stepping, update, the rest of the rollout."""
    steps = ITERATIONS * setting.rollout
    with closing(VECTORS[vector](setting, 0)) as venv:
        agent = algorithm("MlpPolicy", venv, seed=0, device="cpu", **setting.ppo)
        agent.set_logger(Logger(folder=None, output_formats=[]))
        agent.learn(setting.rollout)
        stepping, update = Stopwatch(agent.env.step), Stopwatch(agent.train)
        agent.env.step, agent.train = stepping, update
        whole = Stopwatch(agent.learn)
        whole(steps, reset_num_timesteps=False)
    rest = whole.seconds - stepping.seconds - update.seconds
    return [1e6 * s / steps for s in (whole.seconds, stepping.seconds, update.seconds, rest)]


def row(setting: Setting, side: str) -> str:
    """Return a line of the table."""
    whole, *parts = shares(*SIDES[side], setting)
    name = f"{setting.env}, {setting.n_envs}, batch {setting.batch_size}"
    cells = [f"{part:.1f} ({part / whole:.0%})" for part in parts]
    return f"| {name} | {side} | {whole:.1f} | {' | '.join(cells)} |"


def main() -> None:
    """Measure and write."""
    lines = [
        "| setting | who | µs per step | `VecEnv.step` | update | rest of the rollout |",
        "|---|---|---|---|---|---|",
    ]
    lines += [row(setting, side) for setting in SETTINGS for side in SIDES]
    print("\n".join(lines))
    put_between_markers(ROOT / "docs" / "performance.md", "shares", "\n".join(lines))


if __name__ == "__main__":
    torch.set_num_threads(1)
    with threadpool_limits(1):
        main()
