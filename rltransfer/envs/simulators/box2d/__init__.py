"""Gymnasium's Box2D environments with contexts that keep apart in one process."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np

from rltransfer.contexts import Context
from rltransfer.envs.simulators.base import Simulator
from rltransfer.envs.simulators.box2d.bipedal_walker import BipedalWalker
from rltransfer.envs.simulators.box2d.lunar_lander import LunarLander
from rltransfer.envs.simulators.box2d.machine import Machine
from rltransfer.envs.simulators.box2d.member import Box2DMember
from rltransfer.envs.simulators.fitting import require_base, require_known_features
from rltransfer.errors import InvalidExperiment, MissingDependency

if TYPE_CHECKING:
    from rltransfer.envs.spec import EnvironmentSpec

__all__ = ["MACHINES", "Box2D"]

MACHINES: dict[str, Machine] = {
    "BipedalWalker-v3": BipedalWalker(),
    "LunarLander-v3": LunarLander(continuous=False),
    "LunarLanderContinuous-v3": LunarLander(continuous=True),
}
"""By `base` of an `env.toml`."""


class Box2D(Simulator):
    """Builds the members of families whose `env.toml` says `simulator = "box2d"`.

    Raises:
        MissingDependency: if Box2D is not installed.
    """

    def __init__(self) -> None:
        if find_spec("Box2D") is None:
            raise MissingDependency(
                "the simulator 'box2d' needs Box2D, which is not installed: "
                "pip install 'rltransfer[box2d]'."
            )

    def build(
        self, spec: EnvironmentSpec, context: Context, render_mode: str | None = None
    ) -> Box2DMember:
        """Return a new environment with this context."""
        return Box2DMember(machine_of(spec), context, render_mode)

    def apply(self, env: gym.Env[Any, Any], context: Context) -> None:
        """Give an environment another context, from its next reset on."""
        member = env.unwrapped
        assert isinstance(member, Box2DMember)
        member.set_context(context)

    def versions(self) -> dict[str, str]:
        """Return the versions of the libraries that decide the trajectories."""
        return {
            "gymnasium": gym.__version__,
            "Box2D": import_module("Box2D").__version__,
            "numpy": np.__version__,
        }


def machine_of(spec: EnvironmentSpec) -> Machine:
    """Find the machine of a family and check that it knows the family's features.

    Raises:
        InvalidExperiment: naming what the `env.toml` asks for and what there is.
    """
    require_base(spec, MACHINES)
    require_known_features(spec, MACHINES[spec.base].features)
    if spec.options:
        raise InvalidExperiment(
            f"{spec.folder}: the simulator 'box2d' takes no options; got {', '.join(spec.options)}."
        )
    return MACHINES[spec.base]
