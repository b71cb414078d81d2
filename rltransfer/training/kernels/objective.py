"""PPO's loss on one minibatch, and its gradient (Schulman et al. 2017, equations 7 and 9).

    L = -mean min(r A, clip(r, 1 - ε, 1 + ε) A) + k_V mean (R - V)² - k_H mean H

Notation
    r       probability ratio π(a|s) / π_old(a|s)
    A       advantages, standardised within the minibatch if so set
    R, V    returns and the critic's values; V may be kept within ε_V of the old value
    H       entropy of the policy
    KL      mean (r - 1) - log r, an estimate of the divergence from the old policy

Where r lies inside the clip both terms of the minimum are the same; outside, the loss falls with r
only as long as the unclipped term is the smaller one.
"""

from __future__ import annotations

from math import exp, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rltransfer.compiling import compiled_into_callers
from rltransfer.training.kernels.heads import describe, slope
from rltransfer.training.kernels.network import (
    Shape,
    backward,
    forward,
    inputs_of,
    size_of_memory,
)

__all__ = ["FINDINGS", "Experience", "Loss", "Networks", "Room", "gradient_of_loss", "make_room"]

Array = NDArray[np.floating[Any]]

FINDINGS = ("entropy_loss", "policy_gradient_loss", "value_loss", "clip_fraction", "approx_kl")
"""What `gradient_of_loss` reports, in this order."""

ZERO, ONE, TWO, TINY = np.float32(0), np.float32(1), np.float32(2), np.float32(1e-8)


class Networks(NamedTuple):
    """Shapes of actor and critic, and where the vector of all parameters is cut.

    The vector holds the actor, then log σ, then the critic.
    """

    actor: Shape
    critic: Shape
    actor_end: int
    critic_begin: int


class Experience(NamedTuple):
    """What a rollout of N transitions left: (N, o), (N, 1) or (N, a), and (N,) for the others."""

    observations: Array
    actions: Array
    values: Array
    log_probs: Array
    advantages: Array
    returns: Array


class Loss(NamedTuple):
    """The settings of L; numbers of the parameters' precision."""

    clip: Any  # ε
    clip_value: Any  # ε_V; infinite for none
    entropy: Any  # k_H
    value: Any  # k_V
    standardise: bool


class Room(NamedTuple):
    """Memory for a minibatch, allocated once."""

    actor: Array
    critic: Array
    spare: Array
    actions: Array
    rows: Array  # (4, B): log-probabilities, entropies, advantages, slopes of the log-probability
    slopes: Array  # (B, 1) of the values


@compiled_into_callers
def make_room(networks: Networks, like: Experience, rows: int) -> Room:
    """Return the memory for minibatches of so many rows."""
    widest = max(networks.actor.widths.max(), networks.critic.widths.max())
    dtype = like.values.dtype
    return Room(
        np.empty(size_of_memory(networks.actor, rows), dtype),
        np.empty(size_of_memory(networks.critic, rows), dtype),
        np.empty(2 * rows * widest + widest * widest, dtype),
        np.empty((rows, like.actions.shape[1]), dtype),
        np.empty((4, rows), dtype),
        np.empty((rows, 1), dtype),
    )


@compiled_into_callers
def gradient_of_loss(
    parameters: Array,
    networks: Networks,
    seen: Experience,
    chosen: NDArray[np.int64],
    loss: Loss,
    room: Room,
    gradient: Array,
    findings: Array,
) -> None:
    """Write the gradient of L over the chosen transitions, (B,), and `FINDINGS`."""
    B = len(chosen)
    gather(seen, chosen, networks, room)
    log_std = parameters[networks.actor_end : networks.critic_begin]
    actions = room.actions[:B]
    log_probs, entropies, advantages, w = (
        room.rows[0, :B], room.rows[1, :B], room.rows[2, :B], room.rows[3, :B],
    )  # fmt: skip
    if loss.standardise and B > 1:
        standardise(advantages)
    outputs = forward(parameters[: networks.actor_end], networks.actor, room.actor, B)
    describe(outputs, log_std, actions, log_probs, entropies)
    findings[0] = -entropies.mean()
    clipped_surrogate(log_probs, seen.log_probs, chosen, advantages, loss.clip, w, findings)
    slope(
        outputs, log_std, actions, w, -loss.entropy / log_std.dtype.type(B),
        gradient[networks.actor_end : networks.critic_begin],
    )  # fmt: skip
    backward(
        parameters[: networks.actor_end], networks.actor, room.actor, outputs,
        gradient[: networks.actor_end], room.spare,
    )  # fmt: skip
    values = forward(parameters[networks.critic_begin :], networks.critic, room.critic, B)
    findings[2] = squared_error(values, seen, chosen, loss, room.slopes)
    backward(
        parameters[networks.critic_begin :], networks.critic, room.critic, room.slopes[:B],
        gradient[networks.critic_begin :], room.spare,
    )  # fmt: skip


@compiled_into_callers
def gather(seen: Experience, chosen: NDArray[np.int64], networks: Networks, room: Room) -> None:
    """Copy the chosen transitions to where the networks read them."""
    B = len(chosen)
    to_actor = inputs_of(room.actor, networks.actor, B)
    to_critic = inputs_of(room.critic, networks.critic, B)
    for r in range(B):
        row = chosen[r]
        for i in range(seen.observations.shape[1]):
            to_actor[r, i] = to_critic[r, i] = seen.observations[row, i]
        for i in range(seen.actions.shape[1]):
            room.actions[r, i] = seen.actions[row, i]
        room.rows[2, r] = seen.advantages[row]


@compiled_into_callers
def standardise(advantages: Array) -> None:
    """Shift and scale to mean 0 and standard deviation 1."""
    number = advantages.dtype.type
    mean, total = number(advantages.mean()), ZERO
    for value in advantages:
        total += (value - mean) * (value - mean)
    std = sqrt(total / number(len(advantages) - 1)) + TINY
    for r in range(len(advantages)):
        advantages[r] = (advantages[r] - mean) / std


@compiled_into_callers
def clipped_surrogate(
    log_probs: Array,
    old: Array,
    chosen: NDArray[np.int64],
    advantages: Array,
    clip: Any,
    w: Array,
    findings: Array,
) -> None:
    """Write the derivatives w with respect to the log-probabilities, and three findings."""
    B = log_probs.dtype.type(len(chosen))
    surrogate = clipped = divergence = ZERO
    for r in range(len(chosen)):
        log_ratio = log_probs[r] - old[chosen[r]]
        ratio = exp(log_ratio)
        inside = min(max(ratio, ONE - clip), ONE + clip)
        free, held = ratio * advantages[r], inside * advantages[r]
        surrogate += min(free, held)
        w[r] = -free / B if inside == ratio or free < held else ZERO
        divergence += (ratio - ONE) - log_ratio
        if abs(ratio - ONE) > clip:
            clipped += ONE
    findings[1], findings[3], findings[4] = -surrogate / B, clipped / B, divergence / B


@compiled_into_callers
def squared_error(
    values: Array, seen: Experience, chosen: NDArray[np.int64], loss: Loss, slopes: Array
) -> Any:
    """Return the mean squared error of the values, and write k_V times its derivatives."""
    B = values.dtype.type(len(chosen))
    total = ZERO
    for r in range(len(chosen)):
        old = seen.values[chosen[r]]
        moved = values[r, 0] - old
        kept = min(max(moved, -loss.clip_value), loss.clip_value)
        error = old + kept - seen.returns[chosen[r]]
        total += error * error
        slopes[r, 0] = loss.value * TWO * error / B if kept == moved else ZERO
    return total / B
