"""Swimmer-v5 (Coulom 2002): swim to the right in a viscous fluid; no end."""

from __future__ import annotations

import numpy as np

from rltransfer.envs.simulators.mujoco.batch.stepper import Fields, Floats
from rltransfer.envs.simulators.mujoco.batch.tasks.task import Step, Task, control_cost

__all__ = ["Swimmer"]


class Swimmer(Task):
    """Reward dx/dt − 0.0001 |a|²."""

    frame_skip = 4

    def observations(self, fields: Fields) -> Floats:
        """All positions but x and y, all velocities."""
        return np.concatenate([fields.qpos[:, 2:], fields.qvel], axis=1)

    def position(self, fields: Fields) -> Floats:
        """Return x of the front tip."""
        return fields.qpos[:, 0]

    def rewards(self, step: Step) -> Floats:
        """Return the rewards of a step."""
        return step.velocity - control_cost(1e-4, step.actions)
