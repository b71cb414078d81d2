from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from rltransfer.envs import make
from rltransfer.envs.loop import LoopBatch
from rltransfer.errors import InvalidExperiment


def loop(name: str, contexts: Any) -> LoopBatch:
    env = make(name)
    return LoopBatch.of(env.spec, env.simulator, [env.space.validate(x) for x in contexts])


def test_members_are_the_environments_seeded_by_their_state() -> None:
    env, contexts = make("pendulum"), ({"mass": 0.5}, {"mass": 2.0})
    batch = loop("pendulum", contexts)
    seeds = batch.initial_states(np.random.default_rng(0), 2)
    members = [env.make(context) for context in contexts]
    expected = [
        member.reset(seed=int(seed))[0] for member, seed in zip(members, seeds[:, 0], strict=True)
    ]
    assert np.array_equal(batch.reset(np.arange(2), seeds), expected)
    action = np.array([1.5], dtype=np.float32)
    step = batch.step(np.stack([action, action]))
    for row, member in enumerate(members):
        observation, reward, terminated, _, _ = member.step(action)
        assert np.array_equal(step.observations[row], observation)
        assert step.rewards[row] == reward
        assert step.terminated[row] == terminated
    assert step.observations.dtype == np.float32
    assert step.rewards.dtype == np.float64


def test_members_can_be_given_other_contexts_and_dropped() -> None:
    batch, fresh = loop("cartpole", [{}, {}, {}]), loop("cartpole", [{"length": 2.0}])
    batch.assign(np.array([2]), [make("cartpole").space.default.replace(length=2.0)])
    batch.keep(np.array([2]))
    assert len(batch) == 1
    for one in (batch, fresh):
        one.reset(np.arange(1), np.array([[3.0]]))
    for _ in range(5):
        action = np.array([1])
        assert np.array_equal(batch.step(action).observations, fresh.step(action).observations)


def test_it_cannot_be_built_without_a_simulator() -> None:
    with pytest.raises(TypeError, match=r"use LoopBatch\.of"):
        LoopBatch([])


@pytest.mark.parametrize(
    ("space", "sentence"),
    [
        ("observation_space", "only Box observations can be batched; got MultiBinary"),
        ("action_space", "only Box and Discrete actions can be batched; got MultiBinary"),
    ],
)
def test_spaces_that_cannot_be_batched_are_named(
    monkeypatch: pytest.MonkeyPatch, space: str, sentence: str
) -> None:
    env = make("cartpole")
    member = env.simulator.build(env.spec, env.space.default)
    setattr(member, space, gym.spaces.MultiBinary(3))
    monkeypatch.setattr(type(env.simulator), "build", lambda *_: member)
    with pytest.raises(InvalidExperiment, match=f"cartpole: {sentence}"):
        loop("cartpole", [{}])


def test_the_fallback_is_taken_where_there_is_no_array_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    env = make("cartpole")
    monkeypatch.setattr(type(env.simulator), "batch", lambda *_: None)
    assert isinstance(env.batch([{}, {}]), LoopBatch)


def test_a_member_that_has_ended_is_not_stepped_again() -> None:
    batch = loop("cartpole", [{}, {"length": 5.0}])
    batch.reset(np.arange(2), batch.initial_states(np.random.default_rng(0), 2))
    ended = None
    for _ in range(60):
        before = batch.step(np.array([1, 0]))
        if before.terminated[0]:
            ended = before
            break
    assert ended is not None
    after = batch.step(np.array([1, 1]))
    assert np.array_equal(after.observations[0], ended.observations[0])
    assert after.rewards[0] == 0.0
    assert after.terminated[0]
    batch.reset(np.array([0]), np.array([[1.0]]))
    assert not batch.step(np.array([0, 0])).terminated[0]
