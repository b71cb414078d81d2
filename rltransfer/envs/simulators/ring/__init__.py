"""Ring roads with a guided vehicle: array programs that drive as SUMO does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np

from rltransfer.contexts import Context
from rltransfer.envs.simulators.base import Simulator
from rltransfer.envs.simulators.ring.batch import FEATURES, RingBatch
from rltransfer.envs.simulators.ring.env import AdvisoryRing
from rltransfer.envs.simulators.ring.options import RingOptions
from rltransfer.errors import InvalidExperiment, did_you_mean

if TYPE_CHECKING:
    from rltransfer.envs.spec import EnvironmentSpec

__all__ = ["AdvisoryRing", "RingBatch", "RingRoad"]


class RingRoad(Simulator):
    """Builds the members of families whose `env.toml` says `simulator = "ring"`."""

    def build(
        self, spec: EnvironmentSpec, context: Context, render_mode: str | None = None
    ) -> AdvisoryRing:
        """Return a new ring with this context."""
        return AdvisoryRing(self.batch(spec, [context]), render_mode)

    def apply(self, env: gym.Env[Any, Any], context: Context) -> None:
        """Give a ring another context."""
        ring = env.unwrapped
        assert isinstance(ring, AdvisoryRing)
        ring.set_context(context)

    def batch(self, spec: EnvironmentSpec, contexts: Sequence[Context]) -> RingBatch:
        """Return one ring per context as an array program."""
        names = spec.space.names
        if unknown := [name for name in names if name not in FEATURES]:
            raise InvalidExperiment(
                f"{spec.folder}: a ring road has no context feature {unknown[0]!r}"
                f"{did_you_mean(unknown[0], FEATURES)} Known: {', '.join(FEATURES)}."
            )
        most = spec.space["vehicles"].high if "vehicles" in names else FEATURES["vehicles"]
        return RingBatch(contexts, RingOptions.of(spec.options, str(spec.folder)), round(most))

    @property
    def rows_at_once(self) -> int:
        """As many as leave a step's arrays in a core's cache."""
        return 1024

    def versions(self) -> dict[str, str]:
        """Return the versions of the libraries that decide the trajectories."""
        return {"gymnasium": gym.__version__, "numpy": np.__version__}
