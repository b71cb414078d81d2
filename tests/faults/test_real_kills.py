"""kill -9 in real trainings: PPO from nothing, and Uni-O4 from what earlier sources have left."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stub_lab.command_line import CommandLine
from stub_lab.essence import essence
from stub_lab.survival import survive

NewFolder = Callable[[], Path]
Whole = tuple[Mapping[str, Any], float]
KILLS, EACH = 20, 5
"""Kills in all, and of one study at most."""

WORDS = ("--targets", "4", "--rounds", "2", "--episodes", "2", "--selector", "equidistant")
RECIPES = {
    "from-scratch": ("--steps", "40960"),
    "uni-o4": ("--steps", "8192", "--trainer", "uni-o4"),
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module", params=RECIPES)
def words(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """What is typed for one recipe."""
    return (*WORDS, *RECIPES[request.param])


@pytest.fixture(scope="module")
def whole(words: tuple[str, ...], new_folder: NewFolder) -> Whole:
    """What the study comes to without a kill, and in how many seconds."""
    began, line = time.monotonic(), CommandLine(new_folder(), words)
    line.finish()
    return essence(line.experiment), time.monotonic() - began


def test_twenty_of_twenty_change_nothing(words, whole, new_folder):
    expected, life = whole
    rng, kills = np.random.default_rng(0), 0
    while kills < KILLS:
        line = CommandLine(new_folder(), words)
        kills += survive(line, lambda _: (0, float(rng.uniform(0.0, life))), EACH)
        assert essence(line.experiment) == expected
