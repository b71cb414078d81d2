"""How fast ring roads are driven: SUMO and ours, in turn, in one process on one core.

    SUMO            libsumo's simulation of one ring: nothing is read, nobody is guided
    SUMO, guided    the same with what a reinforcement-learning loop asks for: advice in every
                    step, and the observation and all speeds in every tenth
    ours, n         n rings as one array program, a decision every tenth step, with observations,
                    rewards and checks for collisions

A ring-step moves the 22 vehicles of one ring by 0.1 s. Median of the repeats; the ratios are the
result: numbers in brackets say how many times as fast as SUMO, guided.

Run it with `python benchmarks/ring_road.py`; it needs libsumo.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

from rltransfer.envs import ContextualEnv, make

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "envs"))
from ring_in_sumo import CASES, Ring, starts

SIZES, SECONDS, REPEATS = (1, 16, 256, 1024), 0.5, 5
HOLD = 10  # steps
Decide = Callable[[], int]
"""Drives until the next decision; returns the ring-steps."""


def sumo() -> tuple[Decide, Decide]:
    """Start one ring; return how it is driven unguided and guided."""
    import libsumo

    case = replace(CASES["platoons"], guidance="acceleration")
    Ring(case, starts(case, np.random.default_rng(0)), np.ones(22))
    vehicle, vehicles = libsumo.vehicle, [str(i) for i in range(22)]

    def unguided() -> int:
        for _ in range(HOLD):
            libsumo.simulationStep()
        return HOLD

    def guided() -> int:
        for _ in range(HOLD):
            vehicle.slowDown("0", vehicle.getSpeed("0"), 0.0)
            libsumo.simulationStep()
        leader, _ = vehicle.getLeader("0", 300.0)
        vehicle.getSpeed(leader)
        np.mean([vehicle.getSpeed(i) for i in vehicles])
        return HOLD

    for _ in range(100):
        unguided()
    vehicle.setMinGap("0", 0.0)
    return unguided, guided


def ours(n: int) -> Decide:
    """Return how n rings are driven whose episodes do not end."""
    spec = make("ring_road").spec
    env = ContextualEnv(dataclasses.replace(spec, options={**spec.options, "guided": 1e9}))
    batch = env.batch([{"hold": HOLD * 0.1}] * n)
    batch.reset(np.arange(n), batch.initial_states(np.random.default_rng(0), n))
    actions = np.zeros((n, 1), dtype=np.float32)

    def guided() -> int:
        batch.step(actions)
        return n * HOLD

    return guided


def rate(decide: Decide) -> float:
    """Return ring-steps per second."""
    began, steps = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < SECONDS:
        steps += decide()
    return steps / spent


def main() -> None:
    """Print one line per way."""
    ways = dict(zip(("SUMO", "SUMO, guided"), sumo(), strict=True))
    ways |= {f"ours, n = {n}": ours(n) for n in SIZES}
    rounds = [[rate(decide) for decide in ways.values()] for _ in range(REPEATS)]
    rates = [median(way) for way in zip(*rounds, strict=True)]
    print("ring-steps per second")
    for name, value in zip(ways, rates, strict=True):
        print(f"{name:24}{value:>14,.0f} ({value / rates[1]:.1f})")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
