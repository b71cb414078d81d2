"""A clock that jumps, and another time zone: no result depends on what time it is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from stub_lab.crashing import Crash
from stub_lab.essence import essence
from stub_lab.study import Study

NewFolder = Callable[[], Path]
YEAR = 365.25 * 24 * 3600.0


@pytest.fixture(scope="module")
def expected(warm, new_folder):
    study = Study(str(new_folder()))
    assert warm.run(study).code == 0
    return essence(study.run)


CLOCKS = {
    "a year ahead and back": {"clock": YEAR},
    "a year back and ahead": {"clock": -YEAR},
    "Kiritimati": {"environment": {"TZ": "Pacific/Kiritimati"}},
    "half-hour zone": {"environment": {"TZ": "XXX-5:30"}},
}


def began(study: Study) -> float:
    """Return when the first source was begun, as the run says."""
    return float(json.loads((study.run / "sources/00/result.json").read_bytes())["started"])


def test_the_clock_is_wrong(warm, new_folder):
    """Otherwise these tests would show nothing."""
    study = Study(str(new_folder()), clock=YEAR)
    assert warm.run(study).code == 0
    assert abs(began(study) - time.time()) > YEAR / 2


@pytest.mark.parametrize("clock", CLOCKS.values(), ids=CLOCKS)
def test_results_do_not_depend_on_the_clock(warm, new_folder, expected, clock):
    study = Study(str(new_folder()), **clock)
    assert warm.run(study, Crash(14, "renamed")).code < 0
    ended = warm.run(study)
    assert ended.code == 0, ended.said
    assert essence(study.run) == expected


def test_a_run_goes_on_in_another_year_and_zone(warm, new_folder, expected):
    folder = str(new_folder())
    here = Study(folder)
    there = Study(folder, clock=-YEAR, environment={"TZ": "Pacific/Kiritimati"})
    for number, study in enumerate((here, there, here, there)):
        warm.run(study, Crash(4 + 3 * number, "synced"))
    assert warm.run(there).code == 0
    assert essence(here.run) == expected
