from __future__ import annotations

import numpy as np
import pytest
import torch

from rltransfer.training.behaviour import PolicyBehaviour

N = 20_000


def drawn_for_one(trained):
    """An observation, and the actions that N copies of it get."""
    (one,) = trained.observations(np.random.default_rng(5), n=1, far=1.0)
    behaviour = PolicyBehaviour(trained.policy)
    return one, behaviour.sample(np.tile(one, (N, 1)), np.random.default_rng(0))


def distribution_in_sb3(trained, one):
    """The agent's own action distribution."""
    venv = trained.agent.get_vec_normalize_env()
    seen = one[None] if venv is None else venv.normalize_obs(one[None])
    seen = torch.as_tensor(seen, dtype=torch.float32)
    return trained.agent.policy.get_distribution(seen).distribution


@pytest.mark.parametrize(
    ("algorithm", "env", "normalize"),
    [("PPO", "cartpole", False), ("PPO", "acrobot", True), ("A2C", "acrobot", False)],
)
def test_choices_have_the_agents_probabilities(make_trained, algorithm, env, normalize):
    trained = make_trained(algorithm, env, normalize=normalize)
    one, drawn = drawn_for_one(trained)
    expected = distribution_in_sb3(trained, one).probs.detach().numpy()[0]
    found = np.bincount(drawn, minlength=len(expected)) / N
    np.testing.assert_allclose(found, expected, atol=5 * np.sqrt(0.25 / N))


@pytest.mark.parametrize("env", ["pendulum", "mountain_car_continuous"])
def test_vectors_have_the_agents_mean_and_noise_and_keep_the_bounds(make_trained, env):
    trained = make_trained("PPO", env, normalize=True)
    one, drawn = drawn_for_one(trained)
    wanted = distribution_in_sb3(trained, one)
    box = trained.agent.action_space
    rng = np.random.default_rng(1)
    mean, std = wanted.mean.detach().numpy(), wanted.stddev.detach().numpy()
    expected = np.clip(mean + std * rng.standard_normal((N, 1)), box.low, box.high)
    assert drawn.dtype == np.float32
    assert box.contains(drawn.min(axis=0))
    assert box.contains(drawn.max(axis=0))
    assert drawn.std() > 0.1
    assert drawn.mean() == pytest.approx(expected.mean(), abs=5 * 2 / np.sqrt(N))
    assert drawn.std() == pytest.approx(expected.std(), abs=5 * 2 / np.sqrt(N))


def test_others_act_as_the_policy_does(trained):
    behaviour = PolicyBehaviour(trained.policy)
    case = trained.case
    if behaviour.stochastic:
        assert case.algorithm in ("PPO", "A2C")
        return
    assert case.algorithm in ("DQN", "SAC", "TD3") or case.hyperparameters["use_sde"]
    seen = trained.observations(np.random.default_rng(0), n=50)
    drawn = behaviour.sample(seen, np.random.default_rng(1))
    np.testing.assert_array_equal(drawn, trained.policy.act(seen))


def test_draws_follow_from_the_generator(policy):
    behaviour = PolicyBehaviour(policy)
    seen = np.random.default_rng(0).normal(0, 3, (300, policy.observation_size))
    one, again, other = (behaviour.sample(seen, np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
