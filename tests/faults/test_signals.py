"""The first Ctrl-C or SIGTERM lets trainings keep what they have; the second ends everything."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from stub_lab.command_line import CommandLine

NewFolder = Callable[[], Path]
WORDS = ("--targets", "4", "--rounds", "2", "--steps", "300", "--episodes", "2",
         "--trainer", "stub", "--selector", "equidistant")  # fmt: skip
LONG = 60.0
"""Seconds of a segment that nobody can wait for."""

AT_ONCE = 4.5  # sooner than the first alone would end it
INTERRUPT = pytest.param(signal.SIGINT, id="SIGINT")
TERMINATE = pytest.param(signal.SIGTERM, id="SIGTERM")
SLOW_INTERRUPT = pytest.param(signal.SIGINT, id="SIGINT", marks=pytest.mark.slow)
"""Ten seconds more for what the other signal shows as well."""


def begun(line: CommandLine):
    """Begin a study, and return in the midst of its first segment."""
    process = line.begin(pause=LONG)
    deadline = time.monotonic() + 60
    while not line.lines():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


@pytest.mark.parametrize("number", [SLOW_INTERRUPT, TERMINATE])
def test_a_training_that_cannot_stop_is_ended_in_ten_seconds(new_folder: NewFolder, number):
    line = CommandLine(new_folder(), WORDS)
    process, began = begun(line), time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - began <= 10
    assert process.returncode == 128 + number
    assert f"rltransfer resume {Path('runs') / 'killed'}" in out
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [INTERRUPT, TERMINATE])
def test_the_second_signal_stops_at_once(new_folder: NewFolder, number):
    line = CommandLine(new_folder(), (*WORDS, "--json"))
    process = begun(line)
    process.send_signal(number)
    time.sleep(1.0)
    assert process.poll() is None
    process.send_signal(number)
    began = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - began <= AT_ONCE
    assert process.returncode == 128 + number
    assert json.loads(out)["resume"].startswith("rltransfer resume ")
    assert "Traceback" not in err
