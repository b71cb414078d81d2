"""Expected gains, against their definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from rltransfer.selection.matrix_gp.gain import SLACK, ceiling, expected_gains


@pytest.fixture
def problem():
    """Means (3, 6), spreads (3,), returns reached (6,)."""
    rng = np.random.default_rng(4)
    return rng.standard_normal((3, 6)), np.array([0.05, 0.5, 2.0]), rng.standard_normal(6)


@pytest.mark.parametrize("top", [-1.0, 0.3, 1.5])
def test_it_is_the_mean_of_many_draws(problem, top):
    mean, spread, V = problem
    draws = 200_000
    noise = np.random.default_rng(5).standard_normal((draws, 1, 1))
    capped = np.minimum(mean + spread[:, None] * noise, np.maximum(V, top))
    gains = np.maximum(capped - V, 0.0)
    error = 5.0 * gains.std(axis=0) / np.sqrt(draws) + 1e-4 * spread[:, None]
    assert (
        np.abs(expected_gains(mean, spread[:, None], V, top) - gains.mean(axis=0)) <= error
    ).all()


def test_it_is_the_integral(problem):
    """∫ P(J > v) dv from V to the ceiling."""
    mean, spread, V = problem
    gains = expected_gains(mean, spread[:, None], V, 0.7)
    for i, j in np.ndindex(*mean.shape):
        tail = norm(mean[i, j], spread[i]).sf
        expected, _ = quad(tail, V[j], max(V[j], 0.7), points=[float(mean[i, j])])
        assert gains[i, j] == pytest.approx(expected, abs=1e-5 * spread[i])


def test_under_a_far_ceiling_it_is_expected_improvement(problem):
    mean, spread, V = problem
    z = (mean - V) / spread[:, None]
    improvement = (mean - V) * norm.cdf(z) + spread[:, None] * norm.pdf(z)
    assert expected_gains(mean, spread[:, None], V, 1e9) == pytest.approx(improvement)


def test_nothing_is_gained_where_the_ceiling_is_reached(problem):
    mean, spread, V = problem
    gains = expected_gains(mean, spread[:, None], V, float(V.min()))
    assert gains == pytest.approx(np.zeros_like(gains), abs=1e-4 * spread.max())


def test_a_sure_return_gains_what_it_is_above():
    """Below V nothing, between V and the ceiling the difference, above it what is left."""
    mean = np.array([[-0.5, 0.4, 3.0]])
    gains = expected_gains(mean, np.array([[1e-9]]), np.zeros(3), 1.0)
    assert gains[0] == pytest.approx([0.0, 0.4, 1.0], abs=1e-8)


def test_the_ceiling_lies_above_the_best_by_what_that_stands_out():
    V = np.array([0.0, 1.0, 2.0, 3.0, 5.0])  # upper quartile 3
    assert ceiling(V) == pytest.approx(5.0 + SLACK * 2.0)
    assert ceiling(10.0 * V - 7.0) == pytest.approx(10.0 * ceiling(V) - 7.0)


def test_there_is_no_room_where_a_quarter_is_solved():
    V = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 500.0, 500.0, 500.0])
    assert ceiling(V) == 500.0
