"""Humanoid-v5 (Tassa, Erez & Todorov 2012): run to the right on two legs.

Notation
    x    of the centre of mass
    z    height of the torso
    u    controls
    f    external contact forces
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rltransfer.envs.simulators.mujoco.batch.stepper import Fields, Floats
from rltransfer.envs.simulators.mujoco.batch.tasks.task import (
    Bools,
    Constants,
    Step,
    Task,
    control_cost,
    flat,
    squares,
    within,
)
from rltransfer.envs.simulators.mujoco.bindings import mujoco

__all__ = ["Humanoid"]

ROOT = 6  # velocities of the free joint, which no actuator moves


class Humanoid(Task):
    """Reward 5 while healthy + 1.25 dx/dt − 0.1 |u|² − min(5e-7 |f|², 10); ends as z leaves."""

    frame_skip = 5
    fields = (
        "qpos",
        "qvel",
        "ctrl",
        "xipos",
        "cinert",
        "cvel",
        "qfrc_actuator",
        "cfrc_ext",
    )
    reset_noise_scale = 1e-2
    healthy_z_range: Floats  # (n, 2) m, 1 to 2 in the usual body
    body_mass: Floats  # (n, nbody) kg

    @classmethod
    def constants(cls, model: mujoco.MjModel, given: Constants) -> dict[str, Any]:
        """Add the masses, which weigh the bodies' positions."""
        return {**super().constants(model, given), "body_mass": model.body_mass.copy()}

    def observations(self, fields: Fields) -> Floats:
        """All positions but x and y, all velocities, and what MuJoCo derives from them."""
        parts = [
            fields.qpos[:, 2:],
            fields.qvel,
            flat(fields.cinert[:, 1:]),
            flat(fields.cvel[:, 1:]),
            fields.qfrc_actuator[:, ROOT:],
            flat(fields.cfrc_ext[:, 1:]),
        ]
        return np.concatenate(parts, axis=1)

    def position(self, fields: Fields) -> Floats:
        """Return x of the centre of mass."""
        moments = np.einsum("nb,nb->n", self.body_mass, fields.xipos[:, :, 0])
        return np.asarray(moments / self.body_mass.sum(axis=1))

    def healthy(self, fields: Fields) -> Bools:
        """Say who stands: z in range."""
        return within(fields.qpos[:, 2], self.healthy_z_range)

    def rewards(self, step: Step) -> Floats:
        """Return the rewards of a step."""
        contact: Floats = np.minimum(5e-7 * squares(step.fields.cfrc_ext), 10.0)
        costs = control_cost(0.1, step.fields.ctrl) + contact
        return 1.25 * step.velocity + 5.0 * step.healthy - costs
