"""What owner and worker say to each other.

The owner first sends a `WorldAddress`, then (method, arguments) for each call of the world. Every
call is answered with (kind, value), where the kind is one of

    DONE      the value is what the method returned, with the world's `info`
    REFUSED   the value is an error of ours, to be raised on the owner's side
    FAILED    the value is a text; the worker is of no further use
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from rltransfer.envs.simulators.sumo.world import World

__all__ = ["DONE", "FAILED", "REFUSED", "SCRATCH", "WorldAddress", "load_world"]

DONE, REFUSED, FAILED = "done", "refused", "failed"

SCRATCH = "rltransfer-sumo-"
"""How the name of a worker's scratch folder begins; no other folder is ever removed."""


class WorldAddress(NamedTuple):
    """Where a world is found and what it is built with: plain data."""

    path: str  # package.module:Class
    options: dict[str, Any]
    folder: Path  # absolute
    timeout: float  # seconds for one answer


def load_world(path: str) -> type[World]:
    """Import the world class at `package.module:Class`."""
    module, _, name = path.partition(":")
    world: type[World] = getattr(import_module(module), name)
    if not issubclass(world, World):
        raise TypeError(f"{path} must be a subclass of World.")
    return world
