from __future__ import annotations

import math

import pytest

from rltransfer.errors import InvalidExperiment
from rltransfer.training import StoppingRule


@pytest.mark.parametrize(
    ("scores", "patience", "met"),
    [
        ([], 1, False),
        ([10.0], 1, True),
        ([9.9], 1, False),
        ([10.0], 2, False),
        ([10.0, 10.0], 2, True),
        ([11.0, 9.0, 10.0], 2, False),
        ([0.0, 10.0, 12.0], 2, True),
        ([10.0, 12.0, 0.0], 2, False),
        ([10.0, math.nan], 2, False),
        ([math.nan, 10.0, 10.0], 2, True),
        ([10.0] * 4, 5, False),
    ],
)
def test_the_last_scores_must_all_reach_the_return(scores, patience, met):
    assert StoppingRule(10.0, patience).met(scores) is met


def test_returns_may_be_negative():
    assert StoppingRule(-150.0, 2).met([-200.0, -150.0, -149.0])
    assert not StoppingRule(-150.0, 2).met([-150.1, -149.0])


def test_one_score_is_enough_unless_more_are_asked_for():
    assert StoppingRule(10.0) == StoppingRule(10.0, patience=1)
    assert StoppingRule(10.0).met([0.0, 10.0])
    assert not StoppingRule(10.0).met([10.0, 9.9])


@pytest.mark.parametrize("patience", [0, -1])
def test_patience_is_at_least_one(patience):
    with pytest.raises(InvalidExperiment, match=f"patience must be at least 1; got {patience}"):
        StoppingRule(1.0, patience)
