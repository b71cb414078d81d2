"""Gymnasium's MuJoCo environments as one array program: n models, one call to the physics a step.

Notation
    n         members, each with a context, and so a model, of its own
    m         episodes, or rows
    s         numbers in an initial state: positions about the model's own, and velocities
    o, a      numbers in an observation and in an action
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.envs.cores import thread_count
from rltransfer.envs.simulators.base import ContextBatch, Transition
from rltransfer.envs.simulators.mujoco.batch.array_stepper import ArrayStepper, is_available
from rltransfer.envs.simulators.mujoco.batch.loop_stepper import LoopStepper
from rltransfer.envs.simulators.mujoco.batch.stepper import Floats, Rows, Stepper
from rltransfer.envs.simulators.mujoco.batch.tasks import TASKS, Step, Task
from rltransfer.envs.simulators.mujoco.bindings import mujoco
from rltransfer.envs.simulators.mujoco.model import contextual_model
from rltransfer.envs.simulators.mujoco.task_constants import task_constants
from rltransfer.errors import InvalidExperiment, did_you_mean

if TYPE_CHECKING:
    from rltransfer.envs.spec import EnvironmentSpec

__all__ = ["MujocoBatch"]

KEPT_MODELS = 128
"""Contexts whose model is kept for members that get them later."""


class Member(NamedTuple):
    """What one context makes of a task."""

    model: mujoco.MjModel
    constants: dict[str, Any]


class MujocoBatch(ContextBatch):
    """n members of a MuJoCo family; members of the same context share a model.

    Args:
        spec: the family; its `base` names the task.
        contexts: complete contexts, one per member.
    """

    def __init__(self, spec: EnvironmentSpec, contexts: Sequence[Context]) -> None:
        task = task_of(spec)

        @lru_cache(maxsize=max(KEPT_MODELS, len(contexts)))
        def member(context: Context) -> Member:
            model = contextual_model(spec, context)
            return Member(model, task.constants(model, given_numbers(spec, context)))

        self._member = member
        members = [member(context) for context in contexts]
        models = [one.model for one in members]
        self._task = task(models[0], [one.constants for one in members])
        self._physics = stepper_for(task)(models, task.fields, thread_count())
        self._position = self._task.position(self._physics.fields).copy()
        self._substeps = task.frame_skip
        self.action_space = action_space(models[0])
        size = self._task.observations(self._physics.fields).shape[1]
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (size,), np.float64)

    def __len__(self) -> int:
        return len(self._position)

    def assign(self, rows: Rows, contexts: Sequence[Context]) -> None:
        """Give some members the models and constants of other contexts."""
        members = [self._member(context) for context in contexts]
        self._physics.assign(rows, [one.model for one in members])
        self._task.assign(rows, [one.constants for one in members])

    def initial_states(self, rng: np.random.Generator, episodes: int) -> Floats:
        """Draw states, shape (m, s), in the order of `reset_model`."""
        return np.stack([self._task.draw(rng) for _ in range(episodes)])

    def reset(self, rows: Rows, states: Floats) -> Floats:
        """Put states, shape (m, s), into rows; return their observations, shape (m, o)."""
        nq = self._task.nq
        qpos = self._task.origin[rows] + states[:, :nq]
        self._physics.reset(rows, qpos, states[:, nq:])
        fields = self._physics.fields
        self._position[rows] = self._task.position(fields)[rows]
        return self._task.observations(fields)[rows]

    def step(self, actions: NDArray[Any]) -> Transition:
        """Advance all members; those that have ended live on, until they are reset."""
        self._physics.step(actions, self._substeps)
        task, fields = self._task, self._physics.fields
        position = task.position(fields).copy()  # the next step overwrites the fields
        velocity = (position - self._position) / task.dt
        self._position = position
        healthy = task.healthy(fields)
        rewards = task.rewards(Step(fields, actions, velocity, healthy))
        return Transition(task.observations(fields), rewards, ~healthy)

    def keep(self, rows: Rows) -> None:
        """Drop all members but rows."""
        self._physics.keep(rows)
        self._task.keep(rows)
        self._position = self._position[rows]


def given_numbers(spec: EnvironmentSpec, context: Context) -> dict[str, Any]:
    """Return the constants that the context gives the task, without those it does not know."""
    constants = asdict(task_constants(spec, context))
    return {name: value for name, value in constants.items() if value is not None}


def task_of(spec: EnvironmentSpec) -> type[Task]:
    """Find the task of a family.

    Raises:
        InvalidExperiment: if its `base` is none that is written as arrays.
    """
    if spec.base not in TASKS:
        raise InvalidExperiment(
            f"{spec.folder}: there is no batch of {spec.base!r}{did_you_mean(spec.base, TASKS)} "
            f"Known: {', '.join(TASKS)}."
        )
    return TASKS[spec.base]


def stepper_for(task: type[Task]) -> type[Stepper]:
    """Choose MuJoCo's own batch, unless there is none or contact forces have to be computed."""
    return ArrayStepper if is_available() and "cfrc_ext" not in task.fields else LoopStepper


def action_space(model: mujoco.MjModel) -> gym.spaces.Box:
    """Return the controls' ranges, as Gymnasium does."""
    low, high = model.actuator_ctrlrange.astype(np.float32).T
    return gym.spaces.Box(low, high, dtype=np.float32)
