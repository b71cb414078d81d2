"""Where a vehicle is after a step in which its speed went from v to v'.

SUMO's two ways: Euler takes the new speed for the whole step, ballistic the mean of both, as if
the acceleration were constant.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOTIONS", "Motion"]

Floats = NDArray[np.float64]
Motion = Callable[[Floats, Floats, Floats, float, Floats], None]
"""(positions, v, v', Δt, memory of the same shape) ↦ nothing: positions move on in place."""


def euler(positions: Floats, old: Floats, new: Floats, dt: float, memory: Floats) -> None:
    """Move by v' Δt."""
    np.multiply(new, dt, out=memory)
    positions += memory


def ballistic(positions: Floats, old: Floats, new: Floats, dt: float, memory: Floats) -> None:
    """Move by (v + v') Δt / 2."""
    np.add(old, new, out=memory)
    memory *= 0.5 * dt
    positions += memory


MOTIONS: dict[str, Motion] = {"euler": euler, "ballistic": ballistic}
