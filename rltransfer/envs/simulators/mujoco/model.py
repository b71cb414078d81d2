"""From a family's description and a context to a `mujoco.MjModel`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Self

from rltransfer.contexts import Context, ContextSpace
from rltransfer.envs.simulators.mujoco.bindings import mujoco
from rltransfer.envs.simulators.mujoco.blueprint import Blueprint
from rltransfer.envs.simulators.mujoco.constants import set_constants
from rltransfer.envs.simulators.mujoco.edits import Edit, ModelEdit
from rltransfer.envs.simulators.mujoco.families import Family, family_of
from rltransfer.envs.simulators.mujoco.limbs import LimbLength
from rltransfer.envs.simulators.mujoco.source import gymnasiums_file, mjcf_of
from rltransfer.envs.simulators.mujoco.stance import stand
from rltransfer.errors import InvalidExperiment

if TYPE_CHECKING:
    from rltransfer.envs.spec import EnvironmentSpec

__all__ = ["ModelPlan", "contextual_model", "plan_of"]

SAME = 1e-5
"""How far, relatively, a feature's default may be from the model's own value."""


def contextual_model(spec: EnvironmentSpec, context: Context) -> mujoco.MjModel:
    """Return a new model with this complete context.

    Raises:
        InvalidExperiment: if the family's description does not fit MuJoCo or its MJCF.
    """
    return plan_of(spec).model(context)


class Change(NamedTuple):
    """A feature that has another value than its default."""

    edit: Edit
    value: float
    default: float


@dataclass(frozen=True)
class ModelPlan:
    """How the models of a family are made.

    Attributes:
        family: what its features mean.
        blueprint: the unchanged model.
        space: the features.
    """

    family: Family
    blueprint: Blueprint
    space: ContextSpace

    @classmethod
    def of(cls, spec: EnvironmentSpec) -> Self:
        """Read the family's MJCF and check that features and model fit."""
        family = family_of(spec)
        plan = cls(family, Blueprint.read(mjcf_of(spec, family.environment)), spec.space)
        require_same_sizes(plan.blueprint, Blueprint.read(gymnasiums_file(family.environment)))
        plan._check_defaults()
        return plan

    def model(self, context: Context, scratch: mujoco.MjData | None = None) -> mujoco.MjModel:
        """Return a new model with this complete context; the default one is Gymnasium's own.

        Args:
            context: complete.
            scratch: of a member of the family, whose contents are lost; saves making one.
        """
        changes = self._changes(context)
        if not changes:
            return self.blueprint.build()
        scratch = scratch or mujoco.MjData(self.blueprint.model)
        model = self._shaped(changes, scratch)
        for edit, value, default in changes:
            if isinstance(edit, ModelEdit):
                edit.apply(model, value, default)
        set_constants(model, scratch)
        return model

    def reshapes(self, context: Context) -> bool:
        """Say whether a member's limbs have other lengths than usual."""
        return any(isinstance(change.edit, LimbLength) for change in self._changes(context))

    def _changes(self, context: Context) -> list[Change]:
        given = [(self.space[name], value) for name, value in context.items()]
        return [
            Change(self.family.edits[feature.name], value, feature.default)
            for feature, value in given
            if value != feature.default
        ]

    def _shaped(self, changes: list[Change], scratch: mujoco.MjData) -> mujoco.MjModel:
        """Return a new model in which only the limbs have changed."""
        if not any(isinstance(change.edit, LimbLength) for change in changes):
            return self.blueprint.build()
        shape = self.blueprint.shape.copy()
        for edit, value, default in changes:
            if isinstance(edit, LimbLength):
                edit.apply(shape, value, default)
        model = self.blueprint.rebuild(shape)
        stand(model, self.blueprint.lowest, scratch)
        return model

    def _check_defaults(self) -> None:
        for feature in self.space:
            own = self._own_value(feature.name)
            if not math.isclose(own, feature.default, rel_tol=SAME):
                unit = "" if feature.unit == "1" else f" {feature.unit}"
                raise InvalidExperiment(
                    f"{self.blueprint.path}: {feature.name!r} is {own:.6g}{unit} in this model, "
                    f"but its default is {feature.default:.6g}{unit}. The default context must "
                    "be the unchanged model."
                )

    def _own_value(self, name: str) -> float:
        try:
            return self.family.edits[name].own_value(self.blueprint.model)
        except InvalidExperiment as error:
            raise InvalidExperiment(
                f"{self.blueprint.path}: the context feature {name!r} cannot be had: {error}"
            ) from None


@lru_cache(maxsize=64)
def plan_of(spec: EnvironmentSpec) -> ModelPlan:
    """Return how a family's models are made; its MJCF is read once."""
    return ModelPlan.of(spec)


SIZES = {"nq": "positions", "nv": "velocities", "nu": "motors"}
"""What decides the spaces of an environment, by MuJoCo's name."""


def require_same_sizes(own: Blueprint, usual: Blueprint) -> None:
    """Refuse a model whose observations or actions would not be the base's."""
    for size, words in SIZES.items():
        found, expected = getattr(own.model, size), getattr(usual.model, size)
        if found != expected:
            raise InvalidExperiment(
                f"{own.path}: the model has {found} {words} ({size}), and its base needs "
                f"{expected}. Keep the joints and motors of {usual.path.name}."
            )
