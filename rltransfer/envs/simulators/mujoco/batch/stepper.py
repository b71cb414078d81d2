"""What a task needs of the machinery that advances n MuJoCo simulations.

Notation
    n                       simulations, each with a model of its own
    nq, nv, nu              positions, velocities and controls of one simulation
    nbody, nsite            bodies (the world is body 0) and sites of one simulation
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.mujoco.bindings import mujoco

__all__ = ["Fields", "Floats", "Rows", "Stepper"]

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


class Fields:
    """Fields of MjData, n simulations side by side; only those that a task names exist.

    They are as `mj_step` leaves them: positions, velocities and controls are of now, and what
    MuJoCo derives from them is of the beginning of the last substep.
    """

    qpos: Floats  # (n, nq)
    qvel: Floats  # (n, nv)
    ctrl: Floats  # (n, nu)
    xpos: Floats  # (n, nbody, 3) frames of the bodies
    xipos: Floats  # (n, nbody, 3) centres of mass of the bodies
    site_xpos: Floats  # (n, nsite, 3)
    cinert: Floats  # (n, nbody, 10) inertia about the centre of mass
    cvel: Floats  # (n, nbody, 6) velocity about the centre of mass
    cfrc_ext: Floats  # (n, nbody, 6) contact and other external forces
    qfrc_actuator: Floats  # (n, nv)
    qfrc_constraint: Floats  # (n, nv)


class Stepper(ABC):
    """n simulations that are stepped together.

    Attributes:
        fields: what the last call left; `keep` and the next call replace or overwrite it.
    """

    fields: Fields

    @abstractmethod
    def __init__(
        self, models: Sequence[mujoco.MjModel], names: Sequence[str], threads: int
    ) -> None:
        """Take one model per simulation, all of one layout, and the names of the fields."""

    @abstractmethod
    def assign(self, rows: Rows, models: Sequence[mujoco.MjModel]) -> None:
        """Give some simulations other models; reset them before they are stepped on."""

    @abstractmethod
    def reset(self, rows: Rows, qpos: Floats, qvel: Floats) -> None:
        """Do `mj_resetData`, write qpos, shape (len(rows), nq), and qvel, and do `mj_forward`."""

    @abstractmethod
    def step(self, ctrl: NDArray[Any], substeps: int) -> None:
        """Advance all simulations by some substeps under the controls, shape (n, nu)."""

    @abstractmethod
    def keep(self, rows: Rows) -> None:
        """Drop all simulations but `rows`, which are renumbered from 0 in the order given."""
