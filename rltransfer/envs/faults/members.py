"""One Gymnasium environment: what its reset and its step must return."""

from __future__ import annotations

from math import isfinite
from numbers import Real
from typing import Any

import gymnasium as gym
import numpy as np

from rltransfer.envs.faults.arrays import require_array, require_finite
from rltransfer.envs.faults.fault import NARROW, Fault, brief

__all__ = ["Moved", "require_observation", "require_outcome", "reset_member", "step_member"]

Moved = tuple[Any, Any, bool, bool, dict[str, Any]]

FIVE = "five values from step: observation, reward, terminated, truncated, info"
TWO = "two values from reset: observation, info"


def reset_member(
    env: gym.Env[Any, Any], seed: int | None = None, options: dict[str, Any] | None = None
) -> tuple[Any, dict[str, Any]]:
    """Reset an environment; return observation and info.

    Raises:
        Fault: if they are not what Gymnasium's interface asks for, or not finite.
    """
    returned = env.reset(seed=seed, options=options)
    require_values(returned, 2, TWO)
    observation, info = returned
    require_observation(observation, env.observation_space)
    require_info(info)
    return observation, info


def step_member(env: gym.Env[Any, Any], action: Any) -> Moved:
    """Step an environment; return observation, reward, terminated, truncated and info.

    Raises:
        Fault: if they are not what Gymnasium's interface asks for, or not finite.
    """
    returned = env.step(action)
    require_values(returned, 5, FIVE)
    *moved, info = returned
    require_outcome(env.observation_space, *moved)
    require_info(info)
    return returned


def require_outcome(
    space: gym.Space[Any], observation: Any, reward: Any, terminated: Any, truncated: Any
) -> None:
    """Refuse what a step led to, if a field is not what it must be.

    The arguments after the space of observations are those that `step` returns.

    Raises:
        Fault: naming the field.
    """
    require_observation(observation, space)
    require_reward(reward)
    require_flag("terminated", terminated)
    require_flag("truncated", truncated)


def require_values(returned: Any, count: int, expected: str) -> None:
    """Refuse what is not a tuple of so many values."""
    if not isinstance(returned, tuple):
        raise Fault(f"must return {expected}; it returned {brief(returned)}")
    if len(returned) != count:
        raise Fault(f"must return {expected}; it returned {len(returned)} values")


def require_observation(observation: Any, space: gym.Space[Any]) -> None:
    """Refuse an observation of another kind, shape or type, or one that is not finite."""
    if not isinstance(space, gym.spaces.Box):
        if not space.contains(observation):
            raise Fault(f"returned an observation outside {space}: {brief(observation)}")
        return
    require_array("an observation", observation, space.shape, space.dtype)
    require_finite("an observation", observation[np.newaxis])


def require_reward(reward: Any) -> None:
    """Refuse a reward that is no finite number."""
    if not isinstance(reward, Real):
        raise Fault(f"returned a reward that is no number: {brief(reward)}")
    if not isfinite(reward):
        raise Fault(f"returned a reward that is not finite: {reward}", None, NARROW)


def require_flag(name: str, value: Any) -> None:
    """Refuse what is neither true nor false."""
    if not isinstance(value, (bool, np.bool_)):
        raise Fault(f"returned {name!r} that is neither True nor False: {brief(value)}")


def require_info(info: Any) -> None:
    """Refuse an info that is no dictionary."""
    if not isinstance(info, dict):
        raise Fault(f"returned an info that is no dictionary: {brief(info)}")
