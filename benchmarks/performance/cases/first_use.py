"""Seconds until the command line answers, and until a study takes its first environment step.

Each turn starts a new process; what Numba compiled lies in its cache. For comparison, what Python
itself takes, and what importing Stable-Baselines3 takes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from harness.case import AtMost, Case, Work

__all__ = ["CASES"]

COMMAND = str(Path(sys.executable).with_name("rltransfer"))
WATCH = Path(__file__).resolve().parents[1] / "first_step"
STUDY = ("run", "cartpole", "--vary", "length", "--targets", "10", "--rounds", "1", "--quiet")
PATIENCE = 60.0  # s


@contextmanager
def starting(command: Sequence[str]) -> Iterator[Work]:
    """Yield a process from its start to its end."""

    def work() -> float:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return 1.0

    yield work


@contextmanager
def first_step() -> Iterator[Work]:
    """Yield a study from its start to its first environment step."""

    def work() -> float:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            stepped = Path(folder) / "stepped"
            watched = {"PYTHONPATH": str(WATCH), "FIRST_STEP": str(stepped), "TMPDIR": folder}
            study = subprocess.Popen(
                [COMMAND, *STUDY, "--runs", folder],
                env={**os.environ, **watched},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            wait_for(stepped, study)
            study.kill()  # its worker follows it
            study.wait()
        return 1.0

    yield work


def wait_for(path: Path, study: subprocess.Popen[bytes]) -> None:
    """Return as soon as a file is there."""
    began = time.monotonic()
    while not path.exists():
        if study.poll() is not None or time.monotonic() - began > PATIENCE:
            raise RuntimeError("the study has taken no environment step.")
        time.sleep(0.005)


PYTHON, HELP = "python -c pass", "rltransfer --help"
IMPORT, RUN = "import stable_baselines3", "rltransfer run"

CASES = (
    Case(
        name="help",
        title="First use: help",
        unit="start",
        contenders={
            PYTHON: partial(starting, [sys.executable, "-c", "pass"]),
            HELP: partial(starting, [COMMAND, "--help"]),
        },
        bars=(AtMost(HELP, 0.5),),
    ),
    Case(
        name="first-step",
        title="First use: a study's first step",
        unit="start",
        contenders={
            IMPORT: partial(starting, [sys.executable, "-c", IMPORT]),
            RUN: first_step,
        },
        bars=(AtMost(RUN, 5.0),),
        rounds=3,
    ),
)
