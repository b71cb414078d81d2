"""What an eco-driving vehicle sees, and what its driving is worth; SUMO's version uses it too.

Notation
    n    vehicles that are seen through
    v    speed, m/s
    E    CO2 of one vehicle in one step, g

Speeds are seen in 15 m/s, distances in 250 m, times in 100 s. The signal is seen as its phase and
the times to its next three changes. A neighbour that is further away than 250 m, or is not there,
looks like one at 250 m with 15 m/s.

    reward = (v - 35 max(0, 1 - v) - 3 E) / 15

Source: Jayawardana et al. 2024, IntersectionZoo: without the lanes, turns and blinkers that a
single straight lane has none of. At 14 m/s E is about 1.2 g, and standing it is 0.9 g, so that a
step pays 0.7 at the speed limit, and -2.5 at rest. Over a whole trip the first term adds up to the
same for everyone: what is left to gain is not to stand and to emit less.
"""

from __future__ import annotations

from typing import NamedTuple

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.lane.clock import STEP
from rltransfer.envs.simulators.lane.emissions import carbon_dioxide

__all__ = ["ACTIONS", "OBSERVATIONS", "Sight", "rewards"]

Floats = NDArray[np.float64]

SPEED, DISTANCE, TIME = 15.0, 250.0, 100.0  # m/s, m and s that are seen as 1
STANDING, EMISSION = 35.0, 3.0  # weights

LOW = np.array([0, -2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], dtype=np.float32)
HIGH = np.array([3, 3, 1, 1, 1, 3, 3, 3, 3, 1, 3, 1], dtype=np.float32)
OBSERVATIONS = gym.spaces.Box(LOW, HIGH, dtype=np.float32)

ACTIONS = gym.spaces.Box(-4.5, 2.6, (1,), dtype=np.float32)
"""Accelerations, m/s², from the decel to the accel of an automated vehicle."""


class Sight(NamedTuple):
    """What n vehicles see, shape (n,) if nothing else is said."""

    speed: Floats  # m/s
    distance: Floats  # to the stop line, m; negative beyond it
    phase: NDArray[np.intp]  # 0 green, 1 yellow, 2 red
    switches: Floats  # s, shape (n, 3)
    leader_speed: Floats  # m/s
    leader_gap: Floats  # bumper to bumper, m; inf where there is none
    follower_speed: Floats
    follower_gap: Floats

    def numbers(self) -> NDArray[np.float32]:
        """Return the observations, shape (n, 12)."""
        columns = [self.speed / SPEED, self.distance / DISTANCE]
        columns += [self.phase == phase for phase in range(3)]
        columns += list(self.switches.T / TIME)
        columns += neighbour(self.leader_speed, self.leader_gap)
        columns += neighbour(self.follower_speed, self.follower_gap)
        return np.stack(columns, axis=1).astype(np.float32)


def neighbour(speeds: Floats, gaps: Floats) -> list[Floats]:
    """Return speed and gap as they are seen, shape (n,) each."""
    near, seen = gaps < DISTANCE, np.maximum(gaps, 0.0) / DISTANCE
    return [np.where(near, speeds / SPEED, 1.0), np.where(near, seen, 1.0)]


def rewards(before: Floats, after: Floats) -> Floats:
    """Return what a step pays vehicles, shape (n,).

    Args:
        before: speeds at its beginning, m/s, shape (n,).
        after: speeds at its end, in which the whole step is driven.
    """
    emitted = carbon_dioxide(after, (after - before) / STEP, STEP)
    standing = np.maximum(0.0, 1.0 - after)
    return np.asarray((after - STANDING * standing - EMISSION * emitted) / SPEED)
