"""kill -9 at random moments: the result, to the byte, is that of a run that was never killed."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stub_lab.command_line import PAUSE, CommandLine
from stub_lab.diary import begun
from stub_lab.essence import essence, essence_by_key
from stub_lab.study import Study
from stub_lab.survival import Moment, survive

from rltransfer.runs import Run

NewFolder = Callable[[], Path]
WORDS = ("--targets", "5", "--rounds", "3", "--steps", "300", "--episodes", "2",
         "--trainer", "stub", "--compare", "random")  # fmt: skip
PLANS = {"plan": ("--selector", "equidistant"), "model": ("--selector", "matrix-gp")}
LIFE = 4.0
"""Seconds from a study's beginning to its end, about."""


@pytest.fixture(scope="module")
def uninterrupted(new_folder: NewFolder) -> Callable[[str], Mapping[str, Any]]:
    """Return what a study comes to without a kill, and how many lines its diary has."""
    known: dict[str, Mapping[str, Any]] = {}

    def result(plan: str) -> Mapping[str, Any]:
        if plan not in known:
            line = CommandLine(new_folder(), (*WORDS, *PLANS[plan]))
            line.finish()
            known[plan] = {"lines": len(line.lines()), **essence(line.experiment)}
        return known[plan]

    return result


def moments(rng: np.random.Generator, lines: int) -> Moment:
    """Return who draws when to kill: after so many lines of the diary, and so many seconds.

    Every other moment is within the training; the others are at any time of the process, so that
    its beginning and its end are among them.

    Args:
        rng: draws.
        lines: of the diary of a study that is done.
    """

    def moment(line: CommandLine) -> tuple[int, float]:
        if rng.random() < 0.5:
            return 0, float(rng.uniform(0.0, LIFE))
        left = lines - len(line.lines())
        return int(rng.integers(1, max(2, left))), float(rng.uniform(0.0, PAUSE))

    return moment


def survives(new_folder: NewFolder, plan: str, expected: Mapping[str, Any], kills: int) -> None:
    """Kill studies until there were so many kills; each must come to what is expected."""
    moment = moments(np.random.default_rng(0), expected["lines"])
    while kills > 0:
        line = CommandLine(new_folder(), (*WORDS, *PLANS[plan]))
        suffered = survive(line, moment, kills)
        require_equal(line, expected, suffered)
        kills -= suffered


def require_equal(line: CommandLine, expected: Mapping[str, Any], kills: int) -> None:
    """Compare the whole folder; of each segment, count how often it was worked on."""
    assert {"lines": expected["lines"], **essence(line.experiment)} == expected
    assert not list(line.folder.rglob(".tmp-*"))
    segments = begun(line.diary)
    assert len(segments) == expected["lines"] // 2
    assert segments.total() - len(segments) <= kills
    Run.open(line.run).sources()  # every file is as its manifest says


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("plan", PLANS)
def test_a_hundred_kills_change_nothing(new_folder, uninterrupted, plan):
    survives(new_folder, plan, uninterrupted(plan), 100)


def test_ten_kills_of_a_warm_process_change_nothing(warm, new_folder):
    """Jobs are done in the controller itself, so that each kill hits both."""
    whole = Study(str(new_folder()), environment={"STUB_PAUSE": "0.01"})
    assert warm.run(whole).code == 0
    expected, rng, kills = essence(whole.run), np.random.default_rng(0), 0
    while kills < 10:
        study, suffered = Study(str(new_folder()), environment=whole.environment), 0
        while kills + suffered < 10 and warm.killed_after(study, float(rng.uniform(0.0, 0.2))):
            suffered += 1
        assert warm.run(study).code == 0
        assert essence(study.run) == expected
        segments = begun(study.diary)
        assert segments.total() - len(segments) <= suffered
        kills += suffered


# -- workers -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [2, 3])
def test_the_number_of_workers_changes_nothing(new_folder, jobs):
    lines = [
        CommandLine(new_folder(), (*WORDS, *PLANS["model"], "--jobs", str(n))) for n in (1, jobs)
    ]
    for line in lines:
        line.finish()
    one, many = (essence_by_key(line.run) for line in lines)
    one["/provenance.json"] = many["/provenance.json"]  # it quotes the command
    assert one == many


# -- signals -----------------------------------------------------------------------------------


def stopped(line: CommandLine, number: int, rng: np.random.Generator, most: int) -> None:
    """Send the controller a signal at a random moment, and require that it leaves in peace."""
    process = line.begin_and_wait(int(rng.integers(1, most)), float(rng.uniform(0.0, PAUSE)))
    process.send_signal(number)
    began = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - began <= 10
    assert process.returncode in (128 + number, 0), err
    assert process.returncode == 0 or "rltransfer resume" in out
    assert "Traceback" not in err


def stopped_and_resumed(new_folder, number, expected, seed) -> None:
    line = CommandLine(new_folder(), (*WORDS, *PLANS["plan"]))
    stopped(line, number, np.random.default_rng(seed), expected["lines"])
    line.finish()
    require_equal(line, expected, kills=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_ten_of_ten_that_are_stopped(new_folder, uninterrupted, number, seed):
    stopped_and_resumed(new_folder, number, uninterrupted("plan"), 1 + seed)


# -- children ----------------------------------------------------------------------------------


def processes_of(line: CommandLine) -> list[int]:
    """Return the processes that work for a study: they have its diary in their environment."""
    wanted, found = f"STUB_DIARY={line.diary}".encode(), []
    for place in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if wanted in place.read_bytes().split(b"\0"):
                found.append(int(place.parent.name))
    return found


@pytest.mark.slow
def test_nobody_outlives_a_killed_parent(new_folder):
    line = CommandLine(new_folder(), (*WORDS, *PLANS["plan"], "--jobs", "2"))
    for segments in (1, 3):
        process = line.begin_and_wait(segments, 0.0)
        assert len(processes_of(line)) >= 2
        process.kill()
        process.communicate()
        deadline = time.monotonic() + 5
        while left := processes_of(line):
            assert time.monotonic() < deadline, f"alive 5 s after their parent: {left}"
            time.sleep(0.05)
