"""Hypothesis looks for a sequence of events by which a run loses something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test as run_machine
from stub_lab.essence import essence_by_key
from stub_lab.run_machine import RunMachine
from stub_lab.study import Study
from stub_lab.warm import Warm

NewFolder = Callable[[], Path]


@pytest.fixture
def machine(warm: Warm, new_folder: NewFolder) -> type[RunMachine]:
    """The machine, told what a run comes to that nothing happens to."""
    study = Study(str(new_folder()))
    assert warm.run(study).code == 0
    told = {"warm": warm, "new_folder": staticmethod(new_folder),
            "expected": essence_by_key(study.run)}  # fmt: skip
    return type("RunMachine", (RunMachine,), told)


def ways(examples: int, steps: int, **more: Any) -> settings:
    """Return how long to look for a sequence that loses something."""
    return settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, database=None,
        suppress_health_check=list(HealthCheck), print_blob=False, **more,
    )  # fmt: skip


def test_nothing_is_lost_whatever_happens(machine):
    run_machine(machine, settings=ways(6, 12, derandomize=True))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_nothing_is_lost_in_ten_thousand_steps(machine):
    run_machine(machine, settings=ways(250, 40))
