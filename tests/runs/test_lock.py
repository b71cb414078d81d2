import os
import signal
import subprocess
import sys

import pytest

from rltransfer.errors import RunLocked
from rltransfer.runs.lock import locked

HOLD = """
import sys, time, pathlib
from rltransfer.runs.lock import locked
with locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_process_is_told_who_holds_the_run(tmp_path, holder):
    with pytest.raises(RunLocked, match=f"in use by process {holder.pid} on"), locked(tmp_path):
        pass


def test_the_lock_dies_with_its_owner(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with locked(tmp_path):
        pass


def test_the_lock_can_be_taken_again(tmp_path):
    for _ in range(2):
        with locked(tmp_path):
            pass
