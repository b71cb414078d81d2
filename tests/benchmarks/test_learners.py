import gymnasium as gym
import numpy as np
import pytest
import torch
from peers.learner import Setting, solve
from peers.single_file_ppo import GAMMA, LAMBDA, SingleFilePPO
from stable_baselines3.common.buffers import RolloutBuffer

SETTING = Setting("CartPole-v1", n_envs=2, n_steps=64)


class Improving:
    """A learner whose episodes return 100 more after each rollout."""

    def __init__(self):
        self.returns = []

    def learn(self, steps):
        self.returns += [min(500.0, 100.0 * (1 + len(self.returns) // 20))] * 20

    def recent(self):
        return self.returns


def test_solving_ends_when_the_last_episodes_return_475():
    assert solve(Improving(), 1_000) == 5_000


def test_solving_gives_up():
    stuck = Improving()
    stuck.learn = lambda steps: None
    with pytest.raises(RuntimeError, match="was not solved in 500,000 steps"):
        solve(stuck, 100_000)


def test_the_constructor_gets_hyperparameters_only():
    assert SETTING.ppo == {
        "n_steps": 64,
        "batch_size": 64,
        "n_epochs": 10,
        "learning_rate": 3e-4,
    }


def test_the_advantages_of_the_single_file_are_those_of_stable_baselines3():
    """Against SB3's rollout buffer, on random numbers with episodes that end anywhere."""
    T, n, rng = 50, 2, np.random.default_rng(0)
    rewards, values = rng.normal(size=(T, n)), rng.normal(size=(T + 1, n))
    over = rng.random((T, n)) < 0.2
    box = gym.spaces.Box(-1.0, 1.0, (1,))
    buffer = RolloutBuffer(T, box, box, gamma=GAMMA, gae_lambda=LAMBDA, n_envs=n)
    began = np.vstack([np.zeros((1, n)), over[:-1]])
    for t in range(T):
        one = torch.zeros(n)
        nothing = np.zeros((n, 1))
        buffer.add(nothing, nothing, rewards[t], began[t], torch.tensor(values[t]), one)
    buffer.compute_returns_and_advantage(torch.tensor(values[-1]), over[-1])
    ours = SingleFilePPO(SETTING, 0).advantages(
        *(torch.tensor(x, dtype=torch.float32) for x in (rewards, values, over))
    )
    np.testing.assert_allclose(ours, buffer.advantages, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("env", ["CartPole-v1", "Pendulum-v1"])
def test_the_single_file_learns_from_discrete_and_from_continuous_actions(env):
    learner = SingleFilePPO(Setting(env, n_envs=2, n_steps=256), 0)
    before = [p.clone() for p in learner.agent.actor.parameters()]
    learner.learn(512)
    assert learner.recent()
    after = learner.agent.actor.parameters()
    assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    learner.close()
