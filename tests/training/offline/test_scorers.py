from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from rltransfer.training.offline.calibration import pairwise_accuracy
from rltransfer.training.offline.dynamics_fit import FitDynamics
from rltransfer.training.offline.dynamics_stack import DynamicsStack
from rltransfer.training.offline.gate import PairedGate
from rltransfer.training.offline.rollouts import roll_out
from rltransfer.training.offline.scorers import AMQ, ModelReturn, Scores, SurvivalTime
from rltransfer.training.offline.starts import Starts
from tests.training.offline.model_toys import (
    FakeCritic,
    Rail,
    drift,
    drivers,
    fitted,
    true_return,
)

FIT = FitDynamics(members=3, hidden=(32, 32), steps=1000, batch=128)
GAINS = [(1.0, 1.5), (0.5, 0.6), (0.3, 0.1), (0.0, 0.0), (0.0, 0.4), (-0.4, 0.0), (-1.0, 0.0)]


class NoCritic:
    """Expects nothing after the last step."""

    def v(self, z, c):
        return torch.zeros(z.shape[:2])

    def q_min(self, z, c, actions):
        raise AssertionError("a model return asks for no Q")


class OnlyPosition:
    """Q is z₀, whatever is done."""

    def q_min(self, z, c, actions):
        return z[..., 0]

    def v(self, z, c):
        raise AssertionError("AM-Q asks for no V")


@pytest.fixture(scope="module", params=[False, True], ids=["continuous", "discrete"])
def world(request):
    rail = Rail(request.param)
    data = rail.record(100, seed=0)
    result = fitted(FIT, [rail.problem()], [data], [0])[0]
    part = FIT.view.of(rail.problem(), data)
    starts = Starts.draw([part], 64, [np.random.default_rng(1)])
    return part, DynamicsStack([result.learned.dynamics]), starts


def test_the_model_return_orders_policies_as_their_true_returns_do(world):
    part, stack, starts = world
    scores = ModelReturn(50).scores(drivers([part], *GAINS), NoCritic(), stack, starts)
    x = starts.z[0].numpy() * np.sqrt(part.normalization.var) + np.array(part.normalization.mean)
    truths = [true_return(part, k, x, 50, discount=1.0).mean() for k in GAINS]
    assert pairwise_accuracy(scores.values[0].tolist(), truths, 1.0) == 1.0
    assert int(scores.values.argmax()) == int(np.argmax(truths)) == 0


def test_a_better_policy_scores_higher_with_discrete_actions_too(world):
    part, stack, starts = world
    actors = drivers([part], (1.0, 1.5), (-1.0, 0.0))
    for scorer in (ModelReturn(50), SurvivalTime(50)):
        better, worse = scorer.scores(actors, FakeCritic(), stack, starts).values[0]
        assert better > worse


def test_the_model_return_is_return_and_value_less_disagreement(world):
    part, stack, starts = world
    actors = drivers([part], *GAINS)
    found = roll_out(actors, stack, starts, 20, discount=1.0)
    outcomes = found.returns + found.survival * (2.0 + found.z[..., 0])
    doubt = outcomes.mean(dim=3).std(dim=2, correction=0)
    for pessimism in (0.0, 0.7):
        scores = ModelReturn(20, pessimism).scores(actors, FakeCritic(), stack, starts)
        expected = outcomes.mean(dim=(2, 3)) - pessimism * doubt
        torch.testing.assert_close(scores.values, expected)
        torch.testing.assert_close(scores.values, scores.per_start.mean(dim=(2, 3)))


@pytest.fixture
def drifting(world):
    """A model in which z₀ grows by 1 at every step and nothing else matters; z₀ begins at 0."""
    part, *_ = world
    stack = DynamicsStack([drift(part, reward=0.5, p=0.125, worst=-3.0)])
    return drivers([part], GAINS[0]), stack, Starts(torch.zeros(1, 1, 2), torch.zeros(1, 1, 0))


def test_the_model_return_is_not_discounted(drifting):
    actors, stack, starts = drifting
    (score,) = ModelReturn(10, 0.0).scores(actors, FakeCritic(), stack, starts).values[0]
    alive = 0.875 ** np.arange(11)
    assert float(score) == pytest.approx(0.5 * alive[:10].sum() + alive[10] * (2.0 + 10.0))


def test_the_model_return_looks_no_farther_than_an_episode(drifting):
    actors, stack, starts = drifting
    assert stack.horizon == 60
    stack.horizon = 20
    longer, whole, shorter = (
        ModelReturn(H).scores(actors, FakeCritic(), stack, starts).values for H in (400, 20, 19)
    )
    assert torch.equal(longer, whole)
    assert not torch.equal(longer, shorter)


def test_what_lies_beyond_the_data_is_worth_the_worst_and_no_value(drifting):
    """The 25th step leaves the range, which reaches to 24."""
    actors, stack, starts = drifting
    (score,) = ModelReturn(40, 0.0).scores(actors, FakeCritic(), stack, starts).values[0]
    alive = 0.875 ** np.arange(26)
    expected = 0.5 * alive[:25].sum() + 15 * -3.0 * alive[25]
    assert float(score) == pytest.approx(expected, rel=1e-5)


def test_steps_beyond_the_data_are_no_survival_and_no_visited_pairs(drifting):
    actors, stack, starts = drifting
    alive = 0.875 ** np.arange(25)
    (time,) = SurvivalTime(40).scores(actors, FakeCritic(), stack, starts).values[0]
    assert float(time) == pytest.approx(alive.sum(), rel=1e-5)
    (mean,) = AMQ(40).scores(actors, OnlyPosition(), stack, starts).values[0]
    assert float(mean) == pytest.approx((alive * np.arange(25)).sum() / alive.sum(), rel=1e-5)


def test_amq_is_the_mean_over_visited_pairs(world):
    part, stack, starts = world
    actors = drivers([part], *GAINS)
    found = roll_out(actors, stack, starts, 20, 1.0, tally=FakeCritic().q_min)
    scores = AMQ(20).scores(actors, FakeCritic(), stack, starts)
    expected = found.tally.sum(dim=(2, 3)) / found.visits.sum(dim=(2, 3))
    torch.testing.assert_close(scores.values, expected)


def test_scores_are_the_same_again_and_for_equal_policies(world):
    part, stack, starts = world
    actors = drivers([part], GAINS[0], GAINS[0], GAINS[2], GAINS[2])
    for scorer in (ModelReturn(30), AMQ(30), SurvivalTime(30)):
        one, two = (scorer.scores(actors, FakeCritic(), stack, starts) for _ in range(2))
        assert torch.equal(one.per_start, two.per_start)
        assert torch.equal(one.per_start[:, 0], one.per_start[:, 1])
        assert not PairedGate(0.0).decide(one, two).any()


def test_a_gate_on_a_model_accepts_the_better_and_refuses_the_worse(world):
    part, stack, starts = world
    scorer = ModelReturn(50)
    before = drivers([part], (0.0, 0.4), (1.0, 1.5), (0.0, 0.4))
    after = drivers([part], (1.0, 1.5), (0.0, 0.4), (0.0, 0.4))
    accepted, candidate = (scorer.scores(k, NoCritic(), stack, starts) for k in (before, after))
    for margin in (0.0, 1.0, 2.0):
        assert PairedGate(margin).decide(accepted, candidate).tolist() == [[True, False, False]]


def test_scorers_are_values():
    assert ModelReturn(400, 0.5) == ModelReturn() != replace(ModelReturn(), pessimism=1.0)


def test_accepted_scores_replace_the_old_ones():
    old, new = Scores(torch.zeros(1, 2, 3, 4)), Scores(torch.ones(1, 2, 3, 4))
    kept = old.updated(torch.tensor([[True, False]]), new)
    assert kept.values.tolist() == [[1.0, 0.0]]
