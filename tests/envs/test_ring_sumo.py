"""Our ring roads are SUMO's: vehicles, guidance, collisions and the speeds of whole fleets.

Every comparison is made twice: with recordings of SUMO 1.28.0 in `data`, and, where libsumo is
installed, with recordings made now. `ring_in_sumo.py` makes them and says what the cases are.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import ks_2samp

from rltransfer.envs.simulators.carfollowing import IDM
from rltransfer.envs.simulators.ring.advice import ADVICE
from rltransfer.envs.simulators.ring.rings import Rings

HERE = Path(__file__).parent
LIMIT, N = 13.89, 22
SAME, STILL_SAME = 1e-9, 1e-6  # after one step, and after 1000

UNGUIDED = ["homogeneous", "deviation", "no_internal_links", "half_second", "ballistic"]
GUIDED = ["acceleration", "speed"]
COLLISIONS = ["acceleration_collision", "speed_collision"]

Recording = Mapping[str, Any]
Recorder = Callable[[str], Recording]


@pytest.fixture(scope="module", params=["stored", "live"])
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """Return what reads the recording of a case."""
    folder = HERE / "data"
    if request.param == "live":
        folder = tmp_path_factory.mktemp("sumo")
        record(folder)
    return lambda case: np.load(folder / f"ring_{case}.npz")


def record(folder: Path, *cases: str) -> None:
    """Let SUMO drive, in a process of its own."""
    if importlib.util.find_spec("libsumo") is None:
        pytest.skip("libsumo is not installed: pip install 'rltransfer[traffic]'.")
    command = [sys.executable, str(HERE / "ring_in_sumo.py"), str(folder), *cases]
    subprocess.run(command, check=True, capture_output=True)


def rings_at(recording: Recording, k: int) -> Rings:
    """Return one ring in the k-th recorded state."""
    motion = "ballistic" if recording["ballistic"] else "euler"
    rings = Rings(1, N, float(recording["dt"]), motion)
    length, desired = recording["length"], LIMIT * recording["factors"]
    rings.line_up(np.array([0]), np.array([length]), np.array([N]), desired[np.newaxis])
    x, v, _ = rings.rows()[:, 0]
    x[:N], v[:N] = recording["x"][k], recording["v"][k]
    x[N], v[N] = x[0] + length, v[0]
    return rings


def drive(rings: Rings, recording: Recording, begin: int, end: int) -> int:
    """Drive from one step to another as was told; return the step of a collision, or -1."""
    kind = str(recording["guidance"])
    for step in range(begin, end):
        advice = ADVICE[kind](recording["advice"][step : step + 1]) if kind else None
        if rings.drive(np.array([1]), advice)[0]:
            return step + 1
    return -1


def pairs(recording: Recording) -> np.ndarray:
    """Return the k whose state is followed by that of the next step."""
    return np.flatnonzero(np.diff(recording["at"]) == 1)


@pytest.mark.parametrize("case", UNGUIDED + GUIDED)
def test_one_step_is_the_same(recorded: Recorder, case: str) -> None:
    recording = recorded(case)
    for k in pairs(recording):
        rings = rings_at(recording, k)
        drive(rings, recording, recording["at"][k], recording["at"][k + 1])
        x, v, _ = rings.rows()[:, 0, :N]
        np.testing.assert_allclose(v, recording["v"][k + 1], rtol=0, atol=SAME)
        np.testing.assert_allclose(x, recording["x"][k + 1], rtol=0, atol=SAME)


@pytest.mark.parametrize("case", UNGUIDED + GUIDED)
def test_a_thousand_steps_are_the_same(recorded: Recorder, case: str) -> None:
    recording = recorded(case)
    at = recording["at"]
    rings = rings_at(recording, 0)
    for k in range(1, len(at)):
        assert drive(rings, recording, at[k - 1], at[k]) == -1
        x, v, _ = rings.rows()[:, 0, :N]
        np.testing.assert_allclose(x, recording["x"][k], rtol=0, atol=STILL_SAME)
        np.testing.assert_allclose(v, recording["v"][k], rtol=0, atol=STILL_SAME)
    assert at[-1] == 1000
    assert recording["v"][-1].min() < recording["v"][-1].max() - 1e-4  # something was at stake


@pytest.mark.parametrize("case", COLLISIONS)
def test_a_guided_vehicle_collides_at_the_same_time(recorded: Recorder, case: str) -> None:
    recording = recorded(case)
    collision = int(recording["collision"])
    last = np.flatnonzero(recording["at"] < collision - 20)[-1]
    begin = recording["at"][last]
    assert drive(rings_at(recording, last), recording, begin, collision + 50) == collision


@pytest.mark.parametrize("case", ["platoons", "any_speed"])
def test_where_it_is_not_the_same_sumo_looks_past_the_leader(recorded: Recorder, case: str) -> None:
    """On every lane ahead of its own, a vehicle in SUMO also follows the last vehicle there.

    A ring without lanes has no such vehicles; behind a wide gap they can matter.
    """
    recording = recorded(case)
    differing = 0
    for k in pairs(recording):
        x, v, expected = recording["x"][k], recording["v"][k], recording["v"][k + 1]
        rings = rings_at(recording, k)
        drive(rings, recording, recording["at"][k], recording["at"][k + 1])
        ours = rings.rows()[1, 0, :N]
        differing += int((np.abs(ours - expected) > SAME).sum())
        looking_far = np.minimum(ours, speeds_behind_last_of_lanes(recording, x, v))
        np.testing.assert_allclose(looking_far, expected, rtol=0, atol=SAME)
    assert 0 < differing < 0.02 * N * len(pairs(recording))


def speeds_behind_last_of_lanes(recording: Recording, x: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return the speeds with which each vehicle follows the last one of any other lane."""
    length, half, link = (float(recording[key]) for key in ("length", "length", "link"))
    half /= 2
    ends = np.array([half - link, half, length - link, length])
    place = x % length
    lane = np.searchsorted(ends, place, side="right")
    slowest = np.full(N, np.inf)
    min_gap = np.where((np.arange(N) == 0) & (recording["guidance"] != ""), 0.0, 2.0)
    drivers = IDM(LIMIT * recording["factors"], min_gap=min_gap, dt=float(recording["dt"]))
    for other in np.unique(lane):
        on_it = np.flatnonzero(lane == other)
        last = on_it[np.argmin(place[on_it])]
        gaps = (place[last] - place) % length - 5.0
        speeds = drivers.next_speeds(v, np.full(N, v[last]), gaps)
        slowest = np.where(lane == other, slowest, np.minimum(slowest, speeds))
    return slowest


def speeds_of_our_fleets(n: int) -> np.ndarray:
    """Return mean speeds from 100 s to 500 s, shape (n,), as `ring_in_sumo.mean_speeds`."""
    factors = np.clip(1 + 0.1 * np.random.default_rng(5).standard_normal((n, N)), 0.2, 2.0)
    rings = Rings(n, N, 0.1, "euler")
    rings.line_up(np.arange(n), np.full(n, 250.2), np.full(n, N), LIMIT * factors)
    rings.drive(np.full(n, 1000))
    begin = rings.mean_position()
    rings.drive(np.full(n, 4000))
    return (rings.mean_position() - begin) / 400.0


def test_fleets_are_as_fast_as_those_of_sumo() -> None:
    theirs, ours = np.load(HERE / "data" / "ring_speeds.npz")["speeds"], speeds_of_our_fleets(256)
    assert ks_2samp(theirs, ours).pvalue > 0.01
    assert abs(theirs.mean() - ours.mean()) < 3 * theirs.std() / np.sqrt(len(theirs))
    assert 0.7 < ours.std() / theirs.std() < 1.4


@pytest.mark.slow
def test_the_stored_speeds_are_those_of_sumo(tmp_path: Path) -> None:
    record(tmp_path, "speeds")
    now, then = (np.load(at / "ring_speeds.npz")["speeds"] for at in (tmp_path, HERE / "data"))
    assert ks_2samp(now, then).pvalue > 0.01
