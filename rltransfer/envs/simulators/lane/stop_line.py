"""How SUMO's drivers decide at a light, and how they stop at its line.

Notation
    v, b    speed, m/s, and comfortable deceleration, m/s²
    d       distance from the front bumper to the stop line, m
    Δt      the step, s

A driver who can still stop with max(b, 3 m/s²) does so at yellow and at red; one who cannot drives
on at yellow. The point to stop at is 1 m before the line, or nearer if that takes harder braking.
These rules are SUMO 1.28's for a light without pedestrians or rail; tests/envs/test_lane_sumo.py
compares with it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.lane.clock import STEP

__all__ = ["bounded_stop", "stopping"]

Floats = NDArray[np.float64]

LEAST_DECEL = 3.0  # m/s², expected of everyone at yellow and red
STOP_OFFSET = 1.0  # m before the line
CLOSEST = 0.1  # m
ARRIVED = 0.01  # m: no further
STILL = 1e-3  # m/s, and m


def stopping(speeds: Floats, distances: Floats, decel: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """Return who can stop before the line, and the gap, m, to the point where each would stop.

    Args:
        speeds: v, any shape.
        distances: d, the same shape.
        decel: b, the same shape.
    """
    braking = braking_distance(speeds, np.maximum(decel, LEAST_DECEL))
    can = distances >= braking
    offset = np.where(can, np.minimum(STOP_OFFSET, distances - braking), STOP_OFFSET)
    return can, np.maximum(distances - np.maximum(offset, CLOSEST), 0.0)


def braking_distance(speeds: Floats, decel: Floats) -> Floats:
    """Return how far vehicles roll that lose decel · Δt in each step, m."""
    loss = decel * STEP
    steps = np.floor(speeds / loss)
    return np.asarray(STEP * (steps * speeds - loss * steps * (steps + 1) / 2))


def bounded_stop(proposed: Floats, speeds: Floats, gaps: Floats) -> Floats:
    """Return the next speeds of drivers who stop at a point, as SUMO corrects those of the IDM.

    Nobody drives past the point, and who stands just before it, where the IDM no longer moves,
    covers the rest in one step.

    Args:
        proposed: the IDM's next speeds, any shape.
        speeds: v, the same shape.
        gaps: to the point, m, the same shape.
    """
    stuck = (speeds < STILL) & (proposed < STILL)
    rest = np.maximum(gaps - STILL, 0.0) / STEP
    proposed = np.where(stuck, rest, np.minimum(proposed, gaps / STEP))
    return np.where(gaps < ARRIVED, 0.0, proposed)
