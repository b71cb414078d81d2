"""The benchmarks are scripts, not a package: their folders are put on the path."""

import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS / "performance")]

from harness.case import AtLeast, AtMost, Case, Unavailable  # noqa: E402
from harness.measured import Measured, Turn  # noqa: E402


@contextmanager
def absent():
    raise Unavailable("it is on the moon")
    yield


@pytest.fixture
def calls():
    """Names of contenders in the order of their turns."""
    return []


@pytest.fixture
def case(calls):
    """A hare that does twice the tortoise's work, and a third that cannot come."""

    def contender(name, amount):
        @contextmanager
        def prepare():
            calls.append(f"+{name}")

            def work():
                calls.append(name)
                return amount

            yield work
            calls.append(f"-{name}")

        return prepare

    return Case(
        name="race",
        title="A race",
        unit="mile",
        contenders={
            "tortoise": contender("tortoise", 10),
            "snail": absent,
            "hare": contender("hare", 20),
        },
        bars=(AtLeast("hare", "tortoise", 2.0), AtMost("hare", 0.01)),
        rounds=2,
    )


@pytest.fixture
def race():
    """What was measured in a race: the hare is 4, 5 and 10 times as fast."""
    return Measured(
        name="race",
        title="A race",
        unit="mile",
        date="2026-01-02",
        turns={
            "tortoise": [Turn(10, 1.0, 1.0, 0.0), Turn(10, 1.0, 1.0, 0.5), Turn(10, 2.0, 1.0, 1.0)],
            "hare": [Turn(40, 1.0, 2.0, 0.0), Turn(50, 1.0, 2.0, 0.5), Turn(50, 1.0, 2.0, 1.0)],
        },
        missing={"snail": "it is on the moon"},
    )
