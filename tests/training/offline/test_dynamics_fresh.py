"""What a model is told of its data before it is fitted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rltransfer.training.offline.dynamics_fresh import fresh_dynamics, worst_reward
from rltransfer.training.offline.dynamics_stack import DynamicsStack
from rltransfer.training.offline.samples import Samples
from rltransfer.training.offline.view import DataView
from tests.training.offline.model_toys import Rail


def episodes(*rewards, terminated):
    """Data of these episodes, of which the last ends as told and the others are cut."""
    last = np.cumsum([len(r) for r in rewards]) - 1
    ended, cut = np.zeros((2, last[-1] + 1), bool)
    cut[last[:-1]], ended[last[-1]], cut[last[-1]] = True, terminated, not terminated
    data = Rail().record(2, 0)
    rows = np.zeros(last[-1] + 1, np.int64)
    return replace(
        data,
        observations=data.observations[rows],
        actions=data.actions[rows],
        rewards=np.concatenate(rewards).astype(np.float32),
        next_observations=data.next_observations[rows],
        terminated=ended,
        truncated=cut,
        context_index=data.context_index[rows],
    )


@pytest.mark.parametrize(
    ("rewards", "terminated", "worst"),
    [
        (([1.0, 3.0], [4.0, 4.0, 4.0]), False, 2.0),  # no end is known: the poorest episode
        (([1.0, 3.0], [4.0, 4.0, 4.0]), True, 0.0),  # nothing is paid after an end
        (([-1.0, -3.0, -5.0], [2.0]), True, -3.0),  # an end cannot be a way out
        (([-1.0, -3.0, -5.0], [2.0]), False, -3.0),
        (([6.0], [-1.0, 2.0]), False, 0.5),  # the mean of a step, not the return
    ],
)
def test_the_worst_reward_is_the_poorest_episodes_mean(rewards, terminated, worst):
    assert worst_reward(episodes(*rewards, terminated=terminated)) == pytest.approx(worst)


def test_a_model_knows_the_worst_in_scaled_rewards_and_the_horizon():
    rail, view = Rail(), DataView()
    data = [rail.record(20, seed) for seed in (0, 1)]
    costly = [replace(each, rewards=each.rewards - 2.0) for each in data]
    parts = [view.of(rail.problem(), each) for each in costly]
    models = fresh_dynamics(Samples(parts), 2, (8,), (8,), [np.random.default_rng(0)] * 2)
    for part, model in zip(parts, models, strict=True):
        rewards = np.split(part.data.rewards.astype(float), part.data.starts[1:])
        least = min(r.mean() for r in rewards)
        assert least < -1.0
        assert model.spec.worst == pytest.approx(least / part.reward_scale)
        assert model.spec.horizon == rail.spec.horizon
    stack = DynamicsStack(models)
    assert stack.worst.tolist() == pytest.approx([model.spec.worst for model in models])
    assert stack.horizon == rail.spec.horizon
