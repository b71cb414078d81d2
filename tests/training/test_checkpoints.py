from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from rltransfer.training import StoppingRule
from rltransfer.training.checkpoints import BestCheckpoint


class Scores:
    """A monitor that returns given scores in order and remembers reports."""

    def __init__(self, scores):
        self.scores, self.reports = list(scores), []

    def score(self, policy):
        return self.scores.pop(0)

    def report(self, *point):
        self.reports.append(point)


def keeper_of(scores, total=100, looks=5, **settings):
    monitor = Scores(scores)
    keeper = BestCheckpoint(lambda steps: f"policy at {steps}", monitor, total, looks, **settings)
    logger = SimpleNamespace(record=lambda name, value: None)
    keeper.model = SimpleNamespace(num_timesteps=0, logger=logger)
    return keeper, monitor


def go(keeper, rollout, total):
    """What SB3's learn does around rollouts."""
    while keeper.model.num_timesteps < total:
        keeper._on_rollout_start()
        keeper.model.num_timesteps += rollout
    keeper.look()


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ([1, 5, 2, 3, 4], "policy at 40"),
        ([5, 1, 5, 2, 3], "policy at 60"),
        ([5, 5, 5, 5, 5], "policy at 100"),
        ([-3, -2, -5, -9, -4], "policy at 40"),
        ([math.nan] * 5, "policy at 100"),
    ],
)
def test_keeps_the_best_and_of_equals_the_latest(scores, best):
    keeper, _ = keeper_of(scores)
    go(keeper, 20, 100)
    assert keeper.best == best


@pytest.mark.parametrize(("rollout", "looks"), [(1, 5), (7, 5), (20, 5), (33, 4), (200, 1)])
def test_looks_at_equal_distances_and_at_the_end(rollout, looks):
    keeper, monitor = keeper_of(range(looks))
    go(keeper, rollout, 100)
    assert monitor.scores == []
    steps = [point.step for point in keeper.curve]
    assert len(set(steps)) == looks
    assert steps == [report[0] for report in monitor.reports]
    assert steps[-1] >= 100


def test_what_is_not_measured_is_not_in_the_curve():
    keeper, monitor = keeper_of([math.nan, 3.0], looks=2)
    go(keeper, 50, 100)
    assert keeper.curve == ((100, 3.0),)
    assert monitor.reports == [(50, 100, None), (100, 100, 3.0)]


def test_the_start_itself_is_scored_where_that_is_asked_for():
    keeper, monitor = keeper_of([7, 1, 2, 3, 4, 5], first=0.0)
    go(keeper, 20, 100)
    assert [point.step for point in keeper.curve] == [0, 20, 40, 60, 80, 100]
    assert keeper.best == "policy at 0"
    assert monitor.scores == []


@pytest.mark.parametrize(
    ("scores", "patience", "goes_on"),
    [
        ([9, 10], 1, [True, False]),
        ([10, 9, 10, 10], 2, [True, True, True, False]),
        ([math.nan, 10, math.nan, 10], 2, [True, True, True, False]),  # what nobody measured
        ([9, 9, 9], 1, [True, True, True]),
    ],
)
def test_training_goes_on_until_the_rule_is_met(scores, patience, goes_on):
    keeper, _ = keeper_of(scores, stop=StoppingRule(10.0, patience))
    found = []
    for _ in scores:
        keeper.look()
        found.append(keeper._on_step())
    assert found == goes_on
    assert keeper.stopped is not goes_on[-1]


def test_without_a_rule_nothing_stops():
    keeper, _ = keeper_of([1e9])
    keeper.look()
    assert keeper._on_step()
    assert not keeper.stopped
