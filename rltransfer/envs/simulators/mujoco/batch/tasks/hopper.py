"""Hopper-v5 and Walker2d-v5 (Erez, Tassa & Todorov 2011): walk to the right without falling.

Notation
    z, θ    height and angle of the torso
"""

from __future__ import annotations

import numpy as np

from rltransfer.envs.simulators.mujoco.batch.stepper import Fields, Floats
from rltransfer.envs.simulators.mujoco.batch.tasks.task import (
    Bools,
    Step,
    Task,
    control_cost,
    within,
)

__all__ = ["Hopper", "Walker2d"]

VELOCITY_SEEN = 10.0  # velocities beyond ± this look like this
STATE_LIMIT = 100.0


class Walker2d(Task):
    """Reward 1 while healthy + dx/dt − 0.001 |a|²; ends when z or θ leaves its range."""

    frame_skip = 4
    reset_noise_scale = 5e-3
    healthy_z_range: Floats  # (n, 2) m, 0.8 to 2 in the usual body
    healthy_angle_range: Floats  # (n, 2) rad, ± 1

    def observations(self, fields: Fields) -> Floats:
        """All positions but x, all velocities, clipped."""
        seen = np.clip(fields.qvel, -VELOCITY_SEEN, VELOCITY_SEEN)
        return np.concatenate([fields.qpos[:, 1:], seen], axis=1)

    def position(self, fields: Fields) -> Floats:
        """Return x of the torso."""
        return fields.qpos[:, 0]

    def healthy(self, fields: Fields) -> Bools:
        """Say who stands: z and θ in range."""
        z, angle = fields.qpos[:, 1], fields.qpos[:, 2]
        return within(z, self.healthy_z_range) & within(angle, self.healthy_angle_range)

    def rewards(self, step: Step) -> Floats:
        """Return the rewards of a step."""
        return step.velocity + step.healthy - control_cost(1e-3, step.actions)


class Hopper(Walker2d):
    """As Walker2d, with z > 0.7, θ within ± 0.2, and all else but x within ± 100."""

    def healthy(self, fields: Fields) -> Bools:
        """Say who stands, in a moderate state."""
        state = np.concatenate([fields.qpos[:, 2:], fields.qvel], axis=1)
        moderate: Bools = np.asarray((np.abs(state) < STATE_LIMIT).all(axis=1))
        return super().healthy(fields) & moderate
