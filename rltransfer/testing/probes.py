"""Where in a context space to look, and what to do there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context, ContextFeature, ContextSpace
from rltransfer.envs import ContextualEnv
from rltransfer.testing.traces import record_actions

__all__ = ["corners", "episodes_of_actions", "other_context", "two_other_values"]


def two_other_values(feature: ContextFeature) -> list[float]:
    """Return the two of three values inside the range that are furthest from the default."""
    units = np.array([0.2, 0.55, 0.9])
    furthest = np.argsort(np.abs(units - feature.to_unit(feature.default)))[1:]
    return [float(value) for value in feature.from_unit(units[furthest])]


def other_context(space: ContextSpace, unit: float = 0.3) -> Context:
    """Return the context at the same place of each feature's range."""
    return space.from_unit(np.full((1, len(space)), unit))[0]


def corners(d: int) -> NDArray[np.float64]:
    """Return some corners of the unit cube, shape (2 d + 2, d): all at one end, or all but one."""
    return np.concatenate([np.zeros((1, d)), np.eye(d), 1 - np.eye(d), np.ones((1, d))])


def episodes_of_actions(env: ContextualEnv, steps: int, seed: int) -> Iterator[list[Any]]:
    """Yield actions of episodes in the default context: uniform ones, then linear policies'.

    Where a feature matters only in places to which uniform actions do not come, such as a goal,
    one of some random linear policies (Mania et al. 2018, arXiv 1803.07055) may come there. They
    see observations divided by their spread in the first episode.

    Args:
        env: the family.
        steps: of an episode, at most.
        seed: of the episodes and of the policies.
    """
    rng, seen = np.random.default_rng(seed), []
    with closing(env.make()) as member:
        space = member.action_space
        space.seed(seed)

        def uniform(observation: Any) -> Any:
            seen.append(observation)
            return space.sample()

        yield record_actions(member, uniform, steps, seed)
        centre, spread = np.mean(seen, axis=0), np.std(seen, axis=0) + 1e-8
        while True:
            yield record_actions(member, linear_policy(space, centre, spread, rng), steps, seed)


def linear_policy(
    space: Any,
    centre: NDArray[Any],
    spread: NDArray[Any],
    rng: np.random.Generator,
) -> Callable[[Any], Any]:
    """Return a policy that chooses by random weights of the observation, and a random bias."""
    discrete = isinstance(space, gym.spaces.Discrete)
    size, choose = (space.n, best_of) if discrete else (np.prod(space.shape), within)
    weights, bias = rng.normal(size=(int(size), len(centre))), rng.normal(size=int(size))
    return lambda seen: choose(space, weights @ ((seen - centre) / spread) + bias)


def best_of(space: gym.spaces.Discrete, values: NDArray[np.float64]) -> int:
    """Return the action with the highest value."""
    return int(space.start + np.argmax(values))


def within(space: gym.spaces.Box, values: NDArray[np.float64]) -> NDArray[Any]:
    """Return values about 0 as actions of a box, squashed between its bounds where it has some."""
    low, high = np.maximum(space.low, -1e3), np.minimum(space.high, 1e3)
    share = 0.5 + 0.5 * np.tanh(values.reshape(space.shape))
    return np.asarray(np.clip(low + share * (high - low), low, high).astype(space.dtype))
