"""Lets SUMO drive the roads of `simulators/lane`, and records where everybody is.

    python lane_in_sumo.py FOLDER [CASE ...]

writes `lane_CASE.npz`: for some pairs of successive steps, who is on the road, and x and v.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from rltransfer.envs.simulators.lane.demand import Demand
from rltransfer.envs.simulators.sumo.single_lane import SumoRoad

EVERY = 20  # steps between two recorded pairs

DEFAULT = {
    "green": 35.0,
    "red": 35.0,
    "inflow": 400.0,
    "penetration": 0.2,
    "speed_limit": 14.0,
    "approach_length": 235.6,
}


NOTHING = np.zeros((0, 0))
ANYTHING = np.random.default_rng(7).uniform(-3.0, 3.5, (97, 13)).clip(max=2.6).round(3)
BRAKE_AT_YELLOW = np.full((62, 1), 2.6)  # a cycle of the case `caught`
BRAKE_AT_YELLOW[30:36] = -4.0  # which is too late for some


@dataclass(frozen=True)
class Case:
    """One road. Automated vehicle n is told advice[k % K, n % N], m/s², in step k, or nothing."""

    changes: Mapping[str, float] = field(default_factory=dict)
    advice: np.ndarray = field(default_factory=lambda: NOTHING)  # (K, N)
    seed: int = 0
    steps: int = 1500

    @property
    def context(self) -> dict[str, float]:
        return {**DEFAULT, **self.changes}


CASES = {
    "default": Case(),
    "queue": Case({"inflow": 1500.0, "green": 12.0, "penetration": 0.5}),
    "fast": Case({"speed_limit": 30.0, "inflow": 900.0, "green": 12.0, "red": 12.0}, seed=4),
    "fractions": Case({"green": 7.3, "red": 11.1, "approach_length": 77.7}),
    "advised": Case({"inflow": 900.0, "penetration": 0.5}, ANYTHING),
    "caught": Case(
        {"speed_limit": 25.0, "inflow": 600.0, "green": 15.0, "red": 10.0, "penetration": 1.0},
        BRAKE_AT_YELLOW,
        seed=1,
    ),
}


def record(case: Case) -> dict[str, Any]:
    """Simulate a case.

    The recording says `at` which steps `who` was at x with v, and the `hardest` braking, m/s².
    """
    road, rows, limit = SumoRoad(), [], case.context["speed_limit"]
    arrivals = list(takewhile(lambda one: one.time < case.steps, Demand(case.context, case.seed)))
    road.empty(case.context, arrivals)
    hardest, speeds = 0.0, dict[str, float]()
    for step in range(case.steps):
        for number in map(int, road.vehicles if case.advice.size else ()):
            if arrivals[number].automated:
                tell(road, number, advised(case.advice, step, number), limit)
        road.step()
        road.clear_end()
        before, speeds = speeds, {name: road.speed(name) for name in road.vehicles}
        hardest = max([hardest, *(2 * (before.get(n, v) - v) for n, v in speeds.items())])
        if road.now % EVERY in (0, 1):
            rows += [(road.now, int(n), road.position(n), road.speed(n)) for n in road.vehicles]
    at, who, x, v = zip(*rows, strict=True)
    results = {"at": at, "who": who, "x": x, "v": v, "steps": case.steps, "hardest": hardest}
    causes = {"context": list(case.context.values()), "seed": case.seed, "advice": case.advice}
    return {**results, **causes}


def advised(advice: np.ndarray, step: int, number: int) -> float:
    """Return what a vehicle is told in a step, m/s²."""
    return float(advice[step % advice.shape[0], number % advice.shape[1]])


def tell(road: SumoRoad, number: int, acceleration: float, limit: float) -> None:
    """Tell a vehicle the speed that follows from an acceleration."""
    name = str(number)
    wanted = road.speed(name) + 0.5 * acceleration
    road.sumo.vehicle.setSpeed(name, min(max(wanted, 0.0), limit))


def main(folder: str, *names: str) -> None:
    """Record some cases, or all."""
    target = Path(folder).absolute()
    with TemporaryDirectory() as scratch:
        os.chdir(scratch)
        for name in names or CASES:
            np.savez_compressed(target / f"lane_{name}.npz", **record(CASES[name]))


if __name__ == "__main__":
    main(*sys.argv[1:])
