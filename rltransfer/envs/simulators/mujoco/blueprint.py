"""A family's MJCF, read once: what every member is a copy of, and what new shapes are made from."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.mujoco.bindings import mujoco
from rltransfer.envs.simulators.mujoco.constants import set_constants
from rltransfer.envs.simulators.mujoco.stance import lowest_points
from rltransfer.errors import InvalidExperiment

__all__ = ["Blueprint"]

T = TypeVar("T")


@dataclass(frozen=True)
class Blueprint:
    """An MJCF, uncompiled and compiled; nobody changes either.

    Attributes:
        path: the file.
        shape: the uncompiled model, whose `settotalmass` is off.
        density: the factor on all masses by which the file's `settotalmass` is met.
        model: the compiled model, equal to what MuJoCo makes of the file.
        lowest: heights of the model's lowest points, m, one per body that hangs from the world.
    """

    path: Path
    shape: mujoco.MjSpec
    density: float
    model: mujoco.MjModel
    lowest: NDArray[np.float64]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read and compile a file.

        Raises:
            InvalidExperiment: with the path and MuJoCo's own words.
        """
        shape = in_own_words(path, lambda: mujoco.MjSpec.from_file(str(path)))
        total, shape.compiler.settotalmass = shape.compiler.settotalmass, -1.0
        model = in_own_words(path, lambda: shape.copy().compile())
        density = total / mujoco.mj_getTotalmass(model) if total > 0 else 1.0
        weigh(model, density)
        scratch = mujoco.MjData(model)
        set_constants(model, scratch)
        return cls(path, shape, density, model, lowest_points(model, scratch))

    def build(self) -> mujoco.MjModel:
        """Return a new model of the unchanged shape."""
        return copy.copy(self.model)

    def rebuild(self, shape: mujoco.MjSpec) -> mujoco.MjModel:
        """Return a new model of a changed shape and the same density, its constants not yet set."""
        model = in_own_words(self.path, shape.compile)
        weigh(model, self.density)
        return model


def weigh(model: mujoco.MjModel, density: float) -> None:
    """Multiply all masses, as MuJoCo's compiler does for the deprecated `settotalmass`."""
    model.body_mass[1:] *= density
    model.body_inertia[1:] *= density


def in_own_words(path: Path, call: Callable[[], T]) -> T:
    """Call MuJoCo's reader or compiler; say what it says of a file that it refuses."""
    try:
        return call()
    except ValueError as error:
        words = " ".join(str(error).split()).rstrip(".")
        raise InvalidExperiment(f"{path}: MuJoCo cannot use this model: {words}.") from None
