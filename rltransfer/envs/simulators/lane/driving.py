"""How fast vehicles on single-lane roads with a light go next, as SUMO 1.28 decides it.

Notation
    r, m    roads, and vehicles on the fullest of them; vehicles are ordered foremost first
    x, v    front bumper, m after the road's beginning, and speed, m/s
    Δt      the step, s

A vehicle follows the one before it by the Intelligent Driver Model, and before the stop line it
minds the light. Like SUMO's vehicles, one that waits at the line does not see what is beyond it,
and one that may pass minds the last vehicle beyond the line too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.carfollowing import IDM
from rltransfer.envs.simulators.lane.clock import STEP
from rltransfer.envs.simulators.lane.demand import VEHICLE_LENGTH
from rltransfer.envs.simulators.lane.signals import RED, YELLOW
from rltransfer.envs.simulators.lane.stop_line import bounded_stop, stopping

__all__ = ["Scene", "advised_speeds", "safe_speeds"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FREE_GAP = 1e6  # m: drivers without a leader follow the speed limit at this distance
PARTS = 2  # SUMO computes the IDM in parts of at most 0.25 s
EMERGENCY_DECEL = 9.0  # m/s², the hardest braking


class Scene(NamedTuple):
    """What drives on r roads at one moment, shape (r, m) if nothing else is said."""

    x: Floats
    v: Floats
    accel: Floats  # m/s²
    decel: Floats  # m/s²
    headway: Floats  # s
    min_gap: Floats  # m
    present: Mask  # other cells hold nobody
    limits: Floats  # speed limits, m/s, shape (r, 1)
    lines: Floats  # x of the stop lines, shape (r, 1)
    phases: NDArray[np.intp]  # of the lights, shape (r, 1)


class Leader(NamedTuple):
    """Whom or what a driver minds, shape (r, m) each."""

    gap: Floats  # m
    speed: Floats  # m/s
    kept: Floats  # gap at rest, m


def safe_speeds(scene: Scene) -> Floats:
    """Return the speeds that drivers choose on their own for the next step, shape (r, m)."""
    before = scene.x <= scene.lines
    can_stop, stop_gaps = stopping(scene.v, scene.lines - scene.x, scene.decel)
    red, yellow = scene.phases == RED, scene.phases == YELLOW
    waits = before & (red | (yellow & can_stop))
    leaders = next_leader(scene, waits), beyond_line(scene, waits, before, stop_gaps)
    following, other = follow(scene, *leaders)
    other = np.where(waits, bounded_stop(other, scene.v, stop_gaps), other)
    hardest = np.maximum(scene.decel, EMERGENCY_DECEL) * STEP
    lowest = np.maximum(scene.v - hardest, 0.0)
    return np.asarray(np.maximum(np.minimum(following, other), lowest))


def advised_speeds(scene: Scene, who: Mask, wanted: Floats, safe: Floats) -> Floats:
    """Return the next speeds of vehicles that are told one, shape (told,), in speed mode 31.

    Args:
        scene: all vehicles.
        who: is told a speed, shape (r, m).
        wanted: the speeds they are told, m/s, shape (told,); cut to 0 and the speed limit.
        safe: `safe_speeds`, shape (r, m).
    """
    v, limits = scene.v[who], scene.limits[np.nonzero(who)[0], 0]
    wanted = np.minimum(np.maximum(wanted, 0.0), limits)
    lowest = np.maximum(v - scene.decel[who] * STEP, 0.0)
    highest = v + scene.accel[who] * STEP
    return np.maximum(np.minimum(np.minimum(wanted, highest), safe[who]), lowest)


def next_leader(scene: Scene, waits: Mask) -> Leader:
    """Return the vehicle ahead, unless it is beyond a line that one waits at."""
    rear = shifted(scene.x, np.inf) - VEHICLE_LENGTH
    seen = np.isfinite(rear) & ~(waits & (rear >= scene.lines))
    return Leader(
        np.where(seen, rear - scene.x, FREE_GAP),
        np.where(seen, shifted(scene.v, 0.0), scene.limits),
        np.where(seen, scene.min_gap, 0.0),
    )


def beyond_line(scene: Scene, waits: Mask, before: Mask, stop_gaps: Floats) -> Leader:
    """Return the point to stop at, or for those that may pass, the last vehicle beyond the line."""
    count = ((scene.x > scene.lines) & scene.present).sum(axis=1)
    last = np.arange(len(count)), np.maximum(count - 1, 0)
    passes = before & ~waits & (count > 0)[:, None]
    gaps = scene.x[last][:, None] - VEHICLE_LENGTH - scene.x
    return Leader(
        np.where(waits, stop_gaps, np.where(passes, gaps, FREE_GAP)),
        np.where(waits, 0.0, np.where(passes, scene.v[last][:, None], scene.limits)),
        np.where(passes, scene.min_gap, 0.0),
    )


def follow(scene: Scene, *leaders: Leader) -> Floats:
    """Return the speeds behind each kind of leader, shape (kinds, r, m)."""
    gaps, speeds, kept = np.array(leaders).swapaxes(0, 1)
    drivers = IDM(scene.limits, scene.accel, scene.decel, scene.headway, kept, STEP / PARTS)
    after = scene.v + np.zeros_like(gaps)
    for _ in range(PARTS):
        after = drivers.next_speeds(after, speeds, gaps)
        gaps = gaps - np.maximum(after - speeds, 0.0) * (STEP / PARTS)
    return np.asarray(after)


def shifted(values: Floats, first: float) -> Floats:
    """Return what the vehicle before each one has, shape (r, m)."""
    before = np.empty_like(values)
    before[:, 0], before[:, 1:] = first, values[:, :-1]
    return before
