"""Gymnasium's classic control with contexts: every environment alone, and many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np

from rltransfer.contexts import Context
from rltransfer.envs.simulators.base import ContextBatch, Simulator
from rltransfer.envs.simulators.classic.acrobot import AcrobotBatch
from rltransfer.envs.simulators.classic.arrays import ClassicBatch
from rltransfer.envs.simulators.classic.cartpole import CartPoleBatch
from rltransfer.envs.simulators.classic.mountain_car import MountainCarBatch
from rltransfer.envs.simulators.classic.mountain_car_continuous import MountainCarContinuousBatch
from rltransfer.envs.simulators.classic.pendulum import PendulumBatch
from rltransfer.envs.simulators.classic.physics import ContextualPhysics
from rltransfer.envs.simulators.fitting import require_base, require_known_features

if TYPE_CHECKING:
    from rltransfer.envs.spec import EnvironmentSpec

__all__ = ["BATCHES", "ClassicControl"]

BATCHES: dict[str, type[ClassicBatch]] = {
    "Acrobot-v1": AcrobotBatch,
    "CartPole-v1": CartPoleBatch,
    "MountainCar-v0": MountainCarBatch,
    "MountainCarContinuous-v0": MountainCarContinuousBatch,
    "Pendulum-v1": PendulumBatch,
}
"""By `base` of an `env.toml`; each batch names the scalar environment that it repeats."""


class ClassicControl(Simulator):
    """Builds the members of families whose `env.toml` says `simulator = "classic"`."""

    def build(
        self, spec: EnvironmentSpec, context: Context, render_mode: str | None = None
    ) -> ContextualPhysics:
        """Return a new scalar environment with this context."""
        return batch_of(spec).scalar(context, render_mode)

    def apply(self, env: gym.Env[Any, Any], context: Context) -> None:
        """Give an environment another context."""
        physics = env.unwrapped
        assert isinstance(physics, ContextualPhysics)
        physics.set_context(context)

    def batch(self, spec: EnvironmentSpec, contexts: Sequence[Context]) -> ContextBatch:
        """Return one member per context as an array program."""
        return batch_of(spec)(contexts)

    @property
    def rows_at_once(self) -> int:
        """As many as a small policy's activations leave in a core's cache."""
        return 4096

    def versions(self) -> dict[str, str]:
        """Return the versions of the libraries that decide the trajectories."""
        return {"gymnasium": gym.__version__, "numpy": np.__version__}


def batch_of(spec: EnvironmentSpec) -> type[ClassicBatch]:
    """Find the array program of a family and check that it knows the family's features.

    Raises:
        InvalidExperiment: naming what the `env.toml` asks for and what there is.
    """
    require_base(spec, BATCHES)
    batch = BATCHES[spec.base]
    require_known_features(spec, batch.scalar.ATTRIBUTES)
    return batch
