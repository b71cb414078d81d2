"""Array programs beside the environments that they repeat."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from gymnasium.utils.seeding import np_random

from rltransfer.contexts import Context
from rltransfer.envs import ContextualEnv

__all__ = ["compare_batch", "compare_vectors"]


def compare_batch(
    env: ContextualEnv,
    contexts: Sequence[Context],
    seed: int,
    actions: Sequence[Any],
    tolerance: float,
) -> None:
    """Step a batch beside its scalar environments, row i seeded with `seed + i`.

    Raises:
        AssertionError: at the first observation, reward or termination that differs.
    """
    batch = env.batch(contexts)
    members = [env.make_unlimited(context) for context in contexts]
    rows = np.arange(len(members))
    states = [batch.initial_states(np_random(seed + row)[0], 1) for row in rows.tolist()]
    observations = batch.reset(rows, np.concatenate(states))
    for row, member in enumerate(members):
        agree(observations[row], member.reset(seed=seed + row)[0], tolerance)
    alive = np.ones(len(members), dtype=np.bool_)
    for action in actions:
        step = batch.step(np.array([action] * len(members)))
        for row in np.flatnonzero(alive).tolist():
            observation, reward, terminated, truncated, _ = members[row].step(action)
            agree(step.observations[row], observation, tolerance)
            agree(step.rewards[row], reward, tolerance)
            assert step.terminated[row] == terminated
            assert step.over[row] == (terminated or truncated)
        alive &= ~step.over


def compare_vectors(
    env: ContextualEnv,
    contexts: Sequence[Context],
    observe: Sequence[str],
    seed: int,
    actions: Sequence[Any],
    tolerance: float,
) -> None:
    """Step a `ContextVecEnv` beside a `DummyVecEnv` of the same members under `Monitor`.

    Args:
        env: the family.
        contexts: n contexts.
        observe: the visible features.
        seed: of both; row i has `seed + i`.
        actions: for every step, n actions.
        tolerance: 0 asks for equality.

    Raises:
        AssertionError: at the first observation, reward, end or info that differs.
    """
    from stable_baselines3.common.vec_env import DummyVecEnv

    from rltransfer.envs.vector import ContextVecEnv

    ours = ContextVecEnv(env, contexts, observe=observe)
    theirs = DummyVecEnv([partial(monitored, env, context, observe) for context in contexts])
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    assert ours.seed(seed) == theirs.seed(seed)
    agree(ours.reset(), theirs.reset(), tolerance)
    for action in actions:
        (*values, infos), (*expected, expected_infos) = (
            vector.step(np.array(action)) for vector in (ours, theirs)
        )
        for value, other in zip(values, expected, strict=True):
            assert np.asarray(value).dtype == np.asarray(other).dtype
            agree(value, other, tolerance)
        for info, other in zip(infos, expected_infos, strict=True):
            compare_infos(info, other, tolerance)
    for info, other in zip(ours.reset_infos, theirs.reset_infos, strict=True):
        assert info == {key: other[key] for key in info}


def monitored(env: ContextualEnv, context: Context, observe: Sequence[str]) -> Any:
    """Build a member as Stable-Baselines3's users do."""
    from stable_baselines3.common.monitor import Monitor

    return Monitor(env.make(context, observe=observe))


def compare_infos(ours: dict[str, Any], theirs: dict[str, Any], tolerance: float) -> None:
    """Compare what the two tell of a step: a batch may tell less; the clock may differ."""
    assert ours.keys() <= theirs.keys()
    assert ours["TimeLimit.truncated"] == theirs["TimeLimit.truncated"]
    if "episode" in ours:
        agree(ours["terminal_observation"], theirs["terminal_observation"], tolerance)
        agree(ours["episode"]["r"], theirs["episode"]["r"], tolerance)
        assert ours["episode"]["l"] == theirs["episode"]["l"]
        assert ours["episode"].keys() == theirs["episode"].keys()


def agree(ours: Any, theirs: Any, tolerance: float) -> None:
    """Compare numbers; a tolerance of 0 asks for equality."""
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
