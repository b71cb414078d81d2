"""Features of the world around a model: gravity, the medium, the time step (`mujoco.MjOption`)."""

from __future__ import annotations

from dataclasses import dataclass

from rltransfer.envs.simulators.mujoco.bindings import mujoco
from rltransfer.envs.simulators.mujoco.edits import ModelEdit

__all__ = ["Gravity", "Option", "Wind"]

AIR = 1.2
"""Density of air at 20 °C and sea level, kg/m³."""


@dataclass(frozen=True)
class Gravity(ModelEdit):
    """Acceleration of gravity, m/s², downwards."""

    def own_value(self, model: mujoco.MjModel) -> float:
        """Return -g_z."""
        return -float(model.opt.gravity[2])

    def apply(self, model: mujoco.MjModel, value: float, default: float) -> None:
        """Set g_z."""
        model.opt.gravity[2] = -value


@dataclass(frozen=True)
class Option(ModelEdit):
    """A number of `mjOption`, such as `timestep`, `density` or `viscosity`."""

    name: str

    def own_value(self, model: mujoco.MjModel) -> float:
        """Return the option."""
        return float(getattr(model.opt, self.name))

    def apply(self, model: mujoco.MjModel, value: float, default: float) -> None:
        """Set the option."""
        setattr(model.opt, self.name, value)


@dataclass(frozen=True)
class Wind(ModelEdit):
    """Velocity of the medium along x, m/s; wind in a void is a wind of air.

    MuJoCo's drag is proportional to the medium's density, which is 0 in most of its models, so
    that wind alone would change nothing.
    """

    def own_value(self, model: mujoco.MjModel) -> float:
        """Return the wind along x."""
        return float(model.opt.wind[0])

    def apply(self, model: mujoco.MjModel, value: float, default: float) -> None:
        """Set the wind, and the density of air where there is none."""
        model.opt.wind[0] = value
        if model.opt.density == 0.0:
            model.opt.density = AIR
