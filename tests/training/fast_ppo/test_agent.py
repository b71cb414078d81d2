"""The agent is Stable-Baselines3's in everything but time."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env

import rltransfer
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.training.fast_ppo import FastPPO


def small(kind: type[PPO], env: Any = "CartPole-v1", **settings: Any) -> PPO:
    arguments = {"n_steps": 64, "batch_size": 32, "n_epochs": 2, "seed": 0, **settings}
    return kind("MlpPolicy", env, device="cpu", **arguments)


def test_files_go_both_ways(tmp_path: Path) -> None:
    for saver, loader in ((FastPPO, PPO), (PPO, FastPPO), (FastPPO, FastPPO)):
        agent = small(saver).learn(128)
        agent.save(tmp_path / "agent.zip")
        back = loader.load(tmp_path / "agent.zip", env=agent.env, device="cpu")
        assert type(back) is loader
        for ours, theirs in zip(back.policy.parameters(), agent.policy.parameters(), strict=True):
            assert torch.equal(ours, theirs)
        states = (each.policy.optimizer.state_dict()["state"] for each in (back, agent))
        for ours, theirs in zip(*(state.values() for state in states), strict=True):
            assert torch.equal(ours["exp_avg_sq"], theirs["exp_avg_sq"])
            assert float(ours["step"]) == float(theirs["step"])
        back.learn(64, reset_num_timesteps=False)
        assert back.num_timesteps == 192


def test_prediction_follows_what_was_learnt() -> None:
    agent = small(FastPPO)
    seen = np.ones((5, 4), np.float32)
    before = agent.policy.get_distribution(torch.as_tensor(seen)).distribution.logits
    agent.learn(128)
    after = agent.policy.get_distribution(torch.as_tensor(seen)).distribution.logits
    assert not torch.equal(before, after)
    assert agent.predict(seen, deterministic=True)[0].tolist() == after.argmax(1).tolist()


def test_the_same_seed_is_the_same_training() -> None:
    first, again, other = (small(FastPPO, seed=s).learn(256) for s in (3, 3, 4))
    weights = [
        torch.cat([p.flatten() for p in a.policy.parameters()]) for a in (first, again, other)
    ]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize("family", ["cartpole", "pendulum"])
def test_it_learns(family: str) -> None:
    env = rltransfer.make(family)
    settings: dict[str, Any] = (
        {"n_steps": 32, "batch_size": 256, "learning_rate": 1e-3, "n_epochs": 20, "gamma": 0.98}
        if family == "cartpole"
        else {
            "n_steps": 1024,
            "batch_size": 64,
            "n_epochs": 10,
            "gamma": 0.9,
            "learning_rate": 1e-3,
        }
    )
    n, steps, enough = (8, 60_000, 400.0) if family == "cartpole" else (4, 100_000, -400.0)
    venv = ContextVecEnv(env, [{}] * n)
    agents = (small(FastPPO, venv, seed=seed, **settings).learn(steps) for seed in range(3))
    recent = [[episode["r"] for episode in agent.ep_info_buffer][-20:] for agent in agents]
    assert np.median(np.mean(recent, axis=1)) > enough  # one CartPole in 24 has forgotten by then


OBSTACLES: dict[str, tuple[dict[str, Any], str]] = {
    "use_sde": ({"env": "Pendulum-v1", "use_sde": True}, r"depends on the state \(use_sde\)"),
    "wide": ({"policy_kwargs": {"net_arch": [600]}}, "a layer is 600 wide, more than 512"),
    "activation": ({"policy_kwargs": {"activation_fn": torch.nn.ELU}}, "the activation is ELU"),
    "optimiser": (
        {"policy_kwargs": {"optimizer_class": torch.optim.SGD, "optimizer_kwargs": {}}},
        "the optimiser is SGD",
    ),
    "weight decay": (
        {"policy_kwargs": {"optimizer_kwargs": {"weight_decay": 0.1}}},
        "Adam has weight_decay",
    ),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_where_it_cannot_it_says_so_and_trains_as_sb3(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings, reason = OBSTACLES[name]
    with caplog.at_level(logging.WARNING):
        agent = small(FastPPO, **settings)
    assert agent.obstacle is not None
    message = caplog.records[-1].getMessage()
    assert message.startswith("PPO trains with Stable-Baselines3's own loops: ")
    assert re.search(reason, message)
    agent.learn(128)
    plain = small(PPO, **settings).learn(128)  # seeds the global generators again
    for ours, theirs in zip(agent.policy.parameters(), plain.policy.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_images_and_dictionaries_are_obstacles() -> None:
    class Odd(gym.Env[Any, Any]):
        observation_space = gym.spaces.Dict({"a": gym.spaces.Box(-1, 1, (2,))})
        action_space = gym.spaces.Discrete(2)

    agent = FastPPO("MultiInputPolicy", make_vec_env(Odd), device="cpu", n_steps=8, batch_size=8)
    assert agent.obstacle is not None
    assert "not one vector" in agent.obstacle


def test_without_numba_sb3_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rltransfer.training.fast_ppo.support.find_spec", lambda name: None)
    agent = small(FastPPO).learn(64)
    assert agent.obstacle == 'Numba is not installed (pip install "rltransfer[fast]")'
    assert agent.num_timesteps == 64
