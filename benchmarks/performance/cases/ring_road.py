"""How fast ring roads are driven: SUMO and ours, on one core.

    SUMO            libsumo's simulation of one ring: nothing is read, nobody is guided
    SUMO, guided    the same with what a reinforcement-learning loop asks for: advice in every
                    step, and the observation and all speeds in every tenth
    ours, n         n rings as one array program, a decision every tenth step, with observations,
                    rewards and checks for collisions

A ring-step moves the 22 vehicles of one ring by 0.1 s.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from harness.case import AtLeast, Case, Unavailable, Work

from rltransfer.envs import ContextualEnv, make

__all__ = ["CASES"]

TESTS = Path(__file__).resolve().parents[3] / "tests" / "envs"
HOLD = 10  # steps
DECISIONS = 50


@cache
def ring() -> Any:
    """Start libsumo's ring, which a process has once.

    Raises:
        Unavailable: without libsumo.
    """
    try:
        import libsumo
    except ImportError:
        raise Unavailable('libsumo is missing: pip install "rltransfer[traffic]"') from None
    sys.path.insert(0, str(TESTS))
    from ring_in_sumo import CASES, Ring, starts

    case = replace(CASES["platoons"], guidance="acceleration")
    Ring(case, starts(case, np.random.default_rng(0)), np.ones(22))
    for _ in range(100 * HOLD):
        libsumo.simulationStep()
    libsumo.vehicle.setMinGap("0", 0.0)
    return libsumo


@contextmanager
def unguided() -> Iterator[Work]:
    """Yield SUMO alone."""
    sumo = ring()

    def work() -> float:
        for _ in range(DECISIONS * HOLD):
            sumo.simulationStep()
        return DECISIONS * HOLD

    yield work


@contextmanager
def guided() -> Iterator[Work]:
    """Yield SUMO as a reinforcement-learning loop drives it."""
    sumo = ring()
    vehicle, vehicles = sumo.vehicle, [str(i) for i in range(22)]

    def decide() -> None:
        for _ in range(HOLD):
            vehicle.slowDown("0", vehicle.getSpeed("0"), 0.0)
            sumo.simulationStep()
        leader, _ = vehicle.getLeader("0", 300.0)
        vehicle.getSpeed(leader)
        np.mean([vehicle.getSpeed(i) for i in vehicles])

    def work() -> float:
        for _ in range(DECISIONS):
            decide()
        return DECISIONS * HOLD

    yield work


@contextmanager
def ours(n: int) -> Iterator[Work]:
    """Yield n rings whose episodes do not end."""
    spec = make("ring_road").spec
    env = ContextualEnv(dataclasses.replace(spec, options={**spec.options, "guided": 1e9}))
    batch = env.batch([{"hold": HOLD * 0.1}] * n)
    batch.reset(np.arange(n), batch.initial_states(np.random.default_rng(0), n))
    actions = np.zeros((n, 1), dtype=np.float32)

    def work() -> float:
        for _ in range(DECISIONS):
            batch.step(actions)
        return n * DECISIONS * HOLD

    yield work


GUIDED, MANY = "SUMO, guided", "ours, 256"

CASES = (
    Case(
        name="ring-road",
        title="Ring roads of 22 vehicles",
        unit="ring-step",
        contenders={
            GUIDED: guided,
            "SUMO": unguided,
            "ours, 1": partial(ours, 1),
            "ours, 16": partial(ours, 16),
            MANY: partial(ours, 256),
        },
        bars=(AtLeast(MANY, GUIDED, 10.0),),
    ),
)
