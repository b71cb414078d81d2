"""What a context feature means for a model, and the edits that are factors on whole arrays.

Edits change a `mujoco.MjModel` in place; after all edits of a context `set_constants` recomputes
what MuJoCo derives from the changed numbers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from rltransfer.envs.simulators.mujoco.bindings import mujoco
from rltransfer.errors import InvalidExperiment

__all__ = [
    "ARMATURE",
    "DAMPING",
    "FRICTION",
    "GEAR",
    "MASS",
    "STIFFNESS",
    "Edit",
    "ModelEdit",
    "Scale",
    "SlidingFriction",
]


class Edit(ABC):
    """The meaning of one feature."""

    @abstractmethod
    def own_value(self, model: mujoco.MjModel) -> float:
        """Return the feature's value in an unchanged model.

        Raises:
            InvalidExperiment: if the model lacks what the feature names.
        """


class ModelEdit(Edit):
    """A feature that is a matter of numbers in a compiled model."""

    @abstractmethod
    def apply(self, model: mujoco.MjModel, value: float, default: float) -> None:
        """Give a model, in which the feature still has its default, another value."""


@dataclass(frozen=True)
class Scale(ModelEdit):
    """A pure factor on whole arrays of the model.

    Attributes:
        arrays: names in `mujoco.MjModel`; one that this version of MuJoCo lacks is passed over.
    """

    arrays: tuple[str, ...]

    def own_value(self, model: mujoco.MjModel) -> float:
        """Return 1, if there is anything to multiply."""
        if not any(np.any(getattr(model, name)) for name in self._present(model)):
            raise InvalidExperiment(f"{' and '.join(self.arrays)} are 0 everywhere.")
        return 1.0

    def apply(self, model: mujoco.MjModel, value: float, default: float) -> None:
        """Multiply the arrays."""
        for name in self._present(model):
            getattr(model, name)[...] *= value / default

    def _present(self, model: mujoco.MjModel) -> list[str]:
        return [name for name in self.arrays if hasattr(model, name)]


MASS = Scale(("body_mass", "body_inertia"))
FRICTION = Scale(("geom_friction", "pair_friction"))  # of both sides: a contact takes the larger
DAMPING = Scale(("dof_damping", "dof_dampingpoly"))
ARMATURE = Scale(("dof_armature",))
STIFFNESS = Scale(("jnt_stiffness", "jnt_stiffnesspoly"))
GEAR = Scale(("actuator_gear",))


@dataclass(frozen=True)
class SlidingFriction(ModelEdit):
    """The sliding friction coefficient, where all geoms share one; torsion and rolling follow."""

    def own_value(self, model: mujoco.MjModel) -> float:
        """Return the coefficient that all geoms share."""
        low, high = model.geom_friction[:, 0].min(), model.geom_friction[:, 0].max()
        if low != high:
            raise InvalidExperiment(
                f"its geoms have friction coefficients from {low:g} to {high:g}. "
                "Use the feature 'friction_scale', a factor on all of them."
            )
        return float(low)

    def apply(self, model: mujoco.MjModel, value: float, default: float) -> None:
        """Scale the coefficients of all geoms."""
        FRICTION.apply(model, value, default)
