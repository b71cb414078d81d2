from __future__ import annotations

import math

import pytest

from rltransfer.training.looks import Looks
from rltransfer.training.stopping import StoppingRule


class Judge:
    """Gives prepared scores, and remembers what it was told."""

    def __init__(self, *scores):
        self._scores, self.heard = list(scores), []

    def score(self, policy):
        return self._scores.pop(0)

    def report(self, steps, total, score):
        self.heard.append((steps, total, score))

    def working(self, stage, done, total):
        raise AssertionError("there is an environment")


def looks_of(judge, **changes):
    return Looks(judge, **({"total": 100, "count": 4, "provenance": {"seed": "3"}} | changes))


def test_it_looks_at_equal_distances_from_the_start_on(policy):
    looks = looks_of(Judge(*range(9)))
    seen = []
    for steps in range(0, 100, 10):
        if looks.due(steps):
            looks.look(steps, policy)
            seen.append(steps)
    assert seen == [0, 30, 50, 80]


def test_it_keeps_the_best_and_of_equals_the_latest(policy):
    judge = Judge(1.0, 5.0, 5.0, 2.0)
    looks = looks_of(judge)
    for steps in (0, 25, 50, 75):
        looks.look(steps, policy)
    assert looks.best.spec.provenance == {"seed": "3", "steps": "50"}
    assert looks.best.weights.keys() == policy.weights.keys()
    assert looks.curve == ((0, 1.0), (25, 5.0), (50, 5.0), (75, 2.0))
    assert judge.heard == [(steps, 100, score) for steps, score in looks.curve]


def test_what_is_not_measured_makes_no_curve_and_the_last_policy_counts(policy):
    judge = Judge(math.nan, math.nan)
    looks = looks_of(judge)
    looks.look(0, policy)
    looks.look(100, policy)
    assert looks.curve == ()
    assert looks.best.spec.provenance["steps"] == "100"
    assert judge.heard == [(0, 100, None), (100, 100, None)]


@pytest.mark.parametrize(("scores", "stopped"), [((9.0, 9.0), True), ((9.0, 1.0), False)])
def test_it_knows_when_enough_is_learnt(policy, scores, stopped):
    looks = looks_of(Judge(*scores), stop=StoppingRule(8.0, patience=2))
    for steps in (0, 25):
        assert not looks.stopped
        looks.look(steps, policy)
    assert looks.stopped == stopped
