from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from rltransfer.errors import InvalidExperiment
from rltransfer.selection.gap import FittedSlope, FixedSlope, spread
from rltransfer.testing.toys import LinearGapToy, SyntheticFamily
from rltransfer.transfer import TransferMatrix


def learned(toy, truth, picks):
    transfer = toy.empty()
    for index in picks:
        transfer = transfer.learn(index, truth[index][:, None])
    return transfer


@given(st.integers(0, 2**32), st.lists(st.integers(0, 15), min_size=1, max_size=5, unique=True))
@settings(deadline=None, max_examples=30)
def test_fitted_slopes_solve_the_least_squares_problem(seed, picks):
    family = SyntheticFamily((1.0, -3.0), 4, noise=2.0)
    transfer = learned(family, family.draw(np.random.default_rng(seed)), picks)
    u, scale = transfer.units_sources, spread(transfer)
    rows, drops = [], []
    for k, x in enumerate(picks):
        for y in range(16):
            rows.append(np.abs(u[x] - u[y]))
            drops.append(transfer.set_points[k] - transfer.mean[k, y])
    A = np.vstack([rows, np.sqrt(0.1) * np.eye(2)])
    b = np.concatenate([drops, np.sqrt(0.1) * scale * np.ones(2)])
    expected = lsq_linear(A, b, bounds=(0, np.inf), tol=1e-14).x
    np.testing.assert_allclose(FittedSlope().slopes(transfer), expected, rtol=1e-4, atol=1e-5)


def test_a_linear_gap_is_found():
    toy = LinearGapToy.wavy(41, slope=3.0)
    transfer = learned(toy, toy.truth, [20])
    assert FittedSlope().slopes(transfer) == pytest.approx([3.0], rel=0.05)
    assert FittedSlope(strength=1e-9).slopes(transfer) == pytest.approx([3.0])


def test_where_targets_gain_the_slope_is_zero():
    family = SyntheticFamily((3.0, -3.0), 5, target_weight=0.0)
    slopes = FittedSlope().slopes(learned(family, family.truth, [0]))
    assert slopes[0] == 0.0
    assert slopes[1] > 0.0


def test_the_prior_decides_where_nothing_is_known():
    family = SyntheticFamily((-3.0, -3.0), 5)
    np.testing.assert_array_equal(FittedSlope().slopes(family.empty()), [1.0, 1.0])
    line = family.contexts[:5]  # the first feature does not vary
    transfer = TransferMatrix.empty(family.space, family.contexts, line)
    transfer = transfer.learn(0, family.truth[0, :5][:, None])
    slopes = FittedSlope().slopes(transfer)
    assert slopes[0] == pytest.approx(spread(transfer))
    assert slopes[1] == pytest.approx(12.0, rel=0.1)


def test_equal_returns_have_spread_one():
    toy = LinearGapToy.flat(5, slope=0.0)
    assert spread(learned(toy, toy.truth, [2])) == 1.0
    assert spread(toy.empty()) == 1.0
    assert spread(learned(toy, np.diag([1.0] * 5), [0])) == pytest.approx(0.4)


def test_a_fixed_slope():
    family = SyntheticFamily((-3.0,) * 3, 2)
    np.testing.assert_array_equal(FixedSlope(0.7).slopes(family.empty()), [0.7, 0.7, 0.7])
    for bad in (-0.1, np.nan, np.inf):
        with pytest.raises(InvalidExperiment, match=f"finite number of at least 0; got {bad}"):
            FixedSlope(bad)
