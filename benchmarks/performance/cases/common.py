"""What several cases need: a trained policy, ours and as an agent of Stable-Baselines3."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from stable_baselines3 import PPO

import rltransfer
from rltransfer.contexts import Context
from rltransfer.envs import ContextualEnv, TrainingDefaults
from rltransfer.training.recipes import make_recipe
from rltransfer.training.sb3_export import export_sb3

__all__ = ["as_agent", "grid", "trained"]


def trained(env: ContextualEnv, defaults: TrainingDefaults) -> rltransfer.Policy:
    """Train a policy on the default context by PPO."""
    recipe = make_recipe("from-scratch", algorithm="PPO", defaults=defaults)
    (problem,) = recipe.problems(env, [env.space.default])
    return recipe.trainer(env).train(problem, seed=0).policy


def as_agent(policy: rltransfer.Policy) -> PPO:
    """Return the same policy as a Stable-Baselines3 agent."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "agent.zip"
        export_sb3(policy, path)
        return PPO.load(path, device="cpu")


def grid(env: ContextualEnv, feature: str, points: int) -> Sequence[Context]:
    """Return complete contexts that differ in one feature."""
    return [env.space.validate(x) for x in env.space.select([feature]).grid(points)]
