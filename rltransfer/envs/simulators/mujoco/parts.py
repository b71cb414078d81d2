"""Features of a model's named parts: the mass of a body, the damping of a joint."""

from __future__ import annotations

from dataclasses import dataclass

from rltransfer.envs.simulators.mujoco.bindings import mujoco
from rltransfer.envs.simulators.mujoco.edits import ModelEdit
from rltransfer.errors import InvalidExperiment, did_you_mean

__all__ = ["BodyMass", "JointDamping", "row_of"]


@dataclass(frozen=True)
class BodyMass(ModelEdit):
    """Mass of each of some equal bodies, kg; their inertia goes with it, as with the density.

    Where a limb's length changes too, the value is the mass that it has at its default length.

    Attributes:
        bodies: their names.
    """

    bodies: tuple[str, ...]

    def own_value(self, model: mujoco.MjModel) -> float:
        """Return the mass of the first."""
        return float(model.body_mass[self._rows(model)[0]])

    def apply(self, model: mujoco.MjModel, value: float, default: float) -> None:
        """Scale mass and inertia of the bodies."""
        rows = self._rows(model)
        model.body_mass[rows] *= value / default
        model.body_inertia[rows] *= value / default

    def _rows(self, model: mujoco.MjModel) -> list[int]:
        return [row_of(model, "body", name) for name in self.bodies]


@dataclass(frozen=True)
class JointDamping(ModelEdit):
    """Damping of each of some equal joints, N s/m of slides and N m s/rad of hinges.

    Attributes:
        joints: their names; each has one degree of freedom.
    """

    joints: tuple[str, ...]

    def own_value(self, model: mujoco.MjModel) -> float:
        """Return the damping of the first."""
        return float(model.dof_damping[self._rows(model)[0]])

    def apply(self, model: mujoco.MjModel, value: float, default: float) -> None:
        """Scale the damping of the joints."""
        model.dof_damping[self._rows(model)] *= value / default

    def _rows(self, model: mujoco.MjModel) -> list[int]:
        joints = [row_of(model, "joint", name) for name in self.joints]
        return [int(model.jnt_dofadr[joint]) for joint in joints]


KINDS = {"body": (mujoco.mjtObj.mjOBJ_BODY, "nbody"), "joint": (mujoco.mjtObj.mjOBJ_JOINT, "njnt")}


def row_of(model: mujoco.MjModel, noun: str, name: str) -> int:
    """Return the row of a named body or joint.

    Raises:
        InvalidExperiment: if the model has none of this name.
    """
    kind, count = KINDS[noun]
    row = mujoco.mj_name2id(model, kind, name)
    if row < 0:
        ids = range(getattr(model, count))
        names = [known for i in ids if (known := mujoco.mj_id2name(model, kind, i))]
        raise InvalidExperiment(
            f"the model has no {noun} {name!r}{did_you_mean(name, names)} "
            f"Known: {', '.join(names)}."
        )
    return int(row)
