"""Rollouts step by step are Stable-Baselines3's; rollouts in one loop are those step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

import rltransfer
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.errors import SourceFailed
from rltransfer.training.fast_ppo import FastPPO
from rltransfer.training.fast_ppo.whole_rollout import physics_of, sees_only_rollouts

T, N = 150, 3
FAMILIES = {
    "cartpole": {"length": 1.5},
    "pendulum": {"length": 0.7},
    "acrobot": {},
    "mountain_car_continuous": {},
}


class EveryStep(BaseCallback):
    """Wants to be called at every step, so that there is no loop to compile."""

    def _on_step(self) -> bool:
        return True


def venv_of(family: str, normalised: bool, observe: tuple[str, ...] = ()) -> VecEnv:
    env = rltransfer.make(family)
    context = FAMILIES[family]
    venv = ContextVecEnv(env, [context] * N, observe=observe)
    return VecNormalize(venv, gamma=0.98, clip_obs=1.5, clip_reward=0.7) if normalised else venv


def agent_on(venv: VecEnv) -> FastPPO:
    agent = FastPPO("MlpPolicy", venv, seed=4, device="cpu", n_steps=T, batch_size=50, n_epochs=1)
    assert agent.obstacle is None
    return agent


def flown(venv: VecEnv, callback: BaseCallback | None, rollouts: int = 2) -> FastPPO:
    """Return an agent after some rollouts without an update."""
    agent = agent_on(venv)
    agent.train = lambda: None  # type: ignore[method-assign]
    return agent.learn(rollouts * T * N, callback=callback)


@pytest.fixture(params=[False, True], ids=["as it is", "normalised"])
def normalised(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.mark.parametrize("family", FAMILIES)
def test_one_loop_does_what_single_steps_do(family: str, normalised: bool) -> None:
    observe = tuple(FAMILIES[family])
    single = flown(venv_of(family, normalised, observe), EveryStep())
    whole = flown(venv_of(family, normalised, observe), None)
    assert physics_of(whole.env) is not None
    for name in ("observations", "actions", "rewards", "episode_starts", "values", "log_probs",
                 "advantages", "returns"):  # fmt: skip
        ours, theirs = (getattr(agent.rollout_buffer, name) for agent in (whole, single))
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-5, err_msg=name)
    np.testing.assert_allclose(whole._last_obs, single._last_obs, rtol=1e-4, atol=1e-5)
    assert whole._last_episode_starts.tolist() == single._last_episode_starts.tolist()
    assert whole.num_timesteps == single.num_timesteps == 2 * T * N
    lengths = [[info["l"] for info in agent.ep_info_buffer] for agent in (whole, single)]
    assert lengths[0] == lengths[1]
    assert len(lengths[0]) > 0 or family in ("pendulum", "acrobot", "mountain_car_continuous")
    if normalised:
        same_statistics(whole.env, single.env)


def same_statistics(ours: Any, theirs: Any) -> None:
    for name in ("obs_rms", "ret_rms"):
        for field in ("mean", "var", "count"):
            a, b = (getattr(getattr(env, name), field) for env in (ours, theirs))
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7, err_msg=f"{name}.{field}")
    np.testing.assert_allclose(ours.returns, theirs.returns, rtol=1e-4, atol=1e-6)


def test_episodes_that_run_out_of_time_are_bootstrapped_in_both() -> None:
    env = rltransfer.make("pendulum")
    assert T < env.spec.horizon < 2 * T
    single, whole = (flown(venv_of("pendulum", True), each) for each in (EveryStep(), None))
    late = env.spec.horizon - T - 1
    ours, theirs = (agent.rollout_buffer.rewards[late] for agent in (whole, single))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    assert whole.rollout_buffer.episode_starts[late + 1].all()


def test_single_steps_are_described_as_the_policy_describes_them() -> None:
    for family in ("cartpole", "pendulum"):
        agent = flown(venv_of(family, normalised=False), EveryStep(), rollouts=1)
        seen = next(agent.rollout_buffer.get())
        actions = seen.actions.long().flatten() if family == "cartpole" else seen.actions
        values, log_probs, _ = agent.policy.evaluate_actions(seen.observations, actions)
        torch.testing.assert_close(values.flatten(), seen.old_values, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(log_probs, seen.old_log_prob, rtol=1e-4, atol=1e-5)


def test_advantages_are_sb3s() -> None:
    agent = flown(venv_of("cartpole", normalised=False), None, rollouts=1)
    buffer = agent.rollout_buffer
    ours = buffer.advantages.copy()
    with torch.no_grad():
        last = agent.policy.predict_values(torch.as_tensor(agent._last_obs))
    buffer.compute_returns_and_advantage(last, agent._last_episode_starts)
    np.testing.assert_allclose(ours, buffer.advantages, rtol=1e-4, atol=1e-4)


def test_actions_are_drawn_with_the_policys_probabilities() -> None:
    agent = agent_on(venv_of("cartpole", normalised=False))
    with torch.no_grad():
        agent.policy.action_net.bias[:] = torch.tensor([0.0, 1.0])
    from rltransfer.training.fast_ppo.rollout import Pilot

    pilot = Pilot(agent.layout.parameters.values(), agent.layout.networks, agent.action_space)
    seen = np.zeros((20_000, 4), np.float32)
    actions, _, log_probs = pilot.act(seen, pilot.noise(1, len(seen))[0])
    expected = np.exp(log_probs[actions == 1][0])
    assert actions.mean() == pytest.approx(expected, abs=0.015)
    assert 0.6 < expected < 0.8


def test_a_callback_may_end_either_kind_of_rollout() -> None:
    class Enough(BaseCallback):
        def _on_step(self) -> bool:
            return self.num_timesteps < 10

    class EnoughOfRollouts(Enough):
        sees_only_rollouts = True

    assert flown(venv_of("cartpole", False), Enough()).num_timesteps == 12
    assert flown(venv_of("cartpole", False), EnoughOfRollouts()).num_timesteps == T * N


def test_whose_steps_must_be_shown() -> None:
    agent = agent_on(venv_of("cartpole", normalised=False))
    assert sees_only_rollouts(agent._init_callback(None))
    assert not sees_only_rollouts(agent._init_callback(EveryStep()))
    assert not sees_only_rollouts(agent._init_callback([EveryStep()]))
    assert not sees_only_rollouts(agent._init_callback(lambda *_: True))


def test_contexts_that_change_are_stepped_singly() -> None:
    env = rltransfer.make("cartpole")
    contexts = [env.space.default] * 2
    venv = ContextVecEnv(env, contexts, next_context=lambda row: contexts[row])
    assert physics_of(venv) is None
    assert physics_of(ContextVecEnv(env, contexts)) is not None


def test_a_number_that_is_not_finite_ends_the_training() -> None:
    agent = agent_on(venv_of("cartpole", normalised=False))
    agent.env.episodes.batch._features["length"][:] = np.nan
    with pytest.raises(SourceFailed, match=r"cartpole\[.*returned a.*not finite"):
        agent.learn(T * N)
