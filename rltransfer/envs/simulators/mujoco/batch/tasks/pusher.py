"""Pusher-v5: push an object to a goal with the tip of an arm; no end.

Notation
    tip, object, goal    positions of bodies
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

__all__ = ["Pusher"]

ARM = slice(7)  # the joints of the arm among positions and velocities
OBJECTS = slice(-4, None)  # where object and goal are
GOAL_RADIUS = 0.17  # m, the object is drawn farther than this from the goal
VELOCITY_NOISE = 0.005


class Pusher(Task):
    """Reward − |object − goal| − 0.1 |a|² − 0.5 |object − tip|."""

    frame_skip = 5
    fields = ("qpos", "qvel", "xpos")

    def __init__(self, model: mujoco.MjModel, constants: Sequence[Constants]) -> None:
        super().__init__(model, constants)
        self._bodies = [model.body(name).id for name in ("tips_arm", "object", "goal")]

    @classmethod
    def constants(cls, model: mujoco.MjModel, given: Constants) -> dict[str, Any]:
        """Let the object's place be as it is drawn."""
        constants = super().constants(model, given)
        constants["origin"][OBJECTS] = 0.0
        return constants

    def draw(self, rng: np.random.Generator) -> Floats:
        """Draw an object that is not yet at the goal, and velocities of the arm."""
        qpos = np.zeros(self.nq)
        place = draw_place(rng)
        while np.linalg.norm(place) <= GOAL_RADIUS:
            place = draw_place(rng)
        qvel = rng.uniform(-VELOCITY_NOISE, VELOCITY_NOISE, self.nv)
        qpos[OBJECTS][:2], qvel[OBJECTS] = place, 0.0
        return np.concatenate([qpos, qvel])

    def observations(self, fields: Fields) -> Floats:
        """Angles and angular velocities of the arm; tip, object and goal."""
        bodies = fields.xpos[:, self._bodies].reshape(len(fields.xpos), 9)
        return np.concatenate([fields.qpos[:, ARM], fields.qvel[:, ARM], bodies], axis=1)

    def rewards(self, step: Step) -> Floats:
        """Return the rewards of a step."""
        tip, thing, goal = (step.fields.xpos[:, body] for body in self._bodies)
        far, near = length(thing - goal), 0.5 * length(thing - tip)
        return -far - control_cost(0.1, step.actions) - near


def draw_place(rng: np.random.Generator) -> Floats:
    """Draw where the object lies relative to the goal, shape (2,)."""
    return np.array([rng.uniform(-0.3, 0.0), rng.uniform(-0.2, 0.2)])
