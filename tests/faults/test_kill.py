"""A run killed with SIGKILL at random moments and resumed gives what an uninterrupted one gives."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from rltransfer.experiment.agenda import lane_states
from rltransfer.runs import Run

WORDS = ["cartpole", "--vary", "length", "--targets", "5", "--rounds", "3", "--steps", "2048",
         "--episodes", "2", "--compare", "random"]  # fmt: skip


def start(folder: Path) -> subprocess.Popen:
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", "from rltransfer.cli import main; main()", "run", *WORDS],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip


def finish(folder: Path) -> Run:
    process = start(folder)
    _, err = process.communicate(timeout=200)
    assert process.returncode == 0, err.decode()
    return Run.open(folder / "runs" / "cartpole-length" / "seed-0")


def result(run: Run) -> dict[str, object]:
    """Everything that must be equal: picks, returns, weights, and the study."""
    weights = {
        key: (run.policy_folder(key) / "policy.safetensors").read_bytes() for key in run.sources()
    }
    returns = {key: record.returns.tolist() for key, record in run.sources().items()}
    picks = {name: s.transfer.trained for name, s in lane_states(run).items()}
    return {"weights": weights, "returns": returns, "picks": picks}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    begin = time.monotonic()
    run = finish(tmp_path_factory.mktemp("whole"))
    return result(run), time.monotonic() - begin


def survives(folder: Path, kills: int, duration: float, rng: np.random.Generator) -> Run:
    """Kill the run at random moments of its life, then let it finish."""
    for _ in range(kills):
        process = start(folder)
        time.sleep(float(rng.uniform(0.0, duration)))
        os.kill(process.pid, signal.SIGKILL)  # the controller alone: workers must notice
        process.communicate()
    return finish(folder)


@pytest.mark.slow
def test_two_kills_change_nothing(tmp_path, uninterrupted):
    expected, duration = uninterrupted
    run = survives(tmp_path / "killed", 2, duration, np.random.default_rng(0))
    assert result(run) == expected
    assert not list(run.path.rglob(".tmp-*"))


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("trial", range(20))
def test_twenty_times_out_of_twenty(tmp_path, uninterrupted, trial):
    expected, duration = uninterrupted
    run = survives(tmp_path / "killed", 1, duration, np.random.default_rng(1 + trial))
    assert result(run) == expected


def session(leader: int) -> list[int]:
    """The living processes of a session: workers are in groups of their own."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, belongs = place.read_text().rpartition(")")[2].split()[:4]
            found += [int(place.parent.name)] * (int(belongs) == leader and state != "Z")
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_are_gone_soon_after_their_parent(tmp_path):
    process = start(tmp_path)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("runs/*/*/study.journal")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(session(process.pid)) > 1
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    deadline = time.monotonic() + 5
    while left := session(process.pid):
        assert time.monotonic() < deadline, f"alive 5 s after their parent was killed: {left}"
        time.sleep(0.1)


@pytest.mark.slow
def test_a_damaged_study_is_made_again(tmp_path):
    run = finish(tmp_path)
    before = result(run)
    run.study_file.write_bytes(run.study_file.read_bytes()[:-7])
    removed = run.policy_folder(next(reversed(run.sources())))
    for path in removed.iterdir():
        path.unlink()
    removed.rmdir()
    assert result(finish(tmp_path)) == before
    for line in run.study_file.read_text().splitlines():
        json.loads(line)
