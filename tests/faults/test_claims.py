"""Many processes want one run at once: one works, the others are refused by name, at once."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from stub_lab.crashing import Crash
from stub_lab.diary import begun
from stub_lab.essence import essence
from stub_lab.study import Study
from stub_lab.warm import Warm

from rltransfer.errors import RunLocked
from rltransfer.runs.lock import locked

NewFolder = Callable[[], Path]

CLAIMANT = """
import sys, time
from pathlib import Path
from rltransfer.errors import RunLocked
from rltransfer.runs.lock import locked

folder, claims, counter = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
while claims:
    try:
        with locked(folder):
            counter.write_text(str(int(counter.read_text()) + 1))  # wrong where two are inside
        claims -= 1
    except RunLocked:
        time.sleep(0.0005)
"""
OWNER = """
import sys, time
from pathlib import Path
from rltransfer.runs.lock import locked

with locked(Path(sys.argv[1])):
    print("mine", flush=True)
    time.sleep(60)
"""


def process(code: str, *words: object) -> subprocess.Popen[str]:
    """Begin a script and wait for its first line."""
    begun = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert begun.stdout is not None
    assert begun.stdout.readline()
    return begun


def test_a_thousand_claims_are_one_at_a_time(tmp_path):
    claimants, claims = 4, 250
    counter = tmp_path / "counter"
    counter.write_text("0")
    begun = [process(CLAIMANT, tmp_path / "run", claims, counter) for _ in range(claimants)]
    for one in begun:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    assert [one.communicate(timeout=60)[0] for one in begun] == [""] * claimants
    assert [one.returncode for one in begun] == [0] * claimants
    assert counter.read_text() == str(claimants * claims)


def test_the_second_is_refused_by_name_and_let_in_when_the_first_is_killed(tmp_path):
    owner = process(OWNER, tmp_path)
    before = time.monotonic()
    with pytest.raises(RunLocked) as refused, locked(tmp_path):
        pass
    assert time.monotonic() - before <= 1
    assert f"in use by process {owner.pid} on {socket.gethostname()}" in str(refused.value)
    owner.kill()
    owner.communicate()
    before = time.monotonic()
    with locked(tmp_path):
        assert json.loads((tmp_path / ".lock").read_text())["pid"] == os.getpid()
    assert time.monotonic() - before <= 0.1


# -- whole studies -----------------------------------------------------------------------------


def contend(warm: Warm, study: Study, processes: int) -> None:
    """Begin a study many times at once: each is refused or works, until it is done."""
    pids = [warm.begin(study) for _ in range(processes)]
    codes = Counter(warm.wait(pid, study).code for pid in pids)
    assert set(codes) <= {0, RunLocked.exit_code}, codes
    assert codes[0] >= 1


def require_trained_once(study: Study) -> None:
    """Require that no segment was worked on twice."""
    assert set(begun(study.diary).values()) == {1}


def contend_often(warm: Warm, new_folder: NewFolder, claims: int, processes: int) -> None:
    expected = None
    for _ in range(claims // processes):
        study = Study(str(new_folder()))
        contend(warm, study, processes)
        require_trained_once(study)
        expected = expected or essence(study.run)
        assert essence(study.run) == expected


def test_nothing_is_trained_twice(warm, new_folder):
    contend_often(warm, new_folder, claims=12, processes=4)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nothing_is_trained_twice_in_a_thousand_claims(warm, new_folder):
    contend_often(warm, new_folder, claims=1000, processes=8)


def test_a_run_is_free_after_its_owner_is_killed_in_it(warm, new_folder):
    study = Study(str(new_folder()))
    assert warm.run(study, Crash(12, "half")).code == -signal.SIGKILL
    owner = json.loads((study.run / ".lock").read_text())
    assert not Path(f"/proc/{owner['pid']}").exists()
    assert warm.run(study).code == 0
