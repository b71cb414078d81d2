from __future__ import annotations

import numpy as np

from rltransfer.selection.sd_mbtl.grid import Grid
from rltransfer.selection.sd_mbtl.slopes import SidedSlopes
from rltransfer.testing.toys import SyntheticFamily


def test_the_slopes_of_a_family_are_found_exactly():
    family = SyntheticFamily((1.0, -3.0, -2.0), size=4)
    grid, trained = Grid.of(family.empty()), [21, 42, 7, 60]
    slopes = SidedSlopes.fit(grid.X[trained], grid.Y, family.truth[trained])
    np.testing.assert_allclose(slopes.left, [-1.0, 3.0, 2.0], atol=1e-9)
    np.testing.assert_allclose(slopes.right, [-3.0, -3.0, -3.0], atol=1e-9)
    assert slopes.falls_on_both_sides.tolist() == [False, True, True]


def test_the_fit_is_numpys_least_squares():
    rng = np.random.default_rng(0)
    Y, x, J = (
        rng.integers(0, 5, (30, 2)) * 1.0,
        rng.integers(0, 5, (6, 2)) * 1.0,
        rng.random((6, 30)),
    )
    delta = (x[:, None] - Y).reshape(-1, 2)
    B = np.hstack([np.ones((180, 1)), np.minimum(delta, 0), np.maximum(delta, 0)])
    expected = np.linalg.lstsq(B, J.ravel(), rcond=None)[0]
    slopes = SidedSlopes.fit(x, Y, J)
    np.testing.assert_allclose(np.concatenate([slopes.left, slopes.right]), expected[1:], atol=1e-9)


def test_the_expected_gain_is_that_of_plain_loops():
    rng = np.random.default_rng(1)
    X, Y, U, V = rng.random((9, 3)), rng.random((7, 3)), rng.random(9), rng.random(7)
    slopes = SidedSlopes(rng.normal(size=3), rng.normal(size=3))  # of either sign
    expected = []
    for x, u in zip(X, U, strict=True):
        gains = []
        for y, v in zip(Y, V, strict=True):
            delta = x - y
            j = u + slopes.left @ delta.clip(max=0.0) + slopes.right @ delta.clip(min=0.0)
            gains.append(max(j - v, 0.0))
        expected.append(np.mean(gains))
    np.testing.assert_allclose(slopes.expected_gain(U, X, Y, V), expected, atol=1e-12)
