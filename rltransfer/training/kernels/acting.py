"""What a policy does during a rollout: actions, their log-probabilities, values, advantages.

Notation
    n, a    environments, and numbers in an action
    δ_t     r_t + γ V_{t+1} - V_t, without V where the episode ends at t
    Â_t     δ_t + γλ Â_{t+1}: generalised advantages (Schulman et al. 2016, equation 16)
"""

from __future__ import annotations

from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.compiling import compiled_into_callers, compiled_loosely
from rltransfer.training.kernels.heads import describe, log_softmax
from rltransfer.training.kernels.linear import copy
from rltransfer.training.kernels.network import (
    Shape,
    forward,
    inputs_of,
    size_of_memory,
)
from rltransfer.training.kernels.objective import Networks

__all__ = ["act", "advantages_of", "values_of"]

Array = NDArray[np.floating[Any]]

ZERO, ONE = np.float32(0), np.float32(1)


@compiled_into_callers
def act(
    parameters: Array,
    networks: Networks,
    observations: Array,
    noise: Array,
    actions: Array,
    log_probs: Array,
    values: Array,
) -> None:
    """Choose an action in every environment.

    Args:
        parameters: of policy and critic, (P,).
        networks: what they mean.
        observations: shape (n, o).
        noise: standard normal numbers (n, a), or uniform ones (n, 1) for a categorical policy.
        actions: like the noise, written: a categorical policy's are whole numbers.
        log_probs: shape (n,), written.
        values: shape (n,), written.
    """
    n = len(observations)
    log_std = parameters[networks.actor_end : networks.critic_begin]
    outputs = answers(parameters[: networks.actor_end], networks.actor, observations)
    if len(log_std):
        draw_gaussian(outputs, log_std, noise, actions)
    else:
        draw_categorical(outputs, noise, actions)
    describe(outputs, log_std, actions, log_probs, np.empty(n, values.dtype))
    judged = values_of(parameters, networks, observations)
    for r in range(n):
        values[r] = judged[r]


@compiled_into_callers
def values_of(parameters: Array, networks: Networks, observations: Array) -> Array:
    """Return the critic's values, shape (n,), of observations of shape (n, o)."""
    return answers(parameters[networks.critic_begin :], networks.critic, observations)[:, 0]


@compiled_into_callers
def answers(parameters: Array, shape: Shape, observations: Array) -> Array:
    """Return a network's outputs, (n, out)."""
    n = len(observations)
    memory = np.empty(size_of_memory(shape, n), parameters.dtype)
    copy(observations, inputs_of(memory, shape, n))
    return forward(parameters, shape, memory, n)


@compiled_into_callers
def draw_gaussian(means: Array, log_std: Array, noise: Array, actions: Array) -> None:
    """Write mean + σ noise."""
    for r in range(actions.shape[0]):
        for i in range(actions.shape[1]):
            actions[r, i] = means[r, i] + exp(log_std[i]) * noise[r, i]


@compiled_into_callers
def draw_categorical(logits: Array, noise: Array, actions: Array) -> None:
    """Write the first action up to which the probabilities sum to more than the noise."""
    for r in range(len(logits)):
        log_softmax(logits[r])
        total, action = exp(logits[r, 0]), 0
        while total <= noise[r, 0] and action < logits.shape[1] - 1:
            action += 1
            total += exp(logits[r, action])
        actions[r, 0] = action


@compiled_loosely
def advantages_of(
    rewards: Array,
    values: Array,
    begun: Array,
    last: tuple[Array, Array],
    gamma: Any,
    decay: Any,
    out: Array,
) -> None:
    """Write Â, shape (T, n).

    Args:
        rewards: shape (T, n).
        values: shape (T, n).
        begun: 1 where an episode begins with this step, shape (T, n).
        last: V after the last step, and 1 where an episode ended with it, shape (n,) each.
        gamma: γ.
        decay: γλ.
        out: written.
    """
    T, n = rewards.shape
    for i in range(n):
        ahead, following, goes_on = ZERO, last[0][i], ONE - last[1][i]
        for t in range(T - 1, -1, -1):
            delta = rewards[t, i] + gamma * following * goes_on - values[t, i]
            ahead = delta + decay * goes_on * ahead
            out[t, i] = ahead
            following, goes_on = values[t, i], ONE - begun[t, i]
