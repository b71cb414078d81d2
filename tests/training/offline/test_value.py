from __future__ import annotations

import numpy as np
import pytest
import torch

from rltransfer.errors import InvalidExperiment, InvalidPolicy
from rltransfer.training import HeadStart, NetworkSpec, Policy, SilentMonitor
from rltransfer.training.offline.critic import Critic, CriticStack
from rltransfer.training.offline.critic_spec import CriticSpec
from rltransfer.training.offline.fresh import fresh_policy, spec_for
from rltransfer.training.offline.value import CriticValues, FitValue, Returns
from rltransfer.training.offline.value_regression import unit_of
from rltransfer.training.offline.value_targets import lambda_returns
from rltransfer.training.offline.view import DataView
from rltransfer.training.policy_spec import Normalization

GAMMA = 0.9
VIEW = DataView(gamma=GAMMA)
NETWORK = NetworkSpec(actor=(8,), critic=(16, 16), activation="tanh")
INHERITED = Normalization(
    mean=(3.0, -1.0, 0.5, 1.0), var=(4.0, 9.0, 1.0, 25.0), count=100.0, return_var=2500.0
)
RAW_RETURNS = INHERITED.model_copy(update={"return_var": None})


def policy_of(toy, normalization, seed=0):
    return fresh_policy(spec_for(toy.problem, NETWORK, normalization), np.random.default_rng(seed))


def critic_of(toy, seed=3):
    """A critic whose V is some smooth function: the targets of a regression need no fit."""
    part = VIEW.of(toy.problem, toy.data)
    spec = CriticSpec(
        kind="iql",
        hidden=(6,),
        action_space=policy_of(toy, None).spec.action_space,
        gamma=GAMMA,
        normalization=part.normalization,
    )
    return Critic.random(spec, np.random.default_rng(seed))


def values_of(critic, toy):
    """The critic's V of all recorded states, as plain returns."""
    with torch.no_grad():
        v = CriticStack.of([critic]).v(*critic.inputs(toy.problem, toy.data))[0].numpy()
    return v * critic.spec.reward_scale


def fit(stage, toy, start, seed=0):
    return stage.run(toy.problem, start, np.random.SeedSequence(seed), SilentMonitor())


STATISTICS = pytest.mark.parametrize(
    ("normalization", "unit"),
    [(INHERITED, 50.0), (RAW_RETURNS, 1.0), (None, 1.0)],
    ids=["scaled", "raw", "none"],
)


@STATISTICS
def test_v_becomes_the_critics_in_the_policys_own_unit(chain, value_of, normalization, unit):
    critic, policy = critic_of(chain), policy_of(chain, normalization)
    start = chain.start.having(critic=critic, policy=policy)
    result = fit(FitValue(VIEW, steps=1000), chain, start)
    assert unit_of(result.policy.spec) == pytest.approx(unit)
    found = value_of(result.policy, chain.data.observations) * unit
    wanted = values_of(critic, chain)
    assert np.abs(found - wanted).max() < 0.05 * wanted.std()
    assert result.findings["explained_variance"] > 0.99
    assert result.findings["explained_variance_before"] < 0.5


@STATISTICS
def test_returns_in_the_data_give_the_behaviours_value(chain, value_of, normalization, unit):
    start = chain.start.having(policy=policy_of(chain, normalization))
    result = fit(FitValue(VIEW, target=Returns(), steps=1000), chain, start)
    found = chain.one_of_each(value_of(result.policy, chain.data.observations) * unit)
    np.testing.assert_allclose(found, chain.values(0.5), atol=0.04)


@pytest.mark.parametrize(("ended", "value"), [("terminated", 1.0), ("truncated", 10.0)])
def test_only_a_termination_ends_the_world(new_loop, value_of, ended, value):
    loop = new_loop(ended)
    start = loop.start.having(policy=policy_of(loop, RAW_RETURNS))
    stage = FitValue(VIEW, target=Returns(trace=0.9), steps=1000, refresh_every=10)
    found = value_of(fit(stage, loop, start).policy, loop.data.observations)
    assert found.mean() == pytest.approx(value, rel=0.06)


def test_lambda_returns_are_what_the_recursion_says(chain):
    data, rng = chain.data, np.random.default_rng(0)
    beyond = rng.normal(size=len(data))
    found = lambda_returns(data, beyond, GAMMA, 0.7)
    after = 0.0
    for row in reversed(range(len(data))):
        if data.terminated[row]:
            after = 0.0
        elif data.truncated[row]:
            after = beyond[row]
        else:
            after = 0.3 * beyond[row] + 0.7 * after
        after = data.rewards[row] + GAMMA * after
        assert found[row] == pytest.approx(after, abs=1e-5)


def test_all_but_the_value_network_stays_as_it_was(chain):
    policy = policy_of(chain, INHERITED)
    start = chain.start.having(policy=policy, members=(policy,), critic=critic_of(chain))
    result = fit(FitValue(VIEW, steps=20), chain, start)
    assert result.policy.spec == policy.spec
    assert result.learned.members == (policy,)
    assert result.steps == 0
    for name, weight in policy.weights.items():
        same = np.array_equal(weight, result.policy.weights[name])
        assert same == ("value_net" not in name), name


def test_a_good_value_network_stays_good(chain, value_of):
    critic = critic_of(chain)
    start = chain.start.having(policy=policy_of(chain, INHERITED), critic=critic)
    good = fit(FitValue(VIEW, steps=1000), chain, start)
    again = fit(FitValue(VIEW, steps=1), chain, good.learned)
    assert again.findings["explained_variance_before"] > 0.99
    assert again.findings["explained_variance"] > 0.99


def test_several_problems_at_once_end_as_each_would_alone(new_chain):
    toys = [new_chain(episodes=30 + 10 * i, seed=i) for i in range(3)]
    seeds = [np.random.SeedSequence(i) for i in range(3)]
    starts = [toy.start.having(policy=policy_of(toy, INHERITED, i)) for i, toy in enumerate(toys)]
    stage = FitValue(VIEW, target=Returns(), steps=60, refresh_every=20)
    together = stage.run_all([toy.problem for toy in toys], starts, seeds, SilentMonitor())
    for toy, start, seed, result in zip(toys, starts, seeds, together, strict=True):
        alone = stage.run(toy.problem, start, seed, SilentMonitor()).policy
        for name, weight in result.policy.weights.items():
            np.testing.assert_allclose(weight, alone.weights[name], atol=1e-4)


def test_what_is_missing_is_named(chain):
    with pytest.raises(InvalidExperiment, match="'value function' needs a policy"):
        fit(FitValue(VIEW), chain, chain.start)
    with pytest.raises(InvalidExperiment, match="'value function' needs a critic"):
        fit(
            FitValue(VIEW, target=CriticValues()),
            chain,
            chain.start.having(policy=policy_of(chain, None)),
        )
    with pytest.raises(InvalidExperiment, match="'value function' needs recorded transitions"):
        fit(FitValue(VIEW), chain, HeadStart(policy=policy_of(chain, None)))


def test_a_policy_of_another_size_is_refused(chain, bandit):
    start = chain.start.having(policy=policy_of(bandit, None), critic=critic_of(chain))
    with pytest.raises(InvalidPolicy, match=r"takes observations of 3 numbers.* have 4"):
        fit(FitValue(VIEW), chain, start)


def test_a_head_start_keeps_a_policy_that_acts(chain):
    start = chain.start.having(policy=policy_of(chain, INHERITED), critic=critic_of(chain))
    fitted = fit(FitValue(VIEW, steps=5), chain, start).policy
    assert isinstance(fitted, Policy)
    x = chain.data.observations[:50]
    assert np.array_equal(fitted.act(x), start.policy.act(x))
