"""InvertedPendulum-v5: hold a pole upright on a cart."""

from __future__ import annotations

import numpy as np

from rltransfer.envs.simulators.mujoco.batch.stepper import Fields, Floats
from rltransfer.envs.simulators.mujoco.batch.tasks.task import Bools, Step, Task, finite

__all__ = ["InvertedPendulum"]

ANGLE_LIMIT = 0.2  # rad, where the pole counts as fallen


class InvertedPendulum(Task):
    """Reward 1 while the pole stands; ends when it falls."""

    frame_skip = 2
    reset_noise_scale = 0.01

    def observations(self, fields: Fields) -> Floats:
        """Positions and velocities of cart and pole."""
        return np.concatenate([fields.qpos, fields.qvel], axis=1)

    def healthy(self, fields: Fields) -> Bools:
        """Say whose pole stands, in a finite state."""
        return finite(fields) & (np.abs(fields.qpos[:, 1]) <= ANGLE_LIMIT)

    def rewards(self, step: Step) -> Floats:
        """Return the rewards of a step."""
        return step.healthy.astype(np.float64)
