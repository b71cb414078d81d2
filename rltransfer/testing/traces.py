"""What an environment did, step by step, in a form that compares bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

__all__ = ["Moment", "Trace", "in_turn", "record_actions", "replay"]


class Moment(NamedTuple):
    """One step: what was seen, what it paid, and whether it was the last."""

    observation: tuple[float, ...]
    reward: float
    terminated: bool
    truncated: bool = False

    @property
    def over(self) -> bool:
        """Whether the episode ended here."""
        return self.terminated or self.truncated


Trace = list[Moment]


def record_actions(
    env: gym.Env[Any, Any], policy: Callable[[Any], Any], steps: int, seed: int
) -> list[Any]:
    """Return the actions that a policy takes in one episode, at most `steps` of them."""
    observation, _ = env.reset(seed=seed)
    actions = []
    for _ in range(steps):
        actions.append(policy(observation))
        observation, _, terminated, truncated, _ = env.step(actions[-1])
        if terminated or truncated:
            break
    return actions


def replay(
    env: gym.Env[Any, Any],
    actions: Sequence[Any],
    seed: int,
    options: dict[str, Any] | None = None,
) -> Trace:
    """Take the actions from a seeded reset until they or the episode end."""
    trace = [first_moment(env, seed, options)]
    for action in actions:
        trace.append(next_moment(env, action))
        if trace[-1].over:
            break
    return trace


def in_turn(
    members: Sequence[gym.Env[Any, Any]], actions: Sequence[Any], seed: int
) -> Iterator[list[Moment]]:
    """Yield the moments of members that take the same actions in turn, from a seeded reset.

    A member whose episode is over stays at its last moment.
    """
    now = [first_moment(member, seed) for member in members]
    yield now
    for action in actions:
        now = [
            moment if moment.over else next_moment(member, action)
            for member, moment in zip(members, now, strict=True)
        ]
        yield now


def first_moment(
    env: gym.Env[Any, Any], seed: int, options: dict[str, Any] | None = None
) -> Moment:
    """Reset an environment."""
    observation, _ = env.reset(seed=seed, options=options)
    return Moment(numbers(observation), 0.0, False)


def next_moment(env: gym.Env[Any, Any], action: Any) -> Moment:
    """Step an environment."""
    observation, reward, terminated, truncated, _ = env.step(action)
    return Moment(numbers(observation), float(reward), bool(terminated), bool(truncated))


def numbers(observation: Any) -> tuple[float, ...]:
    """Return an observation's numbers; float32 values are exact as Python floats."""
    return tuple(np.asarray(observation).ravel().tolist())
