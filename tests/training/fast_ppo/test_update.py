"""After an update the weights are those of Stable-Baselines3, whatever the settings."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO

from rltransfer.training.fast_ppo import FastPPO

SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "everything": {
        "clip_range_vf": 0.05,
        "ent_coef": 0.02,
        "max_grad_norm": 0.1,
        "vf_coef": 0.7,
        "batch_size": 48,
        "learning_rate": 1e-3,
    },
    "raw advantages": {"normalize_advantage": False, "clip_range": 0.05},
    "early stop": {"target_kl": 1e-4, "learning_rate": 3e-3},
    "relu, one layer": {
        "policy_kwargs": {
            "activation_fn": torch.nn.ReLU,
            "net_arch": {"pi": [30], "vf": [17, 9, 5]},
            "optimizer_kwargs": {"betas": (0.8, 0.99), "eps": 1e-6},
        }
    },
    "linear": {"policy_kwargs": {"net_arch": []}},
}
ENVS = ["CartPole-v1", "Pendulum-v1", "Acrobot-v1", "BipedalWalker-v3"]


def trained(kind: type[PPO], env: str, settings: dict[str, Any]) -> PPO:
    arguments: dict[str, Any] = {"n_steps": 128, "batch_size": 32, "n_epochs": 3, **settings}
    return kind("MlpPolicy", env, seed=3, device="cpu", **arguments)


def twins(env: str, settings: dict[str, Any]) -> tuple[PPO, FastPPO]:
    """Return two agents with the same weights, moments and full buffer, before an update."""
    plain, fast = trained(PPO, env, settings), trained(FastPPO, env, settings)
    assert fast.obstacle is None
    plain.learn(128)  # so that Adam has moments
    plain.collect_rollouts(plain.env, silent(plain), plain.rollout_buffer, 128)
    fast.policy.load_state_dict(plain.policy.state_dict())
    fast.policy.optimizer.load_state_dict(copy.deepcopy(plain.policy.optimizer.state_dict()))
    fast.rollout_buffer = copy.deepcopy(plain.rollout_buffer)
    fast._current_progress_remaining = plain._current_progress_remaining = 0.75
    fast._n_updates = plain._n_updates
    fast._logger = copy.deepcopy(plain._logger)
    return plain, fast


def silent(agent: PPO) -> Any:
    return agent._init_callback(None)


@pytest.mark.parametrize("env", ENVS)
@pytest.mark.parametrize("name", SETTINGS)
def test_weights_after_an_update_are_those_of_sb3(env: str, name: str) -> None:
    plain, fast = twins(env, SETTINGS[name])
    for agent in (plain, fast):
        np.random.seed(5)  # noqa: NPY002  the one that Stable-Baselines3 draws from
        agent.train()
    for key, expected in plain.policy.state_dict().items():
        ours = fast.policy.state_dict()[key]
        torch.testing.assert_close(ours, expected, rtol=1e-5, atol=2e-6, msg=key)
    assert fast._n_updates == plain._n_updates
    logged, wanted = fast.logger.name_to_value, plain.logger.name_to_value
    assert {k for k in wanted if k.startswith("train/")} <= set(logged)
    for key in (k for k in wanted if k.startswith("train/")):
        assert logged[key] == pytest.approx(wanted[key], rel=1e-3, abs=2e-5), key


def test_an_early_stop_is_one() -> None:
    plain, _ = twins("Pendulum-v1", SETTINGS["early stop"])
    before = plain._n_updates
    plain.train()
    assert plain._n_updates - before < 3


def test_adam_remembers_what_sb3s_would() -> None:
    plain, fast = twins("CartPole-v1", {})
    for agent in (plain, fast):
        np.random.seed(5)  # noqa: NPY002  the one that Stable-Baselines3 draws from
        agent.train()
    states = zip(
        fast.policy.optimizer.state_dict()["state"].values(),
        plain.policy.optimizer.state_dict()["state"].values(),
        strict=True,
    )
    for ours, theirs in states:
        assert ours["step"] == theirs["step"]
        torch.testing.assert_close(ours["exp_avg"], theirs["exp_avg"], rtol=1e-3, atol=1e-6)
        torch.testing.assert_close(ours["exp_avg_sq"], theirs["exp_avg_sq"], rtol=1e-3, atol=1e-7)


def test_the_first_update_starts_with_empty_moments() -> None:
    plain, fast = (trained(kind, "CartPole-v1", {}) for kind in (PPO, FastPPO))
    for agent in (plain, fast):
        agent._setup_learn(128)
    plain.collect_rollouts(plain.env, silent(plain), plain.rollout_buffer, 128)
    fast.rollout_buffer = copy.deepcopy(plain.rollout_buffer)
    for agent in (plain, fast):
        np.random.seed(5)  # noqa: NPY002  the one that Stable-Baselines3 draws from
        agent.train()
    for ours, theirs in zip(fast.policy.parameters(), plain.policy.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=2e-6)


def test_weights_that_are_not_finite_are_not_kept() -> None:
    _, fast = twins("CartPole-v1", {})
    before = [parameter.clone() for parameter in fast.policy.parameters()]
    fast.rollout_buffer.advantages[5] = np.nan
    with pytest.raises(ValueError, match="an update made weights that are not finite"):
        fast.train()
    for now, kept in zip(fast.policy.parameters(), before, strict=True):
        assert torch.equal(now, kept)
