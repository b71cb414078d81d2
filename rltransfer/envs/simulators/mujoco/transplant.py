"""Writing one model's numbers into another of the same structure."""

from __future__ import annotations

from functools import cache

import numpy as np

from rltransfer.envs.simulators.mujoco.bindings import mujoco

__all__ = ["transplant"]

OPTIONS = ("density", "gravity", "timestep", "viscosity", "wind")
STATISTICS = ("center", "extent", "meaninertia", "meanmass", "meansize")


def transplant(source: mujoco.MjModel, target: mujoco.MjModel) -> None:
    """Make `target`, which was compiled from the same MJCF, equal to `source` in place."""
    for name in array_names():
        getattr(target, name)[...] = getattr(source, name)
    for name in OPTIONS:
        setattr(target.opt, name, getattr(source.opt, name))
    for name in STATISTICS:
        setattr(target.stat, name, getattr(source.stat, name))


@cache
def array_names() -> tuple[str, ...]:
    """Return the names of a model's arrays of numbers that may be written."""
    model = mujoco.MjModel.from_xml_string("<mujoco/>")
    names = (name for name in dir(model) if not name.startswith("_"))
    arrays = {name: value for name in names if is_array(value := getattr(model, name))}
    return tuple(name for name, value in arrays.items() if value.flags.writeable)


def is_array(value: object) -> bool:
    """Say whether an attribute of a model is an array."""
    return isinstance(value, np.ndarray)
