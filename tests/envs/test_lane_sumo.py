"""Our signalised lanes are SUMO's, vehicle by vehicle.

Every comparison is made twice: with recordings of SUMO 1.28.0 in `data`, and, where libsumo is
installed, with recordings made now. `lane_in_sumo.py` makes them and says what the cases are.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rltransfer.envs.simulators.lane.demand import Arrival, Demand
from rltransfer.envs.simulators.lane.roads import Roads
from rltransfer.envs.simulators.lane.traffic import NOBODY, POSITION, SPEED

HERE = Path(__file__).parent

CASES = ("default", "queue", "fast", "fractions", "advised", "caught")
FEATURES_RECORDED = ("green", "red", "inflow", "penetration", "speed_limit", "approach_length")
ROAD, MOST = np.arange(1), 600

ALONE = 1e-9, 1e-6
"""How far we may be from SUMO, m and m/s: after one step, and in a whole run."""

ADVISED = 6e-5, 1e-2
"""The same where vehicles are advised: `carfollowing` lets who would creep slower than 5e-5 m/s
stand, which SUMO does with vehicles that are not advised only."""

Recording = Mapping[str, Any]
Recorder = Callable[[str], Recording]


@pytest.fixture(scope="module", params=["stored", "live"])
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """Return what reads the recording of a case."""
    folder = HERE / "data"
    if request.param == "live":
        if importlib.util.find_spec("libsumo") is None:
            pytest.skip("libsumo is not installed: pip install 'rltransfer[traffic]'.")
        folder = tmp_path_factory.mktemp("sumo")
        command = [sys.executable, str(HERE / "lane_in_sumo.py"), str(folder)]
        subprocess.run(command, check=True, capture_output=True)
    return lambda case: np.load(folder / f"lane_{case}.npz")


def moment(recording: Recording, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of those on the road, and x and v, shape (2, vehicles)."""
    now = recording["at"] == step
    return recording["who"][now], np.stack([recording["x"][now], recording["v"][now]])


class Lane:
    """One road whose vehicles are numbered, and advised as in a recording."""

    def __init__(self, recording: Recording) -> None:
        self.context = dict(zip(FEATURES_RECORDED, recording["context"].tolist(), strict=True))
        self.steps, self.table = int(recording["steps"]), recording["advice"]
        self.demand = Demand(self.context, int(recording["seed"]))
        self.roads, self.entered = Roads(1), 0
        self.roads.empty(0, self.context, self.demand)

    @property
    def tolerances(self) -> tuple[float, float]:
        """Of one step, and of a whole run."""
        return ADVISED if self.table.size else ALONE

    def step(self) -> None:
        """Move by one step."""
        self.roads.step(ROAD, self.advice(int(self.roads.now[0])))
        for road in self.roads.admissible(ROAD):
            self.roads.admit(road, self.pilot(self.entered, self.roads.arrival(road)))
            self.entered += 1
        self.roads.tick(ROAD)

    def pilot(self, number: int, arrival: Arrival) -> int:
        """Return a vehicle's number if it is advised."""
        return number if arrival.automated and self.table.size else NOBODY

    def advice(self, step: int) -> np.ndarray:
        """Return what the vehicles are told, m/s², shape (numbers,)."""
        if not self.table.size:
            return np.zeros(0)
        return np.resize(self.table[step % len(self.table)], MOST)

    @property
    def state(self) -> np.ndarray:
        """x and v of all vehicles, foremost first, shape (2, vehicles)."""
        cells = self.roads.traffic.cells(ROAD)[:, 0, : self.roads.traffic.counts[0]]
        return cells[[POSITION, SPEED]]


@pytest.mark.parametrize("case", CASES)
def test_a_whole_run_is_the_same(recorded: Recorder, case: str) -> None:
    """From an empty road: who is there, where, and how fast, for 750 s."""
    recording = recorded(case)
    lane = Lane(recording)
    for step in range(1, lane.steps + 1):
        lane.step()
        who, expected = moment(recording, step)
        if len(who):
            assert who[-1] == lane.entered - 1
            assert len(who) == lane.state.shape[1]
            np.testing.assert_allclose(lane.state, expected, rtol=0, atol=lane.tolerances[1])
    assert lane.entered > 50


@pytest.mark.parametrize("case", CASES)
def test_one_step_is_the_same(recorded: Recorder, case: str) -> None:
    """From every recorded moment to the next step."""
    recording, compared = recorded(case), 0
    lane = Lane(recording)
    arrivals = list(islice(Demand(lane.context, int(recording["seed"])), MOST))
    for step in np.unique(recording["at"]).tolist():
        after, expected = moment(recording, step + 1)
        who, state = moment(recording, step)
        stay = np.isin(who, after)
        if stay.any():
            ours = moved(lane, arrivals, step, who, state)[:, stay]
            theirs = expected[:, np.isin(after, who)]
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=lane.tolerances[0])
            compared += int(stay.sum())
    assert compared > 300


def moved(
    lane: Lane, arrivals: Sequence[Arrival], step: int, who: np.ndarray, state: np.ndarray
) -> np.ndarray:
    """Return x and v of vehicles after a step of ours, shape (2, vehicles)."""
    traffic, phases = lane.roads.traffic, lane.roads.signals.phases(ROAD, np.array([step]))
    traffic.clear(0)
    for number in who.tolist():
        traffic.enter(0, arrivals[number].driver, lane.pilot(number, arrivals[number]))
    traffic._cells[[POSITION, SPEED], 0, : len(who)] = state
    traffic.move(ROAD, phases, lane.advice(step))
    return traffic.cells(ROAD)[[POSITION, SPEED], 0]


def test_the_cases_hold_what_is_hard(recorded: Recorder) -> None:
    """Emergency braking, a vehicle caught by the red light, and a queue up to the entrance."""
    fast, caught, queue = recorded("fast"), recorded("caught"), recorded("queue")
    assert fast["hardest"] == pytest.approx(9.0)
    assert caught["hardest"] > 9.1, "only who is stopped on the line brakes so hard"
    assert (queue["v"][queue["x"] < 30] < 0.1).any()
