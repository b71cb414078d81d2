"""How much the data of other contexts count."""

from __future__ import annotations

import numpy as np
import pytest

import rltransfer
from rltransfer.errors import InvalidExperiment
from rltransfer.training import HeadStart, TrainingProblem
from rltransfer.training.offline.view import LEAST, DataView
from tests.training.offline.policy_toys import problem_of, transitions

OWN = problem_of("cartpole", masscart=1.0)


def test_data_of_similar_contexts_count_more():
    data = transitions(OWN, masscart=1.6)
    weights = DataView(bandwidth=0.25).weights(OWN, data)
    u = OWN.env.space.to_unit(data.contexts)
    kernel = np.exp(-((u[1] - u[0]) ** 2).sum() / (2 * 0.25**2))
    assert LEAST < kernel < 1.0
    np.testing.assert_allclose(weights, np.where(data.context_index == 0, 1.0, kernel))


def test_the_farthest_data_still_count_a_little():
    data = transitions(OWN, masscart=10.0, length=20)
    far = DataView(bandwidth=0.01).weights(OWN, data)
    assert set(far.tolist()) == {1.0, LEAST}


def test_draws_follow_the_similarity():
    """As often as the kernel says: the own context's share within 4 standard errors."""
    data = transitions(OWN, masscart=1.6)
    view = DataView(bandwidth=0.1)
    samples = view.samples([OWN], [HeadStart(data=data)], "a test")
    weights = view.weights(OWN, data)
    share = weights[data.context_index == 0].sum() / weights.sum()
    rows = samples.draw(50_000, [np.random.default_rng(0)])[0]
    found = (data.context_index[rows] == 0).mean()
    assert share > 0.55
    assert abs(found - share) < 4 * np.sqrt(share * (1 - share) / 50_000)


@pytest.mark.parametrize("view", [DataView(), DataView(bandwidth=0.25)])
def test_without_a_bandwidth_or_an_own_context_all_count_equally(view):
    env = rltransfer.make("cartpole")
    many = TrainingProblem(env, [{"masscart": 1.0}, {"masscart": 1.6}])
    data = transitions(OWN, masscart=1.6)
    problem = many if view.bandwidth else OWN
    assert view.weights(problem, data) is None
    assert np.ptp(view.of(problem, data).likelihood) == 0.0


def test_the_discount_decides_the_scale_of_rewards():
    data = transitions(OWN)
    scales = [DataView(gamma=g).of(OWN, data).reward_scale for g in (0.0, 0.99)]
    assert scales[0] == pytest.approx(data.rewards.std(), rel=1e-5)
    assert scales[1] > 1.5 * scales[0]


def test_a_stage_without_data_is_named():
    with pytest.raises(InvalidExperiment, match="stage 'cloning' needs recorded transitions; give"):
        DataView().samples([OWN], [HeadStart()], "cloning")
