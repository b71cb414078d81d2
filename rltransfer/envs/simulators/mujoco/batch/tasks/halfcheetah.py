"""HalfCheetah-v5 (Wawrzyński 2009): run to the right; no end."""

from __future__ import annotations

import numpy as np

from rltransfer.envs.simulators.mujoco.batch.stepper import Fields, Floats
from rltransfer.envs.simulators.mujoco.batch.tasks.task import Step, Task, control_cost

__all__ = ["HalfCheetah"]


class HalfCheetah(Task):
    """Reward dx/dt − 0.1 |a|²."""

    frame_skip = 5

    def draw_velocities(self, rng: np.random.Generator) -> Floats:
        """Draw from a normal distribution, shape (nv,)."""
        return self.reset_noise_scale * rng.standard_normal(self.nv)

    def observations(self, fields: Fields) -> Floats:
        """All positions but x, all velocities."""
        return np.concatenate([fields.qpos[:, 1:], fields.qvel], axis=1)

    def position(self, fields: Fields) -> Floats:
        """Return x of the front tip."""
        return fields.qpos[:, 0]

    def rewards(self, step: Step) -> Floats:
        """Return the rewards of a step."""
        return step.velocity - control_cost(0.1, step.actions)
