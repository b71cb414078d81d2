"""A kill at each of the six moments of every write, and what a resumed run makes of it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from stub_lab.crashing import MOMENTS, Crash
from stub_lab.diary import begun
from stub_lab.essence import committed, curves, essence
from stub_lab.study import Study
from stub_lab.warm import Warm, environment

NewFolder = Callable[[], Path]


Whole = tuple[Mapping[str, Any], Mapping[int, str]]
"""What a study comes to, and what each of its writes becomes."""


@pytest.fixture(scope="module")
def whole(warm: Warm, new_folder: NewFolder) -> Callable[[int], Whole]:
    """Return what a study of so many rounds comes to without a kill."""

    def result(rounds: int) -> Whole:
        study = Study(str(new_folder()), rounds)
        ended = warm.run(study)
        assert ended.code == 0, ended.said
        finals = {int(write): final for write, final in json.loads(ended.said).items()}
        return essence(study.run), finals

    return result


def site(final: str) -> str:
    """Return the place of a write, without what differs from one source or segment to the next."""
    inside = final.partition("/seed-0/")[2]
    inside = re.sub(r".*/\.tmp-[^/]*", "#", inside)  # a file in a folder that is being written
    return re.sub(r"[0-9a-f]{16}|\d+", "#", inside)


def first_of_each_site(finals: Mapping[int, str]) -> list[int]:
    """Return the number of the first write at each place."""
    firsts: dict[str, int] = {}
    for write in sorted(finals):
        firsts.setdefault(site(finals[write]), write)
    return list(firsts.values())


def require_survival(warm: Warm, study: Study, crash: Crash, expected: Mapping[str, Any]) -> None:
    """Kill a study, resume it, and compare it with one that was never killed."""
    assert warm.run(study, crash).code == -signal.SIGKILL
    before = committed(study.run)
    ended = warm.run(study)
    assert ended.code == 0, ended.said
    assert essence(study.run) == expected
    assert before.items() <= committed(study.run).items()
    assert not list(study.run.rglob(".tmp-*"))
    require_one_segment_lost(study)


def require_one_segment_lost(study: Study) -> None:
    """Require that all segments but one were worked on once."""
    segments = begun(study.diary)
    assert segments.total() - len(segments) <= 1


WRITE = """
import sys
from pathlib import Path
from rltransfer.files import write_text
from stub_lab.crashing import Crash, watch

watch(Crash(0, sys.argv[1]))
write_text(Path("table.csv"), "x" * 1000)
"""
LEFT = {"before": {}, "half": {".tmp": 500}, "unsynced": {".tmp": 1000}, "synced": {".tmp": 1000},
        "renamed": {"table.csv": 1000}, "after": {"table.csv": 1000}}  # fmt: skip
"""Sizes of what each moment leaves of a write."""


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_moments_are_what_they_say(tmp_path, moment):
    words = [sys.executable, "-c", WRITE, moment]
    done = subprocess.run(words, cwd=tmp_path, env=environment())
    assert done.returncode == -signal.SIGKILL
    left = {path.name.partition("-")[0]: path.stat().st_size for path in tmp_path.iterdir()}
    assert left == LEFT[moment]


def test_all_kinds_of_writes_are_known(whole):
    _, finals = whole(1)
    sites = {site(final) for final in finals.values()}
    assert {"experiment.toml", "provenance.json", "study.journal", "sources/#", "gaps.csv",
            "gaps.parquet", "returns.parquet", "rounds.csv"} <= sites  # fmt: skip
    assert any(place.startswith("working/#") for place in sites)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_a_third_of_the_places(warm, new_folder, whole, moment):
    """Each place has two of the moments here, and all six in the slow test."""
    expected, finals = whole(1)
    for write in first_of_each_site(finals)[MOMENTS.index(moment) % 3 :: 3]:
        require_survival(warm, Study(str(new_folder()), 1), Crash(write, moment), expected)


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_each_write(warm, new_folder, whole, moment):
    expected, finals = whole(3)
    for write in sorted(finals):
        require_survival(warm, Study(str(new_folder()), 3), Crash(write, moment), expected)


def test_the_study_shows_whole_learning_curves_after_a_kill(warm, new_folder):
    whole, killed = Study(str(new_folder())), Study(str(new_folder()))
    assert warm.run(whole).code == 0
    assert warm.run(killed, Crash(9, "after")).code == -signal.SIGKILL
    assert warm.run(killed).code == 0
    assert curves(killed.run / "study.journal") == curves(whole.run / "study.journal")
