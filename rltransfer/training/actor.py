"""A policy's deterministic action in NumPy: no torch to import, and less time per call.

Notation
    n    observations at once
    x    observations, shape (n, o)
    z    observations as the network sees them: standardised and clipped, or x
    h    hidden layers, h' = φ(h Wᵀ + b)
    y    the network's output, shape (n, a): logits, Q-values, or the mean of the action
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.errors import InvalidPolicy
from rltransfer.training.network import layout_of
from rltransfer.training.policy_spec import BoxSpace, Normalization, PolicySpec

__all__ = ["Actor"]

Array = NDArray[np.float32]
Step = Callable[[NDArray[Any]], Any]

SDE_MEAN_BOUND = 2.0
"""Stable-Baselines3 clips the mean of SAC's gSDE actor to ± this before tanh."""


class Actor:
    """The map from observations to actions.

    Args:
        spec: of the policy.
        weights: of the policy, by Stable-Baselines3's names.
    """

    def __init__(self, spec: PolicySpec, weights: Mapping[str, Array]) -> None:
        layers = [
            (np.ascontiguousarray(weights[layer.weight].T), weights[layer.bias])
            for layer in layout_of(spec).actor
        ]
        self._hidden, self._output = layers[:-1], layers[-1]
        self._activate = ACTIVATIONS[spec.network.activation]
        self._head = head_of(spec)
        self._standardise = standardiser(spec.normalization)
        self._size = spec.observation_space.size

    def __call__(self, observations: NDArray[Any]) -> NDArray[Any]:
        """Return actions, shape (n,) or (n, a), for observations of shape (n, o)."""
        actions: NDArray[Any] = self._head(self.outputs(observations))
        return actions

    def outputs(self, observations: NDArray[Any]) -> Array:
        """Return y, shape (n, a), for observations of shape (n, o).

        Raises:
            InvalidPolicy: if the observations have another shape.
        """
        x = np.asarray(observations)
        if x.ndim != 2 or x.shape[1] != self._size:
            raise InvalidPolicy(
                f"the policy acts on observations of shape (n, {self._size}); got {x.shape}."
            )
        h = self._standardise(x)
        for W, b in self._hidden:
            h = h @ W
            h += b
            self._activate(h)
        W, b = self._output
        y: Array = h @ W
        y += b
        return y


def tanh_in_place(h: Array) -> None:
    """Replace h by tanh h."""
    np.tanh(h, out=h)


def relu_in_place(h: Array) -> None:
    """Replace h by max(h, 0)."""
    np.maximum(h, np.float32(0.0), out=h)


ACTIVATIONS: dict[str, Callable[[Array], None]] = {"tanh": tanh_in_place, "relu": relu_in_place}


def standardiser(stats: Normalization | None) -> Step:
    """Return the map x ↦ z, computed in float64 as Stable-Baselines3's VecNormalize does."""
    if stats is None:
        return lambda x: x.astype(np.float32, copy=False)
    mean = np.asarray(stats.mean)
    scale = np.sqrt(np.asarray(stats.var) + stats.epsilon)
    clip = stats.clip

    def standardise(x: NDArray[Any]) -> Array:
        z: NDArray[np.float64] = x - mean
        z /= scale
        np.clip(z, -clip, clip, out=z)
        return z.astype(np.float32)

    return standardise


def head_of(spec: PolicySpec) -> Step:
    """Return the map from the network's output y to actions."""
    space = spec.action_space
    if not isinstance(space, BoxSpace):
        return lambda y: y.argmax(axis=1)
    box = space.to_gym()
    if spec.algorithm in ("PPO", "A2C"):
        return lambda y: np.clip(y, box.low, box.high, out=y)
    bound = SDE_MEAN_BOUND if spec.network.use_sde else math.inf
    return squash(box.low.astype(np.float32), box.high.astype(np.float32), bound)


def squash(low: Array, high: Array, bound: float) -> Step:
    """Return y ↦ low + (tanh(clip(y, ± bound)) + 1) (high - low) / 2."""
    half = np.float32(0.5) * (high - low)

    def head(y: Array) -> Array:
        if bound < math.inf:
            np.clip(y, -bound, bound, out=y)
        np.tanh(y, out=y)
        y += np.float32(1.0)
        y *= half
        y += low
        return y

    return head
