import numpy as np
import pytest

from rltransfer.reports.estimate import Estimate


def rng():
    return np.random.default_rng(0)


def test_one_seed_has_no_interval():
    for estimate in (
        Estimate.of_seeds([3.0], rng()),
        Estimate.of_episodes(np.full((1, 2, 5), 3.0), rng()),
        Estimate.of_pairs([5.0], [2.0], rng()),
    ):
        assert (estimate.value, estimate.low, estimate.high) == (3.0, None, None)
        assert estimate.per_seed == (3.0,)


def test_seeds_are_redrawn_as_wholes():
    estimate = Estimate.of_seeds([0.0, 0.0, 0.0, 9.0], rng())
    assert estimate.value == 2.25
    assert estimate.low == 0.0  # (3/4)^4 of the resamples miss the seed that is different
    assert 4.5 <= estimate.high <= 6.75
    assert estimate.per_seed == (0.0, 0.0, 0.0, 9.0)


def test_episodes_widen_an_interval_over_equal_seeds():
    returns = np.tile([0.0, 10.0], (3, 4, 5))
    estimate = Estimate.of_episodes(returns, rng())
    spread = 5.0 / np.sqrt(returns.size)  # standard error of the mean of fair coins of 0 and 10
    assert estimate.value == 5.0
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * spread, rel=0.15)


def test_pairs_leave_out_what_seeds_have_in_common():
    x, y = np.array([1.0, 50.0, 400.0]), np.array([0.0, 49.0, 399.0])
    estimate = Estimate.of_pairs(x, y, rng())
    assert (estimate.low, estimate.value, estimate.high) == (1.0, 1.0, 1.0)


def test_scaling_maps_every_number():
    estimate = Estimate(0.0, -100.0, 100.0, (-50.0, 50.0)).scaled(-100.0, 300.0)
    assert estimate == Estimate(0.25, 0.0, 0.5, (0.125, 0.375))
    assert Estimate.of_one(300.0).scaled(-100.0, 300.0) == Estimate.of_one(1.0)


def test_to_dict_is_plain():
    assert Estimate(1.0, None, None, (1.0,)).to_dict() == {
        "value": 1.0, "low": None, "high": None, "per_seed": [1.0],
    }  # fmt: skip
