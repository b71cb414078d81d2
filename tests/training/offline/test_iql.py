from __future__ import annotations

import numpy as np
import pytest
import torch

from rltransfer.errors import InvalidExperiment
from rltransfer.training import HeadStart, SilentMonitor
from rltransfer.training.offline.critic import CriticStack
from rltransfer.training.offline.iql import FitIQL, expectile_loss
from rltransfer.training.offline.view import DataView

GAMMA = 0.9


def fit(toy, seed=0, **changes):
    given = {"hidden": (24,), "steps": 1500, "batch": 256, "learning_rate": 2e-3}
    stage = FitIQL(DataView(gamma=GAMMA), **(given | {"polyak": 0.02} | changes))
    return stage.run(toy.problem, toy.start, np.random.SeedSequence(seed), SilentMonitor())


def rated(result, toy):
    """Q and V of all recorded transitions, as plain returns."""
    critic = result.learned.critic
    z, c = critic.inputs(toy.problem, toy.data)
    with torch.no_grad():
        stack = CriticStack.of([critic])
        q = stack.q_min(z, c, torch.from_numpy(toy.data.actions)[None])[0].numpy()
        v = stack.v(z, c)[0].numpy()
    return q * critic.spec.reward_scale, v * critic.spec.reward_scale


@pytest.mark.parametrize("expectile", [0.5, 0.9])
def test_v_is_the_expectile_over_the_actions_in_the_data(chain, expectile):
    q, v = rated(fit(chain, expectile=expectile), chain)
    known = chain.values(expectile)
    np.testing.assert_allclose(chain.one_of_each(v), known, atol=0.05)
    expected = chain.backup(known)[chain.states, chain.data.actions]
    assert np.abs(q - expected).mean() < 0.05


def test_the_highest_expectile_comes_near_the_best_value_that_the_data_support(chain):
    _, v = rated(fit(chain, expectile=0.98), chain)
    best, mean = chain.values(1.0), chain.values(0.5)
    found = chain.one_of_each(v)
    assert np.all(np.abs(found - best) < 0.25 * np.abs(best - mean))


@pytest.mark.parametrize(("ended", "value"), [("terminated", 1.0), ("truncated", 10.0)])
def test_only_a_termination_ends_the_world(new_loop, ended, value):
    """Reward 1 for ever is worth 1 / (1 - γ); a time limit does not change that."""
    loop = new_loop(ended)
    result = fit(loop, expectile=0.5, steps=1500, learning_rate=5e-3, polyak=0.1, hidden=(16,))
    _, v = rated(result, loop)
    assert v.mean() == pytest.approx(value, rel=0.06)


def test_continuous_actions_are_rated_by_their_rewards(bandit):
    q, _ = rated(fit(bandit, learning_rate=4e-3), bandit)
    assert np.abs(q - bandit.data.rewards).mean() < 0.1


def test_several_problems_at_once_end_as_each_would_alone(new_chain):
    toys = [new_chain(episodes=30 + 10 * i, seed=i) for i in range(3)]
    seeds = [np.random.SeedSequence(i) for i in range(3)]
    stage = FitIQL(DataView(gamma=GAMMA), hidden=(16,), steps=150, batch=32)
    starts = [toy.start for toy in toys]
    together = stage.run_all([toy.problem for toy in toys], starts, seeds, SilentMonitor())
    for toy, seed, result in zip(toys, seeds, together, strict=True):
        alone = stage.run(toy.problem, toy.start, seed, SilentMonitor()).learned.critic
        assert alone.spec == result.learned.critic.spec
        for name, weight in result.learned.critic.weights.items():
            np.testing.assert_allclose(weight, alone.weights[name], atol=2e-4)


def test_the_seed_decides_the_weights(new_chain):
    toy = new_chain(episodes=30)
    first, again, other = (fit(toy, seed, steps=40).learned.critic for seed in (1, 1, 2))
    assert all(np.array_equal(first.weights[n], again.weights[n]) for n in first.weights)
    assert not np.array_equal(first.weights["q.0.weight"], other.weights["q.0.weight"])


def test_global_generators_are_left_alone(new_chain):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    fit(new_chain(episodes=30), steps=5)
    assert torch.equal(before, torch.get_rng_state())


def test_what_it_found_and_how_far_it_was(new_chain):
    toy, heard = new_chain(episodes=30), []

    class Ear(SilentMonitor):
        def working(self, stage, done, total):
            heard.append((stage, done, total))

    stage = FitIQL(hidden=(8,), steps=700, batch=16)
    result = stage.run(toy.problem, toy.start, np.random.SeedSequence(0), Ear())
    assert heard == [("IQL critic", done, 700) for done in (0, 500, 700)]
    assert result.steps == 0
    assert result.learned.data is toy.data
    assert result.findings["steps"] == 700
    assert {"loss_q", "loss_v", "mean_q", "mean_advantage", "unit"} < set(result.findings)
    assert all(np.isfinite(value) for value in result.findings.values())


def test_data_are_needed(chain):
    with pytest.raises(InvalidExperiment, match="'IQL critic' needs recorded transitions"):
        FitIQL().run(chain.problem, HeadStart(), np.random.SeedSequence(0), SilentMonitor())


def test_the_expectile_loss_is_lopsided():
    loss = expectile_loss(torch.tensor([-2.0, 0.0, 2.0]), 0.75)
    assert loss.tolist() == [1.0, 0.0, 3.0]
