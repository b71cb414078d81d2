"""Forecast rows, put together from their parts, and in the unit of the returns."""

from __future__ import annotations

import numpy as np
import pytest

from rltransfer.selection.matrix_gp.forecast import Forecast


@pytest.fixture
def data():
    rng = np.random.default_rng(8)
    X, Y = rng.random((6, 2)), rng.random((11, 2))
    J = X.sum(axis=1, keepdims=True) - np.abs(X[:, None] - Y).sum(axis=-1)
    return X, Y, J + 0.05 * rng.standard_normal((6, 11))


def fitted(X, Y, J, centre=0.0, scale=1.0):
    return Forecast.fit(X, Y, J, np.full(len(Y), 1.0 / len(Y)), centre, scale)


def test_means_are_profile_and_rest_and_level(data):
    """The formula of the docstring, one entry at a time."""
    X, Y, J = data
    forecast, Z = fitted(X, Y, J), np.random.default_rng(0).random((3, 2))
    rows = forecast.rows(Z)
    r = J - forecast.contrasts.profile.values(X, Y)
    h, (C, W) = forecast.contrasts.profile.values(Z, Y), forecast.contrasts.known(Z)
    left = forecast.contrasts.left(C, W, slice(None))[:, 0]
    f, variance = forecast.levels.forecast(Z)
    for x, y in np.ndindex(3, 11):
        expected = h[x, y] + sum(W[x, i] * (r[i, y] - r[i].mean()) for i in range(6)) + f[x]
        assert rows.means()[x, y] == pytest.approx(expected)
    assert rows.level_spread == pytest.approx(np.sqrt(variance))
    assert rows.spread()[:, 0] ** 2 == pytest.approx(variance + left)


def test_some_targets_are_columns_of_all(data):
    X, Y, J = data
    forecast, some = fitted(X, Y, J), np.array([9, 2, 4])
    Z = np.random.default_rng(0).random((3, 2))
    assert forecast.rows(Z).means(some) == pytest.approx(forecast.rows(Z).means()[:, some])


def test_rows_come_in_the_unit_of_the_returns(data):
    X, Y, J = data
    Z = np.random.default_rng(0).random((3, 2))
    rows = fitted(X, Y, J).rows(Z)
    other = fitted(X, Y, 40.0 * J - 300.0, -300.0, 40.0).rows(Z)
    assert other.means() == pytest.approx(40.0 * rows.means() - 300.0)
    assert other.spread() == pytest.approx(40.0 * rows.spread())
    assert other.level_spread == pytest.approx(40.0 * rows.level_spread)


def test_neighbours_of_trained_rows_are_known_and_others_are_not(data):
    X, Y, J = data
    rows = fitted(X, Y, J).rows(np.concatenate([X + 1e-4, [[3.0, -2.0]]]))
    assert np.abs(rows.means()[:6] - J).mean() < 0.1
    assert rows.spread()[-1] > 3.0 * rows.spread()[:6].max()


def test_a_level_is_the_weighted_mean(data):
    """What weighs nothing does not lift a row."""
    X, Y, J = data
    weights = np.zeros(11)
    weights[:4] = 0.25
    forecast = Forecast.fit(X, Y, J, weights, 0.0, 1.0)
    rest = J - forecast.contrasts.profile.values(X, Y)
    assert forecast.levels.values == pytest.approx(rest[:, :4].mean(axis=1))
