"""SUMO with contexts: each environment is a process of its own, many are stepped in parallel.

A family's `base` names its world: one of `WORLDS`, or `package.module:Class` for a `World` of
your own (then give the family a `gym_id`, too).
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
from pydantic import ValidationError

from rltransfer.contexts import Context
from rltransfer.envs.cores import usable_cores
from rltransfer.envs.simulators.base import ContextBatch, Simulator
from rltransfer.envs.simulators.fitting import require_all_features
from rltransfer.envs.simulators.sumo.batch import ProcessBatch
from rltransfer.envs.simulators.sumo.env import SumoEnv
from rltransfer.envs.simulators.sumo.member import Member
from rltransfer.envs.simulators.sumo.protocol import WorldAddress, load_world
from rltransfer.envs.simulators.sumo.world import Outcome, Spaces, World, WorldOptions
from rltransfer.errors import (
    InvalidExperiment,
    MissingDependency,
    did_you_mean,
    explain_validation,
)

if TYPE_CHECKING:
    from rltransfer.envs.spec import EnvironmentSpec

__all__ = ["WORLDS", "Outcome", "Spaces", "Sumo", "World", "WorldOptions"]

HERE = "rltransfer.envs.simulators.sumo"
WORLDS = {
    "EcoDrivingSumo-v0": f"{HERE}.eco_driving:EcoDriving",
    "OnRamp-v0": f"{HERE}.ramp:OnRamp",
    "SignalNetwork-v0": f"{HERE}.own_network:OwnNetwork",
    "TrafficSignal-v0": f"{HERE}.traffic_signal:TrafficSignal",
    "TrafficSignalSumoRL-v0": f"{HERE}.traffic_signal_sumo_rl:TrafficSignalSumoRL",
}
"""By `base` of an `env.toml`: where the world's class is."""


class Sumo(Simulator):
    """Builds the members of families whose `env.toml` says `simulator = "sumo"`."""

    def build(
        self, spec: EnvironmentSpec, context: Context, render_mode: str | None = None
    ) -> SumoEnv:
        """Return a new environment; its process starts with its first episode."""
        address, spaces = opened(spec)
        return SumoEnv(Member(address, spec.id), spaces, context, render_mode)

    def apply(self, env: gym.Env[Any, Any], context: Context) -> None:
        """Give an environment another context."""
        window = env.unwrapped
        assert isinstance(window, SumoEnv)
        window.set_context(context)

    def batch(self, spec: EnvironmentSpec, contexts: Sequence[Context]) -> ContextBatch:
        """Return one process per context, stepped at the same time."""
        address, spaces = opened(spec)
        return ProcessBatch(contexts, lambda: Member(address, spec.id), spaces)

    @property
    def rows_at_once(self) -> int:
        """As many as there are usable cores: each member keeps one busy."""
        return usable_cores()

    def versions(self) -> dict[str, str]:
        """Return the versions of the libraries that decide the trajectories."""
        try:
            return {"libsumo": version("libsumo"), "numpy": np.__version__}
        except PackageNotFoundError:
            return {"numpy": np.__version__}


def opened(spec: EnvironmentSpec) -> tuple[WorldAddress, Spaces]:
    """Return where a family's world is found, and its spaces; starts nothing.

    Raises:
        MissingDependency: if SUMO is not installed.
        InvalidExperiment: naming what the `env.toml` asks for and what there is.
    """
    world = world_of(spec)
    require_sumo(spec)
    require_all_features(spec, world.FEATURES)
    try:
        options = world.Options.model_validate(dict(spec.options))
    except ValidationError as error:
        raise InvalidExperiment(explain_validation(error, f"{spec.folder}: [options]")) from None
    folder = spec.folder.absolute()
    path = WORLDS.get(spec.base, spec.base)
    address = WorldAddress(path, dict(spec.options), folder, options.step_timeout)
    return address, world.spaces(spec.options, folder)


def world_of(spec: EnvironmentSpec) -> type[World]:
    """Import the class of a family's world."""
    if spec.base not in WORLDS and ":" not in spec.base:
        raise InvalidExperiment(
            f"{spec.folder}: the simulator 'sumo' has no base {spec.base!r}"
            f"{did_you_mean(spec.base, WORLDS)} Known: {', '.join(WORLDS)}; or write "
            "'package.module:Class'."
        )
    try:
        return load_world(WORLDS.get(spec.base, spec.base))
    except (ImportError, AttributeError, TypeError) as error:
        raise InvalidExperiment(f"{spec.folder}: base {spec.base!r}: {error}") from error


def require_sumo(spec: EnvironmentSpec) -> None:
    """Refuse to go on without libsumo, which only workers import."""
    if find_spec("libsumo") is None:
        raise MissingDependency(
            f"{spec.id} needs SUMO, which is not installed: pip install 'rltransfer[traffic]'."
        )
