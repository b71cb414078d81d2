"""n simulations stepped one after another, in a few Python threads.

`mj_step` runs without the interpreter's lock, so threads share the work well where a step is long.

Notation
    n       simulations
    S       numbers in the state of one: all that its next step depends on
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.mujoco.batch.stepper import Fields, Floats, Rows, Stepper
from rltransfer.envs.simulators.mujoco.bindings import mujoco

__all__ = ["LoopStepper"]

STATE = mujoco.mjtState.mjSTATE_INTEGRATION


class Workbench:
    """The MjData of one thread, on which it works at one simulation after another."""

    def __init__(self, model: mujoco.MjModel, names: Sequence[str]) -> None:
        self.data = mujoco.MjData(model)
        self.views = {name: getattr(self.data, name) for name in names}


class LoopStepper(Stepper):
    """What Gymnasium does to one simulation, done to n: contact forces included.

    A simulation is a row of numbers, shape (S,), which a thread takes to its bench, steps and
    brings back.
    """

    def __init__(
        self, models: Sequence[mujoco.MjModel], names: Sequence[str], threads: int
    ) -> None:
        self._models, self._names = list(models), tuple(names)
        self._benches = [Workbench(models[0], names) for _ in range(min(threads, len(models)))]
        self._pool = ThreadPoolExecutor(len(self._benches))  # starts threads when it needs them
        self._states = np.zeros((len(models), mujoco.mj_stateSize(models[0], STATE)))
        self.fields = Fields()
        for name, view in self._benches[0].views.items():
            setattr(self.fields, name, np.zeros((len(models), *view.shape)))

    def assign(self, rows: Rows, models: Sequence[mujoco.MjModel]) -> None:
        """Give some simulations other models."""
        for row, model in zip(rows.tolist(), models, strict=True):
            self._models[row] = model

    def reset(self, rows: Rows, qpos: Floats, qvel: Floats) -> None:
        """Begin anew in some rows."""
        bench = self._benches[0]
        for row, positions, velocities in zip(rows.tolist(), qpos, qvel, strict=True):
            mujoco.mj_resetData(self._models[row], bench.data)
            bench.data.qpos[:], bench.data.qvel[:] = positions, velocities
            mujoco.mj_forward(self._models[row], bench.data)
            self._bring_back(row, bench)

    def step(self, ctrl: NDArray[Any], substeps: int) -> None:
        """Advance all rows."""

        def advance(row: int, bench: Workbench) -> None:
            model, data = self._models[row], bench.data
            mujoco.mj_setState(model, data, self._states[row], STATE)
            data.ctrl[:] = ctrl[row]
            mujoco.mj_step(model, data, substeps)
            mujoco.mj_rnePostConstraint(model, data)
            self._bring_back(row, bench)

        self._deal_out(advance)

    def keep(self, rows: Rows) -> None:
        """Drop the models and the numbers of the others."""
        self._models = [self._models[row] for row in rows.tolist()]
        self._states = self._states[rows]
        for name in self._names:
            setattr(self.fields, name, getattr(self.fields, name)[rows])

    def _bring_back(self, row: int, bench: Workbench) -> None:
        mujoco.mj_getState(self._models[row], bench.data, self._states[row], STATE)
        for name, view in bench.views.items():
            getattr(self.fields, name)[row] = view

    def _deal_out(self, work: Callable[[int, Workbench], None]) -> None:
        """Do the work for every row; rows go to the threads in turn, so that all end together."""
        threads = len(self._benches)

        def share(thread: int) -> None:
            for row in range(thread, len(self._models), threads):
                work(row, self._benches[thread])

        others = [self._pool.submit(share, thread) for thread in range(1, threads)]
        share(0)
        for other in others:
            other.result()
