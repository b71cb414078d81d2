"""The race on toys whose optimum is known, against a plain computation."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from rltransfer.contexts import ContextFeature, ContextSpace
from rltransfer.reproductions.overtaking import Race, first_above, overtaken
from rltransfer.transfer import TransferMatrix

N, K = 9, 4


def race(J: np.ndarray, multi_task: float = 0.6) -> Race:
    space = ContextSpace([ContextFeature("x", 0.0, 0.0, 1.0)])
    grid = space.grid(len(J))
    return Race(
        J,
        TransferMatrix.empty(space, grid, grid),
        multi_task,
        K,
        0,
        "equidistant",
        ("k-medoids",),
    )


@pytest.fixture
def linear() -> Race:
    """J = 0.9 - 0.8 |u(x) - u(y)|."""
    u = np.linspace(0.0, 1.0, N)
    return race(0.9 - 0.8 * np.abs(u[:, None] - u[None]))


def test_levels_and_gap_are_what_they_are_defined_as(linear: Race) -> None:
    assert linear.levels == {"independent": pytest.approx(0.9), "multi-task": 0.6}
    losses = [0.9 - linear.J[x, y] for x, y in permutations(range(N), 2)]
    assert linear.gap == pytest.approx(np.mean(losses))


def test_curves_are_coverages_and_none_beats_the_best_of_all(linear: Race) -> None:
    best = linear.J.max(axis=0).mean()
    assert list(linear.curves) == ["equidistant", "k-medoids", "random", "oracle"]
    for name, V in linear.curves.items():
        assert V.shape == (K,), name
        assert (np.diff(V) >= -1e-12).all(), name
        assert V[-1] <= best + 1e-12, name
    assert linear.curves["oracle"][0] == pytest.approx(linear.J.mean(axis=1).max())
    assert linear.curves["k-medoids"][0] == pytest.approx(linear.J[(N - 1) // 2].mean())


def test_where_a_reference_is_overtaken() -> None:
    V = np.array([0.2, 0.5, 0.5, 0.9])
    assert first_above(V, 0.5) == 4
    assert first_above(V, 0.1) == 1
    assert first_above(V, 0.9) is None


def test_the_speed_up_is_contexts_over_the_sources_that_both_references_take() -> None:
    curves = {"ours": np.array([0.2, 0.5, 0.8]), "random": np.array([0.1, 0.2, 0.4])}
    found, missing = overtaken(curves, {"independent": 0.6, "multi-task": 0.3}, "ours", 12)
    assert found == {
        "k.independent": 3.0,
        "k.multi-task": 2.0,
        "k.random": 2.0,
        "k.both": 3.0,
        "speed-up": 4.0,
    }
    assert missing == {}
    found, missing = overtaken(curves, {"independent": 0.9, "multi-task": 0.3}, "ours", 12)
    assert "speed-up" not in found
    assert missing["k.independent"] == "never within 3 sources"
    assert "above both independent and multi-task" in missing["speed-up"]


def test_seeds_are_put_together(linear: Race) -> None:
    other = race(linear.J - 0.1, multi_task=0.5)
    told = Race.summary([linear, other], {"policies": 3}, np.random.default_rng(0))
    assert told.numbers["independent"].value == pytest.approx(0.85)
    assert told.numbers["independent"].per_seed == (pytest.approx(0.9), pytest.approx(0.8))
    assert told.numbers["oracle@K"] == told.numbers[f"oracle@{K}"]
    assert told.picture.levels["multi-task"] == pytest.approx(0.55)
    assert told.facts == {"policies": 3}
    assert told.numbers["k.multi-task"].value == 1.0
    assert told.missing["k.independent"] == f"never within {K} sources"
