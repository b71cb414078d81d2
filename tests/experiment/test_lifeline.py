"""A process that ends with its parent, whether the kernel tells of its death or not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

CHILD = """
import os, subprocess, sys, time
from rltransfer.experiment import lifeline
lifeline.kernel_tells = {tells}
lifeline.lead_group()
lifeline.die_with_parent(int(sys.argv[1]))
below = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(os.getpid(), below.pid, flush=True)
time.sleep(60)
"""
PARENT = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", sys.argv[1], str({parent})]).wait()
"""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone_within(seconds: float, *pids: int) -> bool:
    deadline = time.monotonic() + seconds
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(alive, pids))


def family(tells: str, parent: str = "os.getpid()") -> tuple[subprocess.Popen, list[int]]:
    """Start a parent; return it and the process ids of its child and grandchild."""
    words = [PARENT.format(parent=parent), CHILD.format(tells=tells)]
    process = subprocess.Popen(
        [sys.executable, "-c", *words], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    return process, [int(word) for word in process.stdout.readline().split()]


def end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()
    process.stdout.close()


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@linux
@pytest.mark.parametrize("tells", ["lifeline.kernel_tells", "lambda: False"])
def test_the_child_is_gone_when_its_parent_was_killed(tells):
    process, (child, grandchild) = family(tells)
    assert alive(child)
    end(process)
    assert gone_within(5.0, child, grandchild)


@linux
def test_what_a_killed_process_has_started_is_gone_soon():
    process, (child, grandchild) = family("lifeline.kernel_tells")
    os.kill(child, signal.SIGKILL)
    assert gone_within(5.0, grandchild)
    end(process)


@linux
def test_a_child_whose_parent_is_dead_by_now_ends_at_once():
    process, told = family("lifeline.kernel_tells", parent="1")
    assert told == []
    end(process)
