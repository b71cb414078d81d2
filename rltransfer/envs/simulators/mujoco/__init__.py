"""Gymnasium's MuJoCo environments with contexts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np

from rltransfer.contexts import Context
from rltransfer.envs.simulators.base import ContextBatch, Simulator
from rltransfer.envs.simulators.mujoco.bindings import keep_no_log_file, mujoco  # fails first
from rltransfer.envs.simulators.mujoco.environment import ContextualMujoco, build

if TYPE_CHECKING:
    from rltransfer.envs.spec import EnvironmentSpec

__all__ = ["MuJoCo"]


class MuJoCo(Simulator):
    """Builds the members of families whose `env.toml` says `simulator = "mujoco"`."""

    def __init__(self) -> None:
        keep_no_log_file()

    def build(
        self, spec: EnvironmentSpec, context: Context, render_mode: str | None = None
    ) -> ContextualMujoco:
        """Return a new scalar environment with this context."""
        return build(spec, context, render_mode)

    def apply(self, env: gym.Env[Any, Any], context: Context) -> None:
        """Give an environment another context."""
        member = env.unwrapped
        assert isinstance(member, ContextualMujoco)
        member.set_context(context)

    def batch(self, spec: EnvironmentSpec, contexts: Sequence[Context]) -> ContextBatch | None:
        """Return one member per context as an array program."""
        from rltransfer.envs.simulators.mujoco.batch import MujocoBatch

        return MujocoBatch(spec, contexts)

    @property
    def rows_at_once(self) -> int:
        """As many as share a core well: the physics of a row costs the same in any batch."""
        return 256

    def versions(self) -> dict[str, str]:
        """Return the versions of the libraries that decide the trajectories."""
        return {
            "gymnasium": gym.__version__,
            "mujoco": mujoco.__version__,
            "numpy": np.__version__,
        }
