"""Published aggregates of Atari 100k, rliable's own examples, and SciPy as a second opinion."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from rltransfer.transfer import aggregates
from rltransfer.transfer.aggregates import (
    Redrawn,
    average,
    improvement,
    middle_half,
    optimality_gap,
    performance_profile,
    worst_share,
)

PUBLISHED = json.loads((Path(__file__).parent / "data" / "atari100k_iris.json").read_text())


@pytest.fixture(scope="module")
def scores():
    """Human-normalised scores of IRIS, (trainings, games)."""
    games = PUBLISHED["games"].values()
    columns = [(np.array(g["iris"]) - g["random"]) / (g["human"] - g["random"]) for g in games]
    return np.stack(columns, axis=1)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize(
    ("name", "aggregate"),
    [("mean", average), ("iqm", middle_half), ("optimality_gap", optimality_gap)],
)
def test_published_aggregates_of_atari_100k_come_out(scores, name, aggregate):
    assert round(float(aggregate(scores)), 3) == PUBLISHED["published"][name]


def test_published_median_is_of_the_games_means(scores):
    assert round(float(np.median(scores.mean(axis=0))), 3) == PUBLISHED["published"]["median"]


def test_rliables_own_examples_come_out(rng):
    """The matrices of its metrics_test.py, (runs, tasks)."""
    x = np.array([[1, 2], [2, 2], [1, 1], [2, 1]])[..., None]
    y = np.array([[1, 1], [2, 2], [3, 3]])[..., None]
    X, Y = Redrawn.of(x, rng, 10), Redrawn.of(y, rng, 10)
    assert [X.interval(f).estimate for f in (average, middle_half)] == [1.5, 1.5]
    assert [Y.interval(f).estimate for f in (average, middle_half)] == [2.0, 2.0]
    assert improvement(X, Y).estimate == pytest.approx(1 / 3)


def test_intervals_agree_with_scipys_bootstrap_of_trainings(scores, rng):
    """With one episode each, trainings are all that is redrawn: scipy's bootstrap of vectors."""
    drawn = Redrawn.of(scores[..., None], rng, 20_000)
    for aggregate in (average, middle_half, optimality_gap):
        ours = drawn.interval(aggregate)

        def of_rows(rows, axis=-1, aggregate=aggregate):
            picked = scores[rows.astype(int)]
            return aggregate(picked) if rows.ndim > 1 else float(aggregate(picked))

        theirs = stats.bootstrap(
            (np.arange(5),), of_rows, n_resamples=20_000, method="percentile", rng=1
        ).confidence_interval
        assert ours[::2] == pytest.approx(theirs, rel=0.02)


def test_a_bootstrap_per_task_would_be_narrower_than_whole_trainings(rng):
    """If a training is good everywhere or nowhere, contexts do not add trainings."""
    level = np.array([0.0, 1.0, 2.0, 3.0])[:, None, None]
    found = Redrawn.of(np.broadcast_to(level, (4, 50, 2)), rng).interval(average)
    alone = Redrawn.of(level, rng).interval(average)
    assert found == pytest.approx(alone, abs=0.2)


def test_the_worst_share_of_contexts_by_hand():
    x = np.array([[4.0, 1.0, 3.0, 2.0], [10.0, 20.0, 30.0, 40.0]])
    assert worst_share(x, 0.25) == pytest.approx((1.0 + 10.0) / 2)
    assert worst_share(x, 0.5) == pytest.approx((1.5 + 15.0) / 2)
    assert worst_share(x, 1.0) == pytest.approx(average(x))
    with pytest.raises(ValueError, match=r"alpha must lie in \[0, 1\)"):
        worst_share(x, 0.0)


def test_a_profile_is_the_share_above_each_level(scores):
    levels = np.linspace(-0.1, 2.0, 22)
    ecdf = stats.ecdf(scores.ravel()).sf
    found = performance_profile(scores, levels)
    np.testing.assert_allclose(found, ecdf.evaluate(levels))
    assert (np.diff(found) <= 0).all()


def test_the_area_under_a_profile_is_the_mean_and_under_one_the_optimality_gap(scores):
    """Agarwal et al. 2021, section 4.3."""
    levels = np.linspace(scores.min() - 1e-9, 1.0, 10_001)
    area = scores.min() + np.trapezoid(performance_profile(scores, levels), levels)
    assert 1.0 - area == pytest.approx(optimality_gap(scores), abs=1e-3)


def test_a_band_holds_its_estimate(scores, rng):
    levels = np.linspace(0.0, 2.0, 5)
    profile = partial(performance_profile, levels=levels)
    low, estimate, high = Redrawn.of(scores[..., None], rng, 500).band(profile)
    assert low.shape == (5,)
    assert (low <= estimate).all()
    assert (estimate <= high).all()


def test_improvement_is_mann_whitney_for_each_context(rng):
    x, y = rng.integers(0, 4, size=(5, 3)), rng.integers(0, 4, size=(7, 3))
    expected = [stats.mannwhitneyu(x[:, m], y[:, m]).statistic / 35 for m in range(3)]
    X, Y = Redrawn.of(x[..., None], rng), Redrawn.of(y[..., None], rng)
    found = improvement(X, Y)
    assert found.estimate == pytest.approx(np.mean(expected))
    assert found.low <= found.estimate <= found.high
    assert improvement(X, X).estimate == 0.5


def test_of_very_many_contexts_fewer_are_redrawn(rng, monkeypatch):
    monkeypatch.setattr(aggregates, "MOST", 12_000)
    drawn = Redrawn.of(rng.random((2, 30, 1)), rng)
    assert drawn.replicates.shape == (200, 2, 30)


def test_a_linear_scale_moves_estimate_and_interval_alike(rng):
    drawn = Redrawn.of(rng.random((3, 8, 2)), rng, 200)
    expected = [(value - 2.0) / 3.0 for value in drawn.interval(average)]
    assert drawn.scaled(2.0, 5.0).interval(average) == pytest.approx(expected)
