from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import stats

from rltransfer.transfer import statistics
from rltransfer.transfer.statistics import (
    Interval,
    bootstrap_means,
    cvar,
    interval,
    iqm,
    paired_comparison,
    probability_of_improvement,
    stratified_bootstrap,
)

values = arrays(np.float64, array_shapes(min_dims=1, max_dims=2), elements=st.floats(-1e3, 1e3))


@given(values)
def test_iqm_is_scipys_trimmed_mean(x):
    assert iqm(x) == pytest.approx(stats.trim_mean(x, 0.25, axis=None), abs=1e-9)
    np.testing.assert_allclose(iqm(x, axis=-1), stats.trim_mean(x, 0.25, axis=-1), atol=1e-9)


def test_iqm_along_an_axis():
    x = np.arange(24.0).reshape(8, 3)[::-1]
    np.testing.assert_allclose(iqm(x, axis=0), stats.trim_mean(x, 0.25, axis=0))
    assert iqm([1.0]) == 1.0
    assert iqm([0.0, 1.0, 2.0, 1000.0]) == 1.5


@given(values, st.floats(0.0, 0.99))
def test_cvar_minimises_rockafellar_and_uryasev(x, alpha):
    flat = x.ravel()
    dual = max(t - np.maximum(t - flat, 0.0).mean() / (1.0 - alpha) for t in flat)
    assert cvar(x, alpha) == pytest.approx(dual, abs=1e-6)


def test_cvar_by_hand():
    x = [4.0, 1.0, 3.0, 2.0]
    assert cvar(x, 0.0) == 2.5
    assert cvar(x, 0.5) == 1.5
    assert cvar(x, 0.99) == 1.0
    assert cvar(x, 0.625) == pytest.approx((1.0 + 0.5 * 2.0) / 1.5)
    with pytest.raises(ValueError, match=r"alpha must lie in \[0, 1\); got 1"):
        cvar(x, 1)


@given(
    arrays(np.float64, (2, 5), elements=st.integers(0, 4).map(float)),
    arrays(np.float64, (2, 7), elements=st.integers(0, 4).map(float)),
)
def test_probability_of_improvement_is_mann_whitney(x, y):
    u = [stats.mannwhitneyu(a, b).statistic / 35 for a, b in zip(x, y, strict=True)]
    assert probability_of_improvement(x, y) == pytest.approx(np.mean(u))
    assert probability_of_improvement(y, x) == pytest.approx(1 - np.mean(u))
    assert probability_of_improvement(x[0], x[0]) == pytest.approx(0.5)


def test_the_same_generator_gives_the_same_numbers():
    x = np.random.default_rng(1).random((4, 10))
    for statistic in (np.mean, iqm, np.median):
        first, second, other = (
            stratified_bootstrap(x, statistic, np.random.default_rng(seed)) for seed in (0, 0, 1)
        )
        assert first == second != other
        assert isinstance(first, Interval)
        assert first.low < first.estimate < first.high


def test_bootstrap_of_a_mean_agrees_with_theory():
    rng = np.random.default_rng(0)
    x = rng.normal([[0.0], [100.0], [1000.0]], 2.0, size=(3, 50))
    found = stratified_bootstrap(x, np.mean, rng, resamples=20_000)
    error = np.sqrt((x.var(axis=1) / 50).sum()) / 3  # strata are never mixed
    assert found.estimate == pytest.approx(x.mean())
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * error, rel=0.05)


def test_bootstrap_agrees_with_a_loop():
    x = np.random.default_rng(3).random((3, 8))
    loop = np.random.default_rng(0)
    means = [
        np.mean([x[s][loop.integers(8, size=8)].mean() for s in range(3)]) for _ in range(20_000)
    ]
    found = stratified_bootstrap(x, np.mean, np.random.default_rng(1), resamples=20_000)
    np.testing.assert_allclose(
        [found.low, found.high], np.quantile(means, [0.025, 0.975]), atol=0.003
    )


def test_seeds_are_redrawn_as_wholes():
    """If episodes agree within a seed, only the number of seeds narrows the interval."""
    seeds = np.random.default_rng(0).normal(size=(30, 1, 1))
    x = np.broadcast_to(seeds, (30, 4, 25))
    found = stratified_bootstrap(x, np.mean, np.random.default_rng(1), resamples=20_000)
    width = 2 * 1.96 * seeds.std() / np.sqrt(30)
    assert found.high - found.low == pytest.approx(width, rel=0.05)


def test_episodes_are_redrawn_within_seed_and_target():
    """With one seed, and constant targets, nothing varies; mixing targets would show."""
    x = np.broadcast_to(np.array([0.0, 100.0])[None, :, None], (1, 2, 9))
    assert stratified_bootstrap(x, np.mean, np.random.default_rng(0)) == (50.0, 50.0, 50.0)


def test_confidence_widens_the_interval():
    x = np.random.default_rng(1).random((2, 20))
    widths = [
        np.ptp(stratified_bootstrap(x, np.mean, np.random.default_rng(0), confidence=c))
        for c in (0.5, 0.9, 0.99)
    ]
    assert widths[0] < widths[1] < widths[2]
    with pytest.raises(ValueError, match=r"confidence must lie in \(0, 1\); got 95"):
        interval(np.ones(3), 95)


def test_work_in_chunks_is_complete(monkeypatch):
    monkeypatch.setattr(statistics, "CHUNK", 50)
    x = np.arange(10.0).reshape(2, 5)
    means = bootstrap_means(x, np.random.default_rng(0), resamples=33)
    assert means.shape == (33, 2)
    assert (means[:, 0] <= 4).all()
    assert (means[:, 1] >= 5).all()


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4, 5), (0, 4)])
def test_bootstrap_says_which_shapes_it_knows(shape):
    with pytest.raises(ValueError, match=r"\(strata, samples\) or \(seeds, targets, episodes\)"):
        stratified_bootstrap(np.ones(shape), np.mean, np.random.default_rng(0))


def test_pairs_stay_together():
    rng = np.random.default_rng(0)
    level = rng.normal(0, 100, size=40)
    difference = rng.normal(1.0, 0.5, size=40)
    found = paired_comparison(level + difference, level, np.random.default_rng(1), 20_000)
    assert found.estimate == pytest.approx(difference.mean())
    half = 1.96 * difference.std() / np.sqrt(40)
    assert found.low == pytest.approx(difference.mean() - half, abs=0.02)
    assert found.low > 0
    with pytest.raises(ValueError, match=r"equal shapes; got \(3,\) and \(4,\)"):
        paired_comparison(np.ones(3), np.ones(4), rng)
