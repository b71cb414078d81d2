from __future__ import annotations

import numpy as np
import pytest
import torch

from rltransfer.errors import InvalidExperiment
from rltransfer.training import HeadStart, NetworkSpec, SilentMonitor
from rltransfer.training.offline.actors import ActorStack
from rltransfer.training.offline.critic import CriticStack
from rltransfer.training.offline.extraction import ExtractIQL
from rltransfer.training.offline.fresh import fresh_policy, spec_for
from rltransfer.training.offline.iql import FitIQL
from rltransfer.training.offline.policy_inputs import policy_inputs
from rltransfer.training.offline.view import DataView
from rltransfer.training.policy_spec import Normalization

VIEW = DataView(gamma=0.9)
NETWORK = NetworkSpec(actor=(16,), critic=(4,), activation="tanh")
CRITIC = FitIQL(VIEW, hidden=(24,), steps=1000, learning_rate=3e-3)


def fit(stage, toy, start, seed=0):
    return stage.run(toy.problem, start, np.random.SeedSequence(seed), SilentMonitor())


@pytest.fixture(scope="module")
def rated_chain(chain):
    return fit(CRITIC, chain, chain.start).learned


@pytest.fixture(scope="module")
def rated_bandit(bandit):
    return fit(CRITIC, bandit, bandit.start).learned


def advantages(start, toy):
    critic = start.critic
    z, c = critic.inputs(toy.problem, toy.data)
    with torch.no_grad():
        stack = CriticStack.of([critic])
        return stack.advantage(z, c, torch.from_numpy(toy.data.actions)[None])[0].numpy()


def probabilities(policy, toy):
    z = policy_inputs(policy, toy.problem, toy.data, toy.data.observations)[None]
    with torch.no_grad():
        return ActorStack([policy])(z).logits.exp()[0].numpy()


def test_the_policy_takes_what_the_critic_prefers(chain, rated_chain):
    result = fit(ExtractIQL(NETWORK, VIEW, steps=800), chain, rated_chain)
    assert np.all(result.policy.act(chain.data.observations) == 1)
    assert result.policy.spec.normalization == VIEW.of(chain.problem, chain.data).normalization
    assert 0.0 < result.findings["effective_share"] < 1.0
    assert result.learned.critic is rated_chain.critic


def test_its_probabilities_are_the_weighted_counts(chain, rated_chain):
    result = fit(ExtractIQL(NETWORK, VIEW, steps=1500, beta=1.0), chain, rated_chain)
    found = probabilities(result.policy, chain)
    weights = np.minimum(np.exp(advantages(rated_chain, chain)), 100.0)
    for state in range(4):
        rows = chain.states == state
        right = weights[rows & (chain.data.actions == 1)].sum() / weights[rows].sum()
        assert found[rows, 1].mean() == pytest.approx(right, abs=0.04)


def test_without_a_preference_it_clones(chain, rated_chain):
    result = fit(ExtractIQL(NETWORK, VIEW, steps=1000, beta=0.0), chain, rated_chain)
    found = chain.one_of_each(probabilities(result.policy, chain))
    np.testing.assert_allclose(found, chain.shares, atol=0.04)
    assert result.findings["effective_share"] == pytest.approx(1.0)


def test_a_continuous_policy_aims_at_the_weighted_mean(bandit, rated_bandit):
    result = fit(ExtractIQL(NETWORK, VIEW, steps=1500), bandit, rated_bandit)
    actions = result.policy.act(bandit.data.observations)[:, 0]
    weights = np.minimum(np.exp(3.0 * advantages(rated_bandit, bandit)), 100.0)
    for wanted in (1.0, -0.5):
        rows = bandit.wanted == wanted
        expected = np.average(bandit.data.actions[rows, 0], weights=weights[rows])
        assert actions[rows].mean() == pytest.approx(expected, abs=0.1)
        assert abs(expected - wanted) < 0.3  # while the data's own mean is 0


def test_it_goes_on_from_a_policy_and_keeps_its_statistics(chain, rated_chain):
    stats = Normalization(mean=(1.0,) * 4, var=(3.0,) * 4, count=7.0)
    policy = fresh_policy(spec_for(chain.problem, NETWORK, stats), np.random.default_rng(4))
    still = ExtractIQL(NETWORK, VIEW, steps=1, learning_rate=1e-12)
    kept = fit(still, chain, rated_chain.having(policy=policy)).policy
    for name, weight in policy.weights.items():
        np.testing.assert_allclose(kept.weights[name], weight, atol=1e-6)
    moved = fit(ExtractIQL(NETWORK, VIEW, steps=800), chain, rated_chain.having(policy=policy))
    assert moved.policy.spec == policy.spec
    assert np.all(moved.policy.act(chain.data.observations) == 1)


def test_several_problems_at_once_end_as_each_would_alone(new_chain):
    toys = [new_chain(episodes=30 + 10 * i, seed=i) for i in range(3)]
    seeds = [np.random.SeedSequence(i) for i in range(3)]
    quick = FitIQL(VIEW, hidden=(8,), steps=20, batch=16)
    starts = [fit(quick, toy, toy.start, seed=9).learned for toy in toys]
    stage = ExtractIQL(NETWORK, VIEW, steps=60, batch=32)
    together = stage.run_all([toy.problem for toy in toys], starts, seeds, SilentMonitor())
    for toy, start, seed, result in zip(toys, starts, seeds, together, strict=True):
        alone = stage.run(toy.problem, start, seed, SilentMonitor()).policy
        for name, weight in result.policy.weights.items():
            np.testing.assert_allclose(weight, alone.weights[name], atol=1e-4)


def test_the_seed_decides_the_weights(chain, rated_chain):
    stage = ExtractIQL(NETWORK, VIEW, steps=30)
    first, again, other = (fit(stage, chain, rated_chain, seed).policy for seed in (1, 1, 2))
    name = "action_net.weight"
    assert all(np.array_equal(first.weights[n], again.weights[n]) for n in first.weights)
    assert not np.array_equal(first.weights[name], other.weights[name])


def test_a_critic_is_needed(chain):
    with pytest.raises(InvalidExperiment, match="'IQL policy' needs a critic"):
        fit(ExtractIQL(NETWORK, VIEW), chain, HeadStart(data=chain.data))
