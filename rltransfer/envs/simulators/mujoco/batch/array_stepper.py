"""n simulations stepped by `mujoco.batch`, on threads of MuJoCo's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.mujoco.batch.stepper import Fields, Floats, Rows, Stepper
from rltransfer.envs.simulators.mujoco.bindings import mujoco

__all__ = ["ArrayStepper", "is_available"]

try:
    from mujoco.batch import Batch
except ImportError:  # MuJoCo before 3.17
    Batch = None


def is_available() -> bool:
    """Say whether the installed MuJoCo has a `batch` module."""
    return Batch is not None


class ArrayStepper(Stepper):
    """Every simulation is a row of numbers; one MjData per thread serves all rows.

    Dropped rows stay in memory and are not stepped. After a step, `mj_rnePostConstraint` cannot
    be called: where contact forces are read, a `LoopStepper` is needed.
    """

    def __init__(
        self, models: Sequence[mujoco.MjModel], names: Sequence[str], threads: int
    ) -> None:
        self._models = list(models)
        self._batch = Batch(models[0], len(models), min(threads, len(models)))
        self._batch.set_models(self._models)
        self._ids = np.arange(len(models))  # which simulation of the batch each row is
        self._ordered = self._ids  # the same, sorted, as the batch wants them
        self._qpos, self._qvel, self._ctrl = map(self._batch.bind, ("qpos", "qvel", "ctrl"))
        self._bound = {name: self._batch.bind(name) for name in names}
        self.fields = Fields()
        self._read()

    def assign(self, rows: Rows, models: Sequence[mujoco.MjModel]) -> None:
        """Give some simulations other models."""
        for simulation, model in zip(self._ids[rows].tolist(), models, strict=True):
            self._models[simulation] = model
        self._batch.set_models(self._models)

    def reset(self, rows: Rows, qpos: Floats, qvel: Floats) -> None:
        """Put positions and velocities into fresh rows."""
        ids = self._ids[rows]
        ordered = np.sort(ids)
        self._batch.reset(ordered, stage=int(mujoco.mjtStage.mjSTAGE_NONE))
        self._qpos[ids], self._qvel[ids] = qpos, qvel
        self._batch.forward(ordered)
        self._read()

    def step(self, ctrl: NDArray[Any], substeps: int) -> None:
        """Advance the rows that are left."""
        self._ctrl[self._ids] = ctrl
        self._batch.step(self._ordered, nstep=substeps)
        self._read()

    def keep(self, rows: Rows) -> None:
        """Forget the numbers of the simulations that are dropped."""
        self._ids = self._ids[rows]
        self._ordered = np.sort(self._ids)
        self._read()

    def _read(self) -> None:
        for name, values in self._bound.items():
            setattr(self.fields, name, values[self._ids])
