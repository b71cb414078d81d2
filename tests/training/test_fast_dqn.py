"""Compiled Q-learning is Stable-Baselines3's."""

from __future__ import annotations

import copy
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3 import DQN
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecNormalize

from rltransfer.training.fast_dqn import FastDQN

pytest.importorskip("numba")

SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "small gradients": {"max_grad_norm": 0.01, "learning_rate": 1e-3, "gamma": 0.9},
    "tanh": {"policy_kwargs": {"net_arch": [17, 9], "activation_fn": torch.nn.Tanh}},
}


def agent_of(kind: type[DQN], env: Any = "CartPole-v1", **settings: Any) -> DQN:
    return kind("MlpPolicy", env, seed=0, device="cpu", learning_starts=50, **settings)


def trained_further(agent: DQN) -> DQN:
    np.random.seed(1)  # noqa: NPY002  the one that Stable-Baselines3 draws from
    agent.train(gradient_steps=20, batch_size=32)
    return agent


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("normalised", [False, True])
def test_weights_after_an_update_are_those_of_sb3(name: str, normalised: bool) -> None:
    env = make_vec_env("CartPole-v1", 2)
    env = VecNormalize(env) if normalised else env
    plain = agent_of(DQN, env, **SETTINGS[name]).learn(300)
    fast = agent_of(FastDQN, env, **SETTINGS[name])
    assert fast.obstacle is None
    fast.policy.load_state_dict(plain.policy.state_dict())
    fast.policy.optimizer.load_state_dict(copy.deepcopy(plain.policy.optimizer.state_dict()))
    fast.replay_buffer, fast._logger = (
        copy.deepcopy(plain.replay_buffer),
        copy.deepcopy(plain.logger),
    )
    for agent in (plain, fast):
        trained_further(agent)
    for ours, theirs in zip(fast.policy.parameters(), plain.policy.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=2e-6)
    losses = [agent.logger.name_to_value["train/loss"] for agent in (fast, plain)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    states = (agent.policy.optimizer.state_dict()["state"] for agent in (fast, plain))
    for ours, theirs in zip(*(state.values() for state in states), strict=True):
        assert float(ours["step"]) == float(theirs["step"])


def test_files_go_both_ways(tmp_path: Path) -> None:
    for saver, loader in ((FastDQN, DQN), (DQN, FastDQN)):
        agent = agent_of(saver).learn(100)
        agent.save(tmp_path / "agent.zip")
        back = loader.load(tmp_path / "agent.zip", env=agent.env, device="cpu")
        for ours, theirs in zip(back.policy.parameters(), agent.policy.parameters(), strict=True):
            assert torch.equal(ours, theirs)
        back.learn(60, reset_num_timesteps=False)


def test_it_learns() -> None:
    settings = {
        "learning_rate": 2.3e-3, "batch_size": 64, "target_update_interval": 10,
        "train_freq": 256, "gradient_steps": 128, "exploration_fraction": 0.16,
        "exploration_final_eps": 0.04, "policy_kwargs": {"net_arch": [64, 64]},
    }  # fmt: skip
    agent = agent_of(FastDQN, **settings).learn(30_000)
    best = max(np.convolve([e["r"] for e in agent.ep_info_buffer], np.ones(10) / 10, "valid"))
    assert best > 120.0


def test_weights_that_are_not_finite_are_not_kept() -> None:
    agent = agent_of(FastDQN).learn(100)
    before = [parameter.clone() for parameter in agent.policy.parameters()]
    agent.replay_buffer.rewards[:] = np.nan
    with pytest.raises(ValueError, match="an update made weights that are not finite"):
        trained_further(agent)
    for now, kept in zip(agent.policy.parameters(), before, strict=True):
        assert torch.equal(now, kept)


def test_where_it_cannot_it_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        agent = agent_of(FastDQN, policy_kwargs={"net_arch": [600]})
    message = "DQN trains with Stable-Baselines3's own loop: a layer is 600 wide, more than 512."
    assert caplog.records[-1].getMessage() == message
    assert agent.learn(100).num_timesteps >= 100
