"""A policy as a behaviour to record: actions drawn as in training, in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.training.actor import Actor
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import BoxSpace

__all__ = ["PolicyBehaviour"]

Draw = Callable[[NDArray[Any], np.random.Generator], NDArray[Any]]


class PolicyBehaviour:
    """Draws the actions of PPO and A2C from their distributions.

    The other algorithms explore by noise that is a setting of their training and no part of the
    policy, and gSDE by noise that lasts over many steps; such policies act deterministically.

    Args:
        policy: to draw from.
    """

    def __init__(self, policy: Policy) -> None:
        self._actor = Actor(policy.spec, policy.weights)
        self.observe = policy.observe
        self._draw = distribution_of(policy)

    @property
    def stochastic(self) -> bool:
        """Whether equal observations may get different actions."""
        return self._draw is not None

    def sample(self, observations: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
        """Draw actions, shape (n,) or (n, a), for observations of shape (n, o)."""
        if self._draw is None:
            return self._actor(observations)
        return self._draw(self._actor.outputs(observations), rng)


def distribution_of(policy: Policy) -> Draw | None:
    """Return what draws actions, given the network's output; None for the deterministic ones."""
    spec = policy.spec
    if spec.algorithm not in ("PPO", "A2C") or spec.network.use_sde:
        return None
    if isinstance(spec.action_space, BoxSpace):
        box = spec.action_space.to_gym()
        return gaussian(policy.weights["log_std"], box.low, box.high)
    return categorical


def gaussian(log_std: NDArray[np.float32], low: NDArray[Any], high: NDArray[Any]) -> Draw:
    """Return what draws from N(mean, σ²) and clips to the bounds, as Stable-Baselines3 does."""
    std = np.exp(log_std)

    def draw(mean: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
        noise = rng.standard_normal(mean.shape, dtype=np.float32)
        return np.asarray(np.clip(mean + std * noise, low, high))

    return draw


def categorical(logits: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Draw from softmax(logits): the largest of logits with Gumbel noise."""
    return np.asarray((logits + rng.gumbel(size=logits.shape)).argmax(axis=1))
