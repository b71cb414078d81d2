"""InvertedDoublePendulum-v5: hold two poles upright on a cart.

Notation
    x, y      place of the upper pole's tip
    v1, v2    angular velocities of the two poles
"""

from __future__ import annotations

import numpy as np

from rltransfer.envs.simulators.mujoco.batch.stepper import Fields, Floats
from rltransfer.envs.simulators.mujoco.batch.tasks.task import Bools, Step, Task

__all__ = ["InvertedDoublePendulum"]

TIP = 0  # the only site
SEEN = 10.0  # velocities and forces beyond ± this look like this


class InvertedDoublePendulum(Task):
    """Reward 10 while y > 1 − 0.01 x² − (y − 2)² − 0.001 v1² − 0.005 v2²; ends at y ≤ 1."""

    frame_skip = 5
    fields = ("qpos", "qvel", "site_xpos", "qfrc_constraint")

    def draw_velocities(self, rng: np.random.Generator) -> Floats:
        """Draw from a normal distribution, shape (nv,)."""
        return rng.standard_normal(self.nv) * self.reset_noise_scale

    def observations(self, fields: Fields) -> Floats:
        """X of the cart, sin and cos of the angles, velocities, the track's force on the cart."""
        cart, angles = fields.qpos[:, :1], fields.qpos[:, 1:]
        velocities = np.clip(fields.qvel, -SEEN, SEEN)
        force = np.clip(fields.qfrc_constraint[:, :1], -SEEN, SEEN)
        return np.concatenate([cart, np.sin(angles), np.cos(angles), velocities, force], axis=1)

    def healthy(self, fields: Fields) -> Bools:
        """Say whose tip is higher than 1 m."""
        return ~(fields.site_xpos[:, TIP, 2] <= 1)

    def rewards(self, step: Step) -> Floats:
        """Return the rewards of a step."""
        x, y = step.fields.site_xpos[:, TIP, 0], step.fields.site_xpos[:, TIP, 2]
        v1, v2 = step.fields.qvel[:, 1], step.fields.qvel[:, 2]
        distance = 0.01 * square(x) + square(y - 2)
        velocity = 1e-3 * square(v1) + 5e-3 * square(v2)
        return 10.0 * step.healthy - distance - velocity


def square(values: Floats) -> Floats:
    """Return v**2, shape (n,), rounded as for a scalar: by the C library's `pow`."""
    return np.asarray(np.float_power(values, 2.0))
