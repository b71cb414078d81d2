"""Limbs of another length: edits of an `mujoco.MjSpec`, which is then compiled anew.

A limb is the body that a joint moves. It is stretched about that joint: its geoms and the places
where its children hang move away from the joint by the factor, and capsules and cylinders grow
along their axes. Radii stay. With the density, mass and inertia follow when MuJoCo compiles.
A child that is turned against its limb must hang by its origin.

Notation
    a    a point about which is stretched
    f    the factor
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.mujoco.bindings import mujoco
from rltransfer.envs.simulators.mujoco.edits import Edit
from rltransfer.envs.simulators.mujoco.parts import row_of
from rltransfer.errors import InvalidExperiment

__all__ = ["LimbLength"]

Vector = NDArray[np.float64]

LONG = (mujoco.mjtGeom.mjGEOM_CAPSULE, mujoco.mjtGeom.mjGEOM_CYLINDER)
ROUND = mujoco.mjtGeom.mjGEOM_SPHERE


@dataclass(frozen=True)
class LimbLength(Edit):
    """Length of each of some equal limbs, m: from its joint to the next, or to its own end.

    Attributes:
        joints: the joints that move the limbs; the first limb's length is the feature's value.
    """

    joints: tuple[str, ...]

    def own_value(self, model: mujoco.MjModel) -> float:
        """Return the length of the first limb."""
        joint, *_ = [row_of(model, "joint", name) for name in self.joints]
        body, anchor = model.jnt_bodyid[joint], model.jnt_pos[joint]
        children = np.flatnonzero(model.body_parentid == body)
        if len(children):
            return float(np.linalg.norm(hanging_point(model, children[0]) - anchor))
        return max(reach(model, geom, anchor) for geom in geoms_of(model, body))

    def apply(self, spec: mujoco.MjSpec, value: float, default: float) -> None:
        """Stretch the limbs of an uncompiled model in which they have their default length."""
        for name in self.joints:
            joint = spec.joint(name)
            stretch(joint.parent, np.array(joint.pos), value / default)


def hanging_point(model: mujoco.MjModel, body: int) -> Vector:
    """Return where a body hangs from its parent, in the parent's frame: at its first joint."""
    joint = model.body_jntadr[body]
    offset = model.jnt_pos[joint] if joint >= 0 else np.zeros(3)
    return np.asarray(model.body_pos[body] + offset)


def geoms_of(model: mujoco.MjModel, body: int) -> range:
    """Return the rows of a body's geoms."""
    first = int(model.body_geomadr[body])
    return range(first, first + int(model.body_geomnum[body]))


def reach(model: mujoco.MjModel, geom: int, a: Vector) -> float:
    """Return how far a geom's axis comes from the point a of its body."""
    rotation = np.zeros(9)
    mujoco.mju_quat2Mat(rotation, model.geom_quat[geom])
    half = rotation.reshape(3, 3)[:, 2] * model.geom_size[geom, 1]
    ends = [model.geom_pos[geom] + sign * half - a for sign in (-1, 1)]
    return float(max(np.linalg.norm(end) for end in ends))


def stretch(body: Any, a: Vector, f: float) -> None:
    """Stretch a body of an uncompiled model about the point a of its frame."""
    for geom in body.geoms:
        stretch_geom(geom, a, f)
    for site in body.sites:
        site.pos = a + f * (site.pos - a)
    for child in body.bodies:
        hangs = child.pos + (child.joints[0].pos if child.joints else 0.0)
        child.pos = child.pos + (f - 1.0) * (hangs - a)


def stretch_geom(geom: Any, a: Vector, f: float) -> None:
    """Move a geom away from the point a, and lengthen it if it has a length."""
    if geom.type not in (*LONG, ROUND):
        raise InvalidExperiment(
            f"geom {geom.name!r} of a limb is a {geom.type.name.removeprefix('mjGEOM_').lower()}; "
            "only capsules, cylinders and spheres can be stretched."
        )
    if not np.isnan(geom.fromto[0]):
        geom.fromto = np.tile(a, 2) + f * (geom.fromto - np.tile(a, 2))
        return
    geom.pos = a + f * (geom.pos - a)
    if geom.type in LONG:
        geom.size = geom.size * [1.0, f, 1.0]
