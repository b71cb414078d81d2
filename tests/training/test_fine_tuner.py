"""PPO with two step sizes, and nothing else different from Stable-Baselines3's."""

from __future__ import annotations

import copy

import gymnasium as gym
import numpy as np
import pytest
import torch

from rltransfer.training.fast_ppo import FastPPO
from rltransfer.training.fine_tuner import ACTOR, CRITIC, FineTuner, PerNetworkAdam, TwoRatePolicy


def tuner_of(seed=0, env="CartPole-v1", max_norm=0.5, net_arch=(8,), **settings):
    given = {"n_steps": 64, "batch_size": 32, "n_epochs": 2, "learning_rate": 3e-4, **settings}
    networks = {"max_norm": max_norm, "net_arch": {"pi": list(net_arch), "vf": list(net_arch)}}
    return FineTuner(
        TwoRatePolicy, gym.make(env), seed=seed, device="cpu", policy_kwargs=networks, **given
    )


def test_every_parameter_is_in_one_group():
    for env in ("CartPole-v1", "Pendulum-v1"):
        policy = tuner_of(env=env).policy
        names = {id(p): name for name, p in policy.named_parameters()}
        actor, critic = ([names[id(p)] for p in g["params"]] for g in policy.optimizer.param_groups)
        assert sorted(actor + critic) == sorted(names.values())
        assert all("value_net" in name for name in critic)
        assert not any("value_net" in name for name in actor)
        assert ("log_std" in actor) == (env == "Pendulum-v1")


def test_gradients_are_clipped_for_each_network_alone():
    torch.manual_seed(0)
    actor, critic = (torch.nn.Linear(4, 3) for _ in range(2))
    alone = [copy.deepcopy(net) for net in (actor, critic)]
    x = torch.randn(16, 4)
    groups = [{"params": actor.parameters()}, {"params": critic.parameters()}]
    both = PerNetworkAdam(groups, max_norm=0.5, lr=1e-2, eps=1e-5)
    singles = [torch.optim.Adam(net.parameters(), lr=1e-2, eps=1e-5) for net in alone]
    for _ in range(5):
        both.zero_grad()
        (actor(x).square().mean() + 1e4 * critic(x).square().mean()).backward()
        both.step()
        for net, single, scale in zip(alone, singles, (1.0, 1e4), strict=True):
            single.zero_grad()
            (scale * net(x).square().mean()).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 0.5)
            single.step()
    for net, other in zip((actor, critic), alone, strict=True):
        for one, two in zip(net.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(one, two)


def test_with_one_rate_and_no_clipping_it_is_ppo():
    """Equal weights after updates, since the rest of the algorithm is the library's."""
    tuner = tuner_of(max_norm=1e9, actor_rate=3e-4, desired_kl=None).learn(192)
    plain = FastPPO(
        "MlpPolicy",
        gym.make("CartPole-v1"),
        seed=0,
        device="cpu",
        n_steps=64,
        batch_size=32,
        n_epochs=2,
        max_grad_norm=1e9,
        policy_kwargs={"net_arch": {"pi": [8], "vf": [8]}},
    ).learn(192)
    expected = plain.policy.state_dict()
    for name, weight in tuner.policy.state_dict().items():
        torch.testing.assert_close(weight, expected[name], atol=1e-6, rtol=1e-5)


def test_the_compiled_update_is_that_of_torch():
    fast, plain = (tuner_of(actor_rate=1e-4, desired_kl=None, warm_up=1) for _ in range(2))
    assert fast.obstacle is None
    plain.obstacle = "this one shall use torch"
    for tuner in (fast, plain):
        tuner._setup_learn(64)
    plain.collect_rollouts(plain.env, plain._init_callback(None), plain.rollout_buffer, 64)
    for _ in range(2):  # with the actor at rest, and with both learning
        fast.rollout_buffer = copy.deepcopy(plain.rollout_buffer)
        for tuner in (fast, plain):
            np.random.seed(0)  # noqa: NPY002  the one that Stable-Baselines3 draws from
            tuner.train()
        plain.collect_rollouts(plain.env, plain._init_callback(None), plain.rollout_buffer, 64)
    for ours, theirs in zip(fast.policy.parameters(), plain.policy.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize(
    ("kl", "factor"),
    [(0.05, 1 / 1.5), (0.0201, 1 / 1.5), (0.02, 1.0), (0.01, 1.0), (0.0051, 1.0), (0.004, 1.5)],
)
def test_the_actors_rate_follows_the_divergence(kl, factor):
    tuner = tuner_of(actor_rate=1e-4)
    assert tuner._followed(1e-4, kl / 0.01) == pytest.approx(1e-4 * factor)


@pytest.mark.parametrize(("desired", "bound"), [(1e-9, 0), (1e9, 1)])
def test_the_actors_rate_stays_within_its_bounds(desired, bound):
    rates = (5e-5, 2e-4)
    tuner = tuner_of(actor_rate=1e-4, actor_rates=rates, desired_kl=desired)
    seen = []
    for _ in range(4):
        tuner.learn(64)
        seen.append(tuner.actor_rate)
    assert seen[-1] == seen[-2] == rates[bound]
    assert tuner.policy.optimizer.param_groups[ACTOR]["lr"] == rates[bound]
    assert tuner.policy.optimizer.param_groups[CRITIC]["lr"] == 3e-4


def test_without_a_desired_divergence_the_rate_stays():
    tuner = tuner_of(actor_rate=1e-4, desired_kl=None)
    tuner.learn(192)
    assert tuner.actor_rate == 1e-4


def test_the_rate_waits_for_the_end_of_the_warm_up():
    tuner = tuner_of(actor_rate=1e-4, desired_kl=1e9, warm_up=2)
    rates = []
    for _ in range(4):
        tuner.learn(64)
        rates.append((tuner.policy.optimizer.param_groups[ACTOR]["lr"], tuner.warming_up))
    assert rates == [(0.0, True), (0.0, False), (1e-4, False), (pytest.approx(1.5e-4), False)]


def test_it_goes_on_after_saving(tmp_path):
    tuner = tuner_of(actor_rate=1e-4, warm_up=1)
    tuner.learn(128)
    tuner.save(tmp_path / "agent.zip")
    loaded = FineTuner.load(tmp_path / "agent.zip", env=gym.make("CartPole-v1"))
    assert (loaded.actor_rate, loaded.rollouts) == (tuner.actor_rate, 2)
    assert isinstance(loaded.policy.optimizer, PerNetworkAdam)
    assert loaded.policy.optimizer.max_norm == 0.5
    assert len(loaded.policy.optimizer.state_dict()["state"]) > 0
    x = np.zeros((5, 4), np.float32) + np.arange(5, dtype=np.float32)[:, None]
    before = [agent.policy.predict_values(torch.from_numpy(x)) for agent in (tuner, loaded)]
    torch.testing.assert_close(*before)
    loaded.learn(64)
    assert loaded.rollouts == 3
