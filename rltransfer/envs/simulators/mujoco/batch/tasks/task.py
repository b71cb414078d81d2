"""What a MuJoCo task adds to the physics: starts, observations, rewards, and when it is over.

Each task repeats the operations of Gymnasium's environment (version 5) in their order and their
precision: actions are float32, and so are costs of actions; everything else is float64.

Notation
    n         members of a batch, each with a model and constants of its own
    m         episodes
    o, a      numbers in an observation and in an action
    qpos, …   fields of MjData, n of them side by side; see `Fields`
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.mujoco.batch.stepper import Fields, Floats, Rows
from rltransfer.envs.simulators.mujoco.bindings import mujoco

__all__ = [
    "Bools",
    "Constants",
    "Step",
    "Task",
    "control_cost",
    "finite",
    "flat",
    "squares",
    "within",
]

Bools = NDArray[np.bool_]
Constants = Mapping[str, Any]
"""Numbers or small arrays of one member, by name."""


class Step(NamedTuple):
    """What a reward is computed from."""

    fields: Fields
    actions: NDArray[Any]  # (n, a)
    velocity: Floats  # (n,) of `Task.position`, in m/s
    healthy: Bools  # (n,)


class Task(ABC):
    """One of Gymnasium's tasks, for n members at once.

    Attributes:
        frame_skip: substeps per step.
        fields: the fields of MjData that the task reads.
        reset_noise_scale: size of the noise in initial positions and velocities.
        dt: seconds per step, shape (n,).
        origin: positions to which those of an initial state are added, shape (n, nq).
    """

    frame_skip: ClassVar[int]
    fields: ClassVar[tuple[str, ...]] = ("qpos", "qvel")
    reset_noise_scale: ClassVar[float] = 0.1
    dt: Floats
    origin: Floats

    def __init__(self, model: mujoco.MjModel, constants: Sequence[Constants]) -> None:
        self.nq, self.nv = int(model.nq), int(model.nv)
        self._names = tuple(constants[0])
        for name in self._names:
            setattr(self, name, np.array([one[name] for one in constants], dtype=np.float64))

    @classmethod
    def constants(cls, model: mujoco.MjModel, given: Constants) -> dict[str, Any]:
        """Return all constants of a member: those given, and what the task takes from the model."""
        dt = model.opt.timestep * cls.frame_skip
        return {**given, "dt": dt, "origin": model.qpos0.copy()}

    def assign(self, rows: Rows, constants: Sequence[Constants]) -> None:
        """Give some members other constants."""
        for name in self._names if len(rows) else ():
            getattr(self, name)[rows] = [one[name] for one in constants]

    def keep(self, rows: Rows) -> None:
        """Drop all members but `rows`."""
        for name in self._names:
            setattr(self, name, getattr(self, name)[rows])

    def draw(self, rng: np.random.Generator) -> Floats:
        """Draw an initial state, shape (nq + nv,): positions about the origin, and velocities."""
        noise = self.reset_noise_scale
        qpos = rng.uniform(-noise, noise, self.nq)
        return np.concatenate([qpos, self.draw_velocities(rng)])

    def draw_velocities(self, rng: np.random.Generator) -> Floats:
        """Draw the velocities of an initial state, shape (nv,)."""
        noise = self.reset_noise_scale
        return rng.uniform(-noise, noise, self.nv)

    @abstractmethod
    def observations(self, fields: Fields) -> Floats:
        """Return what is seen, shape (n, o)."""

    @abstractmethod
    def rewards(self, step: Step) -> Floats:
        """Return the rewards of a step, shape (n,)."""

    def healthy(self, fields: Fields) -> Bools:
        """Say whose episode goes on, shape (n,); everybody's, unless a task says otherwise."""
        return np.ones(len(fields.qpos), dtype=np.bool_)

    def position(self, fields: Fields) -> Floats:
        """Return the coordinate whose velocity is rewarded, shape (n,); 0 where none is."""
        return np.zeros(len(fields.qpos))


def control_cost(weight: float, actions: NDArray[Any]) -> Floats:
    """Return weight · |a|², shape (n,), computed in the precision of the actions."""
    return np.asarray(weight * squares(actions), dtype=np.float64)


def flat(values: NDArray[Any]) -> NDArray[Any]:
    """Return (n, …) as (n, k)."""
    return values.reshape(len(values), -1)


def finite(fields: Fields) -> Bools:
    """Say whose positions and velocities are all finite, shape (n,)."""
    state = np.concatenate([fields.qpos, fields.qvel], axis=1)
    return np.asarray(np.isfinite(state).all(axis=1))


def squares(values: NDArray[Any]) -> NDArray[Any]:
    """Return the sum of all squares of each member, (n, …) to (n,)."""
    return np.asarray(np.sum(np.square(flat(values)), axis=1))


def within(values: Floats, ranges: Floats) -> Bools:
    """Say which values, shape (n,), lie strictly inside their ranges, shape (n, 2)."""
    inside: Bools = (ranges[:, 0] < values) & (values < ranges[:, 1])
    return inside
