"""A tuning that is really killed, and goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rltransfer.experiment.tuning import Outcome, TuningFolder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

WORDS = ("tune", "cartpole", "--vary", "length", "--contexts", "2", "--trials", "4", "--seeds", "1",
         "--steps", "2048", "--episodes", "2", "--quiet")  # fmt: skip
COMMAND = [str(Path(sys.executable).parent / "rltransfer"), *WORDS]


def found(path):
    """What a tuning has found, without the time it took."""
    outcome = Outcome.read(TuningFolder(path))
    records = [*outcome.trials, *outcome.references.values()]
    cells = [[(cell.looks, cell.mean) for cell in record.cells] for record in records]
    return [trial.params for trial in outcome.trials], cells, (path / "best.toml").read_text()


def wait_for(path, seconds=120):
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.02)


@pytest.mark.parametrize("moment", ["references/family.json", "trials/001.json"])
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_tuning_comes_to_the_same(tmp_path, moment, blow):
    subprocess.run([*COMMAND, "--out", tmp_path / "whole"], cwd=tmp_path, check=True)
    with subprocess.Popen([*COMMAND, "--out", tmp_path / "t"], cwd=tmp_path,
                          stdout=subprocess.PIPE, start_new_session=True) as process:  # fmt: skip
        wait_for(tmp_path / "t" / moment)
        os.kill(process.pid, blow)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == (130 if blow == signal.SIGINT else -9)
    if blow == signal.SIGINT:
        assert f"Continue with: rltransfer tune {tmp_path / 't'}" in said.decode()
    again = [COMMAND[0], "tune", tmp_path / "t", "-j", "2", "--json"]
    done = subprocess.run(again, cwd=tmp_path, check=True, capture_output=True)
    assert json.loads(done.stdout)["best"] is not None
    assert found(tmp_path / "t") == found(tmp_path / "whole")
