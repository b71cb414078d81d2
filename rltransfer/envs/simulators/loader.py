"""From the word after `simulator =` in an `env.toml` to the adapter that builds environments."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from rltransfer.envs.simulators.base import Simulator
from rltransfer.errors import InvalidExperiment, MissingDependency, UnknownName, did_you_mean

__all__ = ["SIMULATORS", "load_simulator"]

SIMULATORS = {
    "box2d": "rltransfer.envs.simulators.box2d:Box2D",
    "classic": "rltransfer.envs.simulators.classic:ClassicControl",
    "input-only": "rltransfer.envs.simulators.input_only:InputOnly",
    "lane": "rltransfer.envs.simulators.lane:SignalisedLane",
    "mujoco": "rltransfer.envs.simulators.mujoco:MuJoCo",
    "ring": "rltransfer.envs.simulators.ring:RingRoad",
    "sumo": "rltransfer.envs.simulators.sumo:Sumo",
}
"""Our own adapters; another package's is written as `package.module:Class`."""


@cache
def load_simulator(name: str) -> Simulator:
    """Import and build the adapter of this name.

    Raises:
        UnknownName: if the name is neither ours nor of the form `package.module:Class`.
        MissingDependency: if the adapter's library is not installed.
        InvalidExperiment: if what is found there is not a `Simulator`.
    """
    path = name if ":" in name else SIMULATORS.get(name)
    if path is None:
        raise UnknownName(
            f"unknown simulator {name!r}{did_you_mean(name, SIMULATORS)} "
            f"Known: {', '.join(SIMULATORS)}; or write 'package.module:Class'."
        )
    module, _, attribute = path.partition(":")
    try:
        adapter = getattr(import_module(module), attribute)()
    except ModuleNotFoundError as error:
        raise MissingDependency(
            f"the simulator {name!r} needs {error.name!r}, which is not installed."
        ) from error
    except AttributeError:
        raise InvalidExperiment(f"module {module!r} has no simulator {attribute!r}.") from None
    if not isinstance(adapter, Simulator):
        raise InvalidExperiment(f"{path} must be a subclass of rltransfer's Simulator.")
    return adapter
