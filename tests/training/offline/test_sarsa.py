from __future__ import annotations

import numpy as np
import pytest
import torch

from rltransfer.training import SilentMonitor
from rltransfer.training.offline.critic import CriticStack
from rltransfer.training.offline.sarsa import FitSarsa, tail_of
from rltransfer.training.offline.view import DataView

GAMMA = 0.9
VIEW = DataView(gamma=GAMMA)


def fit(toy, seed=0, **changes):
    given = {"hidden": (24,), "steps": 1500, "batch": 256, "learning_rate": 2e-3, "polyak": 0.02}
    stage = FitSarsa(VIEW, **(given | changes))
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


def test_values_are_those_of_the_behaviour(chain):
    result = fit(chain)
    q, v = rated(result, chain)
    known = chain.values(0.5)
    np.testing.assert_allclose(chain.one_of_each(v), known, atol=0.1)
    expected = chain.backup(known)[chain.states, chain.data.actions]
    assert np.abs(q - expected).mean() < 0.08
    assert result.learned.critic.spec.kind == "sarsa"
    assert result.learned.critic.spec.q_count == 1


@pytest.mark.parametrize(("ended", "value"), [("terminated", 1.0), ("truncated", 10.0)])
def test_a_truncated_return_goes_on_where_it_was_cut(new_loop, ended, value):
    loop = new_loop(ended)
    result = fit(loop, steps=1000, learning_rate=1e-2, polyak=0.1, hidden=(16,))
    q, v = rated(result, loop)
    assert v.mean() == pytest.approx(value, rel=0.06)
    assert q.mean() == pytest.approx(value, rel=0.06)


def test_the_tail_of_a_step_is_what_a_loop_finds(chain):
    part = VIEW.of(chain.problem, chain.data)
    tail, data = tail_of(part), chain.data
    for row in range(0, len(data), 37):
        step, total = row, 0.0
        while True:
            total += GAMMA ** (step - row) * data.rewards[step]
            if data.ends[step]:
                break
            step += 1
        assert tail.last[row] == step
        assert tail.returns[row] * part.reward_scale == pytest.approx(total, abs=1e-5)
        expected = 0.0 if data.terminated[step] else GAMMA ** (step - row + 1)
        assert tail.weight[row] == pytest.approx(expected)


def test_several_problems_at_once_end_as_each_would_alone(new_chain):
    toys = [new_chain(episodes=30 + 10 * i, seed=i) for i in range(3)]
    seeds = [np.random.SeedSequence(i) for i in range(3)]
    stage = FitSarsa(VIEW, hidden=(16,), steps=100, batch=32)
    starts = [toy.start for toy in toys]
    together = stage.run_all([toy.problem for toy in toys], starts, seeds, SilentMonitor())
    for toy, seed, result in zip(toys, seeds, together, strict=True):
        alone = stage.run(toy.problem, toy.start, seed, SilentMonitor()).learned.critic
        for name, weight in result.learned.critic.weights.items():
            np.testing.assert_allclose(weight, alone.weights[name], atol=2e-4)


def test_the_seed_decides_the_weights(new_chain):
    toy = new_chain(episodes=30)
    first, again = (fit(toy, seed=1, steps=40).learned.critic for _ in range(2))
    assert all(np.array_equal(first.weights[n], again.weights[n]) for n in first.weights)
