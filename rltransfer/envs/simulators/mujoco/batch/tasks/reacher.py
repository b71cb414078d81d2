"""Reacher-v5: bring the tip of an arm with two links to a target in the plane; no end.

Notation
    θ    angles of the two joints
    v    from the target to the fingertip
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rltransfer.envs.simulators.mujoco.batch.stepper import Fields, Floats
from rltransfer.envs.simulators.mujoco.batch.tasks.distances import length
from rltransfer.envs.simulators.mujoco.batch.tasks.task import (
    Constants,
    Step,
    Task,
    control_cost,
)
from rltransfer.envs.simulators.mujoco.bindings import mujoco

__all__ = ["Reacher"]

TARGET = slice(-2, None)  # the target's place among positions and velocities
REACH = 0.2  # m, targets are drawn from a disc of this radius
VELOCITY_NOISE = 0.005


class Reacher(Task):
    """Reward − |v| − |a|²."""

    frame_skip = 2
    fields = ("qpos", "qvel", "xpos")

    def __init__(self, model: mujoco.MjModel, constants: Sequence[Constants]) -> None:
        super().__init__(model, constants)
        self._fingertip, self._target = model.body("fingertip").id, model.body("target").id

    @classmethod
    def constants(cls, model: mujoco.MjModel, given: Constants) -> dict[str, Any]:
        """Let the target's place be as it is drawn."""
        constants = super().constants(model, given)
        constants["origin"][TARGET] = 0.0
        return constants

    def draw(self, rng: np.random.Generator) -> Floats:
        """Draw an arm and a target inside the disc."""
        qpos = rng.uniform(-self.reset_noise_scale, self.reset_noise_scale, self.nq)
        goal = rng.uniform(-REACH, REACH, 2)
        while np.linalg.norm(goal) >= REACH:
            goal = rng.uniform(-REACH, REACH, 2)
        qvel = rng.uniform(-VELOCITY_NOISE, VELOCITY_NOISE, self.nv)
        qpos[TARGET], qvel[TARGET] = goal, 0.0
        return np.concatenate([qpos, qvel])

    def observations(self, fields: Fields) -> Floats:
        """Cos θ, sin θ, the target, dθ/dt, and v in the plane."""
        theta, goal = fields.qpos[:, :2], fields.qpos[:, TARGET]
        parts = [np.cos(theta), np.sin(theta), goal, fields.qvel[:, :2], self._gap(fields)[:, :2]]
        return np.concatenate(parts, axis=1)

    def rewards(self, step: Step) -> Floats:
        """Return the rewards of a step."""
        return -length(self._gap(step.fields)) - control_cost(1.0, step.actions)

    def _gap(self, fields: Fields) -> Floats:
        """Return v, shape (n, 3)."""
        return fields.xpos[:, self._fingertip] - fields.xpos[:, self._target]
