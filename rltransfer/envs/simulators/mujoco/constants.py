"""What MuJoCo's compiler derives from the numbers of a model."""

from __future__ import annotations

from rltransfer.envs.simulators.mujoco.bindings import mujoco

__all__ = ["set_constants"]


def set_constants(model: mujoco.MjModel, scratch: mujoco.MjData) -> None:
    """Recompute what MuJoCo's compiler derives from masses, armature, positions and gear.

    `mj_setConst` leaves out two statistics; the solver stops earlier or later by the mean inertia.

    Args:
        model: the model; its constants are set in place.
        scratch: of a model of this structure; its contents are lost.
    """
    mujoco.mj_resetData(model, scratch)
    mujoco.mj_setConst(model, scratch)
    if model.nv:  # a model without joints is refused elsewhere
        model.stat.meaninertia = model.dof_M0.mean()
    model.stat.meanmass = model.body_mass[1:].mean()
