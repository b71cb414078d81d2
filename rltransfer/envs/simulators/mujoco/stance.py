"""How high a model stands: kept clear of the ground when its limbs change length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.mujoco.bindings import mujoco

__all__ = ["lowest_points", "roots", "stand"]

HIGH = 1e6
POINTED = (mujoco.mjtGeom.mjGEOM_CAPSULE, mujoco.mjtGeom.mjGEOM_SPHERE)


def roots(model: mujoco.MjModel) -> NDArray[np.intp]:
    """Return the bodies that hang from the world and can move, shape (r,)."""
    return np.flatnonzero((model.body_parentid == 0) & (model.body_jntnum > 0))


def stand(model: mujoco.MjModel, lowest: NDArray[np.float64], scratch: mujoco.MjData) -> None:
    """Raise or lower a model's roots until their lowest points have the given heights.

    The coordinates of a root joint go along where they tell the height itself: those of a free
    joint, and of a vertical slide whose `ref` is the root's height.

    Args:
        model: the model, whose derived constants are to be set afterwards.
        lowest: heights of the lowest points in the reference pose, m, shape (r,).
        scratch: of a model of this structure; its contents are lost.
    """
    rises = lowest - lowest_points(model, scratch)
    for root, rise in zip(roots(model), rises, strict=True):
        height = model.body_pos[root, 2]
        first = int(model.body_jntadr[root])
        for joint in range(first, first + int(model.body_jntnum[root])):
            at = height_coordinate(model, joint)
            for reference in (model.qpos0, model.qpos_spring):
                if at is not None and reference[at] == height:
                    reference[at] += rise
        model.body_pos[root, 2] += rise


def height_coordinate(model: mujoco.MjModel, joint: int) -> int | None:
    """Return which coordinate of a joint is vertical, if one is."""
    at, kind = int(model.jnt_qposadr[joint]), model.jnt_type[joint]
    if kind == mujoco.mjtJoint.mjJNT_FREE:
        return at + 2
    vertical = model.jnt_axis[joint, 2] == 1.0
    return at if kind == mujoco.mjtJoint.mjJNT_SLIDE and vertical else None


def lowest_points(model: mujoco.MjModel, scratch: mujoco.MjData) -> NDArray[np.float64]:
    """Return the lowest z, m, of each root and all that hangs from it, in the reference pose.

    Returns:
        heights, shape (r,); `HIGH` for a root that is nowhere below it.
    """
    mujoco.mj_resetData(model, scratch)
    mujoco.mj_kinematics(model, scratch)
    bottoms = np.array([bottom(model, scratch, geom) for geom in range(model.ngeom)])
    owners = model.body_rootid[model.geom_bodyid]
    return np.array([bottoms[owners == root].min(initial=HIGH) for root in roots(model)])


def bottom(model: mujoco.MjModel, data: mujoco.MjData, geom: int) -> float:
    """Return the lowest z of a geom: exact for capsules and spheres, of the box around others."""
    z, down = data.geom_xpos[geom, 2], data.geom_xmat[geom, 6:]
    if model.geom_type[geom] in POINTED:
        radius, half = model.geom_size[geom, :2]
        return float(z - radius - half * abs(down[2]))
    centre, halves = np.split(model.geom_aabb[geom], 2)
    return float(z + down @ centre - np.abs(down) @ halves)
