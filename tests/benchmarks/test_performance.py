"""The cases themselves: that they fit together, and that the light ones run."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from harness.case import AtLeast
from harness.store import Results
from harness.turns import measure

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "benchmarks" / "performance"


@pytest.fixture(scope="module")
def cases():
    from cases import CASES

    return {case.name: case for case in CASES}


def test_names_are_unique(cases):
    from cases import CASES

    assert max(Counter(case.name for case in CASES).values()) == 1


def test_bars_are_about_contenders_of_their_case(cases):
    for case in cases.values():
        for bar in case.bars:
            assert bar.contender in case.contenders, case.name
            assert not isinstance(bar, AtLeast) or bar.other in case.contenders, case.name


def test_committed_results_are_of_cases_that_there_are(cases):
    committed = Results.read(ROOT / "benchmarks" / "results" / "performance.json")
    assert committed.cases.keys() <= cases.keys()


HEAVY = ("solve-cartpole", "cloning-64-4", "threads", "at-once", "first-step", "signal-control")


@pytest.mark.parametrize(
    "name",
    ["stepping-cartpole-16", "decision", *(pytest.param(n, marks=pytest.mark.slow) for n in HEAVY)],
)
def test_a_case_runs(cases, name, monkeypatch):
    monkeypatch.delenv("RLTRANSFER_PEERS", raising=False)
    found = measure(cases[name], rounds=1, say=lambda line: None)
    assert all(turns[0].amount > 0 for turns in found.turns.values())


def run(*words):
    command = [sys.executable, str(SCRIPT), *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def test_the_command_names_the_cases():
    done = run("--list", "--only", "matrix-*")
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "matrix-cartpole",
        "matrix-pendulum",
    ]


def test_a_pattern_that_fits_nothing_says_where_the_names_are():
    done = run("--only", "nothing")
    assert done.returncode == 1
    assert done.stderr == "no case fits 'nothing'; --list names them all.\n"
