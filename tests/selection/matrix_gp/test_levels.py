"""Levels, against the mixture of Student processes in dense algebra."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import multivariate_t
from sklearn.gaussian_process.kernels import Matern

from rltransfer.selection.matrix_gp.levels import COMMON, FREEDOM, HYPOTHESES, Levels


def covariance(hypothesis, X):
    """Return the covariance of the levels of X in units of σ², luck included."""
    n, d = X.shape
    trend = 2.0 / np.sqrt(d) * (X - 0.5)
    hills = Matern(hypothesis.length * np.sqrt(d), nu=1.5)(X)
    return (
        COMMON * np.ones((n, n))
        + hypothesis.smooth**2 * hills
        + hypothesis.trend**2 * trend @ trend.T
        + hypothesis.luck**2 * np.eye(n)
    )


def reference(X, y, Z):
    """Return probabilities (H,), mean and variance (n,): each Student's t by its location and
    scale, conditioned in the joint covariance of trained and other sources."""
    k = len(X)
    logs, locations, scales = [], [], []
    for hypothesis in HYPOTHESES:
        K = covariance(hypothesis, np.concatenate([X, Z]))
        gain = K[k:, :k] @ np.linalg.pinv(K[:k, :k], hermitian=True)
        square = (FREEDOM + y @ np.linalg.solve(K[:k, :k], y)) / (FREEDOM + k)
        t = multivariate_t(np.zeros(k), K[:k, :k], df=FREEDOM)
        logs.append(np.log(hypothesis.prior) + t.logpdf(y))
        locations.append(gain @ y)
        scales.append(square * np.diag(K[k:, k:] - gain @ K[:k, k:]))
    p = softmax(logs)
    mean = p @ locations
    return p, mean, p @ np.array(scales) + p @ (np.array(locations) - mean) ** 2


@pytest.mark.parametrize(("k", "d"), [(1, 1), (2, 3), (5, 1), (12, 2)])
def test_the_forecast_is_the_mixture(k, d):
    rng = np.random.default_rng(10 * k + d)
    X, Z, y = rng.random((k, d)), rng.random((7, d)), rng.standard_normal(k)
    levels = Levels(X, y)
    p, mean, variance = reference(X, y, Z)
    assert levels.probabilities == pytest.approx(p, rel=1e-6)
    forecast = levels.forecast(Z)
    assert forecast[0] == pytest.approx(mean, abs=1e-7)
    assert forecast[1] == pytest.approx(variance, rel=1e-6)


def test_the_prior_is_a_distribution():
    assert sum(hypothesis.prior for hypothesis in HYPOTHESES) == pytest.approx(1.0)


def believed(levels: Levels, kind) -> float:
    """Return the probability of the hypotheses of a kind."""
    return float(sum(p for p, h in zip(levels.probabilities, HYPOTHESES, strict=True) if kind(h)))


@pytest.mark.parametrize("k", [1, 3, 20])
def test_probabilities_sum_to_one(k):
    rng = np.random.default_rng(k)
    levels = Levels(rng.random((k, 2)), rng.standard_normal(k))
    assert believed(levels, lambda h: True) == pytest.approx(1.0)


def test_a_clean_trend_is_seen_and_continued():
    X = np.random.default_rng(0).random((12, 2)) * [0.6, 1.0]
    levels = Levels(X, X @ [1.0, -0.5])
    assert believed(levels, lambda h: h.trend > 0.0) > 0.95
    corner, variance = levels.forecast(np.array([[1.0, 0.0]]))
    assert corner[0] == pytest.approx(1.0, abs=0.05)
    assert variance[0] < 0.05**2


def test_a_hill_is_seen_where_there_is_one():
    X = np.linspace(0.0, 1.0, 15)[:, None]
    levels = Levels(X, np.exp(-0.5 * ((X[:, 0] - 0.5) / 0.15) ** 2))
    assert believed(levels, lambda h: h.smooth > 0.0) > 0.99
    mean, _ = levels.forecast(np.array([[0.46], [0.04]]))
    assert mean == pytest.approx([0.965, 0.01], abs=0.05)


def test_luck_is_forecast_by_the_mean():
    rng = np.random.default_rng(2)
    X, y = rng.random((40, 2)), rng.standard_normal(40)
    levels = Levels(X, y)
    assert believed(levels, lambda h: h.luck == 1.0) > 0.9
    mean, variance = levels.forecast(rng.random((50, 2)))
    assert mean == pytest.approx(np.full(50, y.mean()), abs=0.7)
    assert np.abs(mean - y.mean()).mean() < 0.3
    assert np.sqrt(variance) == pytest.approx(np.full(50, y.std()), rel=0.35)


def test_levels_scale_and_shift_nearly_freely():
    """The level that all have in common is free: a shift moves the forecast by as much."""
    rng = np.random.default_rng(5)
    X, Z, y = rng.random((8, 1)), rng.random((5, 1)), rng.standard_normal(8)
    mean, variance = Levels(X, y).forecast(Z)
    moved, same = Levels(X, y + 1.0).forecast(Z)
    assert moved == pytest.approx(mean + 1.0, abs=0.03)
    assert same == pytest.approx(variance, rel=0.05)
