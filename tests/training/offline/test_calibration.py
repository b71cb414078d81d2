from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from rltransfer.training.offline.calibration import (
    Calibration,
    pairwise_accuracy,
    rank_correlation,
    regret_at_1,
)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("ties", [False, True])
def test_rank_correlation_is_scipys(seed, ties):
    rng = np.random.default_rng(seed)
    s, J = rng.normal(size=(2, 15)) if not ties else rng.integers(0, 5, (2, 15)).astype(float)
    assert rank_correlation(s, J) == pytest.approx(stats.spearmanr(s, J).statistic)


@pytest.mark.parametrize("seed", range(10))
def test_pairwise_accuracy_is_kendalls_tau(seed):
    """Without equal true returns, accuracy = (1 + τ) / 2 with τ = (agree - disagree) / pairs."""
    rng = np.random.default_rng(seed)
    s, J = rng.normal(size=(2, 12))
    tau = stats.kendalltau(s, J, variant="b").statistic
    assert pairwise_accuracy(s, J, 0.0) == pytest.approx(0.5 * (1.0 + tau))


def test_pairs_that_are_too_close_do_not_count():
    J = [0.0, 1.0, 10.0]
    assert pairwise_accuracy([1.0, 0.0, 2.0], J, 0.0) == pytest.approx(2 / 3)
    assert pairwise_accuracy([1.0, 0.0, 2.0], J, 5.0) == 1.0
    assert np.isnan(pairwise_accuracy([1.0, 0.0, 2.0], J, 50.0))


def test_equal_scores_count_one_half():
    assert pairwise_accuracy([1.0, 1.0, 1.0], [0.0, 1.0, 2.0], 0.5) == 0.5
    assert pairwise_accuracy([0.0, 1.0], [3.0, 3.0], 0.0) != 0.5  # nothing to tell apart: NaN


def test_regret_is_what_the_choice_loses():
    J = [0.0, 5.0, 10.0]
    assert regret_at_1([0.0, 1.0, 2.0], J) == 0.0
    assert regret_at_1([0.0, 2.0, 1.0], J) == 0.5
    assert regret_at_1([2.0, 0.0, 1.0], J) == 1.0
    assert regret_at_1([0.0, 2.0, 2.0], J) == 0.25
    assert np.isnan(regret_at_1([1.0, 2.0], [4.0, 4.0]))


@pytest.mark.parametrize("transform", [lambda s: 3.0 * s - 7.0, np.exp, lambda s: s**3])
def test_only_the_order_of_the_scores_matters(transform):
    s, J = np.random.default_rng(0).normal(size=(2, 9))
    assert Calibration.of(transform(s), J, 0.3) == Calibration.of(s, J, 0.3)


def test_chance_is_one_half():
    rng = np.random.default_rng(0)
    found = [pairwise_accuracy(*rng.normal(size=(2, 12)), 0.1) for _ in range(300)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.03)


def test_a_calibration_is_plain_data():
    J = np.array([0.0, 1.0, 5.0])
    found = Calibration.of(J, J, 2.0)
    expected = {
        "policies": 3,
        "pairs": 2,
        "pairwise_accuracy": 1.0,
        "rank_correlation": pytest.approx(1.0),
        "regret": 0.0,
    }
    assert found.to_dict() == expected
    empty = Calibration.of([1.0, 2.0], [3.0, 3.0], 0.0).to_dict()
    assert empty["pairwise_accuracy"] is empty["rank_correlation"] is empty["regret"] is None
    json.dumps(empty, allow_nan=False)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match=r"of the same policies; got the shapes \(2,\) and \(3,\)"):
        pairwise_accuracy([1, 2], [1, 2, 3], 0.0)
    with pytest.raises(ValueError, match=r"got NaN"):
        regret_at_1([1, float("nan")], [1, 2])
