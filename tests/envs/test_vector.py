from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecNormalize

from rltransfer.contexts import Context
from rltransfer.envs import ContextualEnv, make
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.errors import InvalidContext, InvalidExperiment
from rltransfer.testing.batches import compare_vectors


def vector(*lengths: float, **options: Any) -> ContextVecEnv:
    return ContextVecEnv(make("cartpole"), [{"length": length} for length in lengths], **options)


def push_right(venv: VecEnv, steps: int) -> list[Any]:
    return [venv.step(np.ones(venv.num_envs, dtype=np.int64)) for _ in range(steps)]


# -- the same as Stable-Baselines3's ------------------------------------------------------------


@pytest.mark.parametrize("name", ["cartpole", "pendulum"])
def test_a_thousand_steps_equal_those_of_a_dummy_vec_env(name: str) -> None:
    env, rng = make(name), np.random.default_rng(5)
    contexts = env.space.sample(3, rng)
    space = env.make().action_space
    space.seed(5)
    actions = [[space.sample() for _ in contexts] for _ in range(1000)]
    compare_vectors(env, contexts, (), 5, actions, 0.0)


def monitored(env: ContextualEnv, context: Context) -> gym.Env[Any, Any]:
    return Monitor(env.make(context))


def both(env: ContextualEnv, contexts: tuple[Context, ...]) -> list[VecEnv]:
    members = [partial(monitored, env, context) for context in contexts]
    return [DummyVecEnv(members), ContextVecEnv(env, contexts)]


def train(venv: VecEnv) -> PPO:
    small = {"net_arch": [8]}
    return PPO("MlpPolicy", venv, n_steps=128, n_epochs=2, seed=3, policy_kwargs=small).learn(1200)


@pytest.mark.parametrize(("name", "normalize"), [("cartpole", False), ("pendulum", True)])
def test_training_ends_in_the_same_weights(name: str, normalize: bool) -> None:
    import torch

    env = make(name)
    contexts = env.space.sample(2, np.random.default_rng(0))
    venvs = both(env, contexts)
    one, other = (train(VecNormalize(venv) if normalize else venv) for venv in venvs)
    weights, others = one.policy.state_dict(), other.policy.state_dict()
    assert all(torch.equal(weights[key], others[key]) for key in weights)
    returns = [[info["r"] for info in model.ep_info_buffer or ()] for model in (one, other)]
    assert returns[0] == returns[1] != []


def test_evaluation_counts_the_same_episodes() -> None:
    env = make("cartpole")
    contexts = (env.space.default, env.space.default.replace(length=2.0))
    model = PPO("MlpPolicy", both(env, contexts)[0], seed=0)
    results = []
    for venv in both(env, contexts):
        venv.seed(11)
        results.append(evaluate_policy(model, venv, 6, return_episode_rewards=True, warn=True))
    assert results[0] == results[1]


# -- seeds --------------------------------------------------------------------------------------


def test_a_seed_is_used_at_the_next_reset_and_once() -> None:
    venv = vector(0.5, 0.5)
    assert venv.seed(7) == [7, 8]
    first, second = venv.reset(), venv.reset()
    assert not np.array_equal(first, second)
    venv.seed(7)
    push_right(venv, 1)
    assert np.array_equal(venv.reset(), first)
    assert np.array_equal(venv.reset(), second)


# -- contexts -----------------------------------------------------------------------------------


def test_next_context_gives_every_episode_another_task() -> None:
    asked: list[int] = []
    given = np.linspace(0.1, 2.0, 100).tolist()

    def next_context(row: int) -> dict[str, float]:
        asked.append(row)
        return {"length": given[len(asked) - 1]}

    venv = vector(0.5, 3.0, next_context=next_context, observe=("length",))
    venv.seed(0)
    venv.reset()
    current, unit = [0.5, 3.0], make("cartpole").space["length"].to_unit
    for _ in range(60):
        ((observations, _, dones, infos),) = push_right(venv, 1)
        for row in np.flatnonzero(dones).tolist():
            shown = infos[row]["terminal_observation"][4]
            np.testing.assert_allclose(shown, unit(current[row]), rtol=1e-6)
            current[row] = given[len(asked) - sum(dones[row:])]
            assert venv.reset_infos[row]["context"]["length"] == current[row]
        np.testing.assert_allclose(observations[:, 4], unit(current), rtol=1e-6)
    assert len(asked) > 5
    assert set(asked) == {0, 1}


def test_a_changed_task_is_stepped_as_if_built_for_it() -> None:
    env = make("mountain_car")
    hills = iter([{"gravity": 0.005}])
    venv = ContextVecEnv(env, [{}], next_context=lambda row: next(hills))
    venv.seed(2)
    venv.reset()
    for _ in range(200):
        observations, _, dones, _ = venv.step(np.array([2]))
    assert dones.all()
    alone = env.make()
    alone.reset(seed=2)
    assert np.array_equal(observations[0], alone.reset(options={"context": {"gravity": 0.005}})[0])
    for _ in range(50):
        assert np.array_equal(venv.step(np.array([2]))[0][0], alone.step(2)[0])


def test_a_bad_next_context_is_refused() -> None:
    venv = vector(0.5, next_context=lambda row: {"length": 50.0})
    venv.reset()
    with pytest.raises(InvalidContext, match=r"must lie in 0\.05…5 m; got 50"):
        push_right(venv, 60)


def test_reset_options_may_bring_contexts() -> None:
    venv = vector(0.5, 0.6)
    venv.set_options([{}, {"context": {"length": 2.0}}])
    venv.reset()
    assert [context["length"] for context in venv.get_attr("context")] == [0.5, 2.0]
    venv.set_options({"low": -0.1})
    with pytest.raises(InvalidExperiment, match=r"the only reset option .* got 'low'"):
        venv.reset()


def test_without_contexts_there_is_nothing_to_step() -> None:
    with pytest.raises(InvalidExperiment, match="at least one context"):
        ContextVecEnv(make("cartpole"), [])


# -- what else a VecEnv has ---------------------------------------------------------------------


def test_rows_have_few_attributes() -> None:
    venv = vector(0.5, 0.6, 0.7)
    assert venv.get_attr("render_mode") == [None] * 3
    assert [context["length"] for context in venv.get_attr("context", [2, 0])] == [0.7, 0.5]
    assert venv.get_attr("observation_space", 1) == [venv.observation_space]
    assert venv.has_attr("context")
    assert not venv.has_attr("length")
    with pytest.raises(AttributeError, match="no attribute 'length' among action_space, context"):
        venv.get_attr("length")


def test_what_needs_objects_says_what_to_use_instead() -> None:
    venv = vector(0.5)
    for call in (
        lambda: venv.set_attr("gravity", 1.0),
        lambda: venv.env_method("set_context", {}),
    ):
        with pytest.raises(AttributeError, match=r"Use a DummyVecEnv of env\.make\(context\)"):
            call()


def test_rows_count_as_monitored() -> None:
    venv = vector(0.5, 0.6)
    assert venv.env_is_wrapped(Monitor) == [True, True]
    assert venv.env_is_wrapped(gym.wrappers.TimeLimit, 0) == [True]
    assert venv.env_is_wrapped(gym.wrappers.ClipAction) == [False, False]


def test_observations_stay_the_callers() -> None:
    venv = vector(0.5)
    first = venv.reset()
    kept = first.copy()
    push_right(venv, 3)
    assert np.array_equal(first, kept)


def test_closing_lets_go_of_the_rows() -> None:
    venv = vector(0.5, 0.6)
    venv.close()
    venv.close()
    assert len(venv.episodes.batch) == 0
