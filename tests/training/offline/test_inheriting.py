"""Policies in other units are the same functions of observations."""

from __future__ import annotations

import numpy as np
import pytest

from rltransfer.errors import InvalidExperiment
from rltransfer.training import HeadStart, SilentMonitor
from rltransfer.training.offline.inheriting import Inheriting, restandardised
from rltransfer.training.offline.view import DataView
from rltransfer.training.policy_spec import NetworkSpec
from tests.training.offline.policy_toys import (
    NETWORK,
    observations,
    problem_of,
    random_policy,
    same,
    statistics,
    transitions,
)

SIZES = {"cartpole": 4, "pendulum": 3}
LINEAR = NetworkSpec(actor=(), critic=(), activation="tanh")


@pytest.fixture(params=[(e, n) for e in SIZES for n in ("raw", "normalized")], ids="-".join)
def policy(request):
    env, norm = request.param
    stats = statistics(SIZES[env]) if norm == "normalized" else None
    return random_policy(problem_of(env), stats)


def outputs(policy, x):
    """Means or logits, beyond what `act` tells."""
    return policy._actor.outputs(x)


def test_means_logits_and_values_stay(policy, value_of):
    x = observations(policy.observation_size)
    other = restandardised(policy, statistics(policy.observation_size, seed=7))
    np.testing.assert_allclose(outputs(other, x), outputs(policy, x), atol=1e-5)
    np.testing.assert_allclose(value_of(other, x), value_of(policy, x), atol=1e-5)
    np.testing.assert_allclose(other.act(x), policy.act(x), atol=1e-5)
    if "log_std" in policy.weights:
        np.testing.assert_array_equal(other.weights["log_std"], policy.weights["log_std"])


def test_observations_are_standardised_anew_and_the_unit_of_values_stays(policy):
    stats = statistics(policy.observation_size, seed=7, return_var=99.0)
    found, old = restandardised(policy, stats).spec.normalization, policy.spec.normalization
    assert (found.mean, found.var, found.clip) == (stats.mean, stats.var, stats.clip)
    assert found.return_var == (None if old is None else old.return_var)


@pytest.mark.parametrize("env", SIZES)
def test_there_and_back_is_the_same_policy(env):
    stats = statistics(SIZES[env])
    policy = random_policy(problem_of(env), stats)
    there = restandardised(policy, statistics(policy.observation_size, seed=7))
    for name, weight in restandardised(there, stats).weights.items():
        np.testing.assert_allclose(weight, policy.weights[name], atol=1e-5)


def test_networks_without_hidden_layers_are_restandardised_too(value_of):
    policy = random_policy(problem_of("pendulum"), statistics(3), network=LINEAR)
    other, x = restandardised(policy, statistics(3, seed=7)), observations(3)
    np.testing.assert_allclose(outputs(other, x), outputs(policy, x), atol=1e-5)
    np.testing.assert_allclose(value_of(other, x), value_of(policy, x), atol=1e-5)


# -- the stage -------------------------------------------------------------------------------------


def inherit(problem, start, **changes):
    stage = Inheriting(**changes)
    return stage.run(problem, start, np.random.SeedSequence(0), SilentMonitor())


def test_members_are_taken_in_order_in_the_units_of_the_data(policy):
    problem = problem_of(policy.spec.env)
    data = transitions(problem)
    members = [random_policy(problem, policy.spec.normalization, seed=k) for k in range(6)]
    start = HeadStart(policy=policy, data=data, members=tuple(members))
    result = inherit(problem, start, members=3)
    stats = DataView().of(problem, data).normalization
    x = observations(policy.observation_size)
    assert len(result.learned.members) == 3
    for one, given in zip(result.learned.members, members, strict=False):
        assert (one.spec.normalization.mean, one.spec.normalization.var) == (stats.mean, stats.var)
        np.testing.assert_allclose(outputs(one, x), outputs(given, x), atol=2e-5)
    assert result.policy is result.learned.members[0]
    assert result.learned.data is data
    assert (result.steps, result.findings) == (0, {"members": 3})


def test_a_policy_alone_is_an_ensemble_of_one(policy):
    problem = problem_of(policy.spec.env)
    start = HeadStart(policy=policy, data=transitions(problem))
    assert len(inherit(problem, start).learned.members) == 1


def test_several_problems_each_get_their_own(policy):
    problems = [problem_of(policy.spec.env) for _ in range(2)]
    starts = [HeadStart(policy=policy, data=transitions(p, seed=k)) for k, p in enumerate(problems)]
    seeds = [np.random.SeedSequence(k) for k in range(2)]
    found = Inheriting().run_all(problems, starts, seeds, SilentMonitor())
    for k in range(2):
        assert same(found[k].policy, inherit(problems[k], starts[k]).policy)
    assert found[0].policy.spec.normalization != found[1].policy.spec.normalization


def test_what_is_missing_is_named():
    problem = problem_of("cartpole")
    with pytest.raises(InvalidExperiment, match="'inheriting' needs recorded transitions"):
        inherit(problem, HeadStart(policy=random_policy(problem, network=NETWORK)))
    with pytest.raises(InvalidExperiment, match="'inheriting' needs a policy to start from"):
        inherit(problem, HeadStart(data=transitions(problem)))
