"""Ant-v5 (Schulman et al. 2016): run to the right on four legs.

Notation
    z    height of the torso
    f    contact forces, each number of them clipped to ± 1
"""

from __future__ import annotations

import numpy as np

from rltransfer.envs.simulators.mujoco.batch.stepper import Fields, Floats
from rltransfer.envs.simulators.mujoco.batch.tasks.task import (
    Bools,
    Step,
    Task,
    control_cost,
    finite,
    flat,
    squares,
)

__all__ = ["Ant"]

TORSO = 1  # the body whose x counts


class Ant(Task):
    """Reward 1 while healthy + dx/dt − 0.5 |a|² − 0.0005 |f|²; ends when z leaves its range."""

    frame_skip = 5
    fields = ("qpos", "qvel", "xpos", "cfrc_ext")
    healthy_z_range: Floats  # (n, 2) m, 0.2 to 1, both included, in the usual body

    def draw_velocities(self, rng: np.random.Generator) -> Floats:
        """Draw from a normal distribution, shape (nv,)."""
        return self.reset_noise_scale * rng.standard_normal(self.nv)

    def observations(self, fields: Fields) -> Floats:
        """All positions but x and y, all velocities, contact forces on all bodies."""
        forces = flat(contact_forces(fields)[:, 1:])
        return np.concatenate([fields.qpos[:, 2:], fields.qvel, forces], axis=1)

    def position(self, fields: Fields) -> Floats:
        """Return x of the torso."""
        return fields.xpos[:, TORSO, 0]

    def healthy(self, fields: Fields) -> Bools:
        """Say who stands: z in range, and a finite state."""
        low, high = self.healthy_z_range.T
        z = fields.qpos[:, 2]
        stands: Bools = finite(fields) & (low <= z) & (z <= high)
        return stands

    def rewards(self, step: Step) -> Floats:
        """Return the rewards of a step."""
        contact: Floats = 5e-4 * squares(contact_forces(step.fields))
        costs = control_cost(0.5, step.actions) + contact
        return step.velocity + step.healthy - costs


def contact_forces(fields: Fields) -> Floats:
    """Return f, shape (n, nbody, 6)."""
    return np.clip(fields.cfrc_ext, -1.0, 1.0)
