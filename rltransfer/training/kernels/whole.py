"""A rollout without a line of Python: policy, physics, episodes and statistics in one loop.

Notation
    T, n, o     steps, environments, numbers in an observation
    k           initial states drawn ahead for each environment

The loop gives back control where an environment has used up its initial states, and goes on from
there. What it does in a step is what `ContextVecEnv` does, and `VecNormalize` around it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import isfinite, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rltransfer.compiling import compiled_around, compiled_into_callers
from rltransfer.training.kernels.acting import act, values_of
from rltransfer.training.kernels.linear import copy
from rltransfer.training.kernels.objective import Networks

__all__ = ["Lives", "Scales", "Track", "loop_with"]

Array = NDArray[np.floating[Any]]
Whole = NDArray[np.int64]


class Lives(NamedTuple):
    """The environments between two steps; all arrays but the first five change."""

    coefficients: Array  # of the physics, (c, n)
    units: Array  # context features at the end of observations, (n, d)
    starts: Array  # initial states, (n, k, s)
    firsts: Array  # what is seen of them, (n, k, o - d)
    horizon: int
    state: Array  # (s, n)
    used: Whole  # initial states, (n,)
    lengths: Whole  # of the episodes so far, (n,)
    returns: Array  # of the same, (n,)
    seen: Array  # as the policy sees it, (n, o)
    begun: Array  # 1 where an episode begins, (n,)
    fresh: Array  # what the physics last showed, (n, o - d)
    rewards: Array  # and its rewards, (n,)


class Scales(NamedTuple):
    """Running statistics that observations and rewards are divided by; see `VecNormalize`."""

    mean: Array  # (o,)
    variance: Array  # (o,)
    of_returns: Array  # mean, variance, and the two counts, (4,)
    returns: Array  # discounted, (n,)
    clips: tuple[float, float]  # of observations, of rewards
    gamma: float
    epsilon: float
    learns: bool
    of_observations: bool
    of_rewards: bool


class Track(NamedTuple):
    """What is remembered of every step, (T, n, ...), and of the episodes that end with it."""

    observations: Array
    actions: Array
    rewards: Array
    begun: Array
    values: Array
    log_probs: Array
    lengths: Whole  # 0 where no episode ends
    returns: Array


physics: Any = None  # stand for what `loop_with` puts in their place
moves_of: Any = None


def loop(
    parameters: Array,
    networks: Networks,
    noise: Array,
    limits: tuple[Array, Array],
    lives: Lives,
    scales: Scales,
    track: Track,
    span: tuple[int, int],
    gamma: Any,
) -> int:
    """Step on to the end of the rollout.

    Args:
        parameters: of policy and critic, (P,).
        networks: what they mean.
        noise: what actions are drawn with, (T, n, a); see `act`.
        limits: of the actions.
        lives: the environments, changed in place.
        scales: statistics, changed in place.
        track: the rollout, written.
        span: t, the step to begin with, and k.
        gamma: what the value of a state at which time runs out is multiplied by.

    Returns:
        T; or t where initial states are used up; or -1 - t where a number is not finite.
    """
    terminated = np.empty(len(lives.rewards), np.bool_)
    for t in range(span[0], len(noise)):
        if lives.used.max() == span[1]:
            return t
        remember(lives, track.observations[t], track.begun[t])
        act(
            parameters, networks, lives.seen, noise[t],
            track.actions[t], track.log_probs[t], track.values[t],
        )  # fmt: skip
        moves = moves_of(track.actions[t], limits[0], limits[1])
        physics(lives.state, lives.coefficients, moves, lives.fresh, lives.rewards, terminated)
        if not (all_finite(lives.fresh.ravel()) and all_finite(lives.rewards)):
            return -1 - t
        show(lives, track.rewards[t])
        ended(parameters, networks, lives, scales, track, t, terminated, gamma)
    return len(noise)


@compiled_into_callers
def all_finite(values: Array) -> bool:
    """Say whether no number is NaN or infinite."""
    finite = True
    for value in values:
        finite = finite and isfinite(value)
    return finite


@compiled_into_callers
def remember(lives: Lives, seen: Array, begun: Array) -> None:
    """Write what the policy sees, and which episodes begin."""
    copy(lives.seen, seen)
    for row in range(len(begun)):
        begun[row] = lives.begun[row]


@compiled_into_callers
def show(lives: Lives, rewards: Array) -> None:
    """Write what environments show, context features behind it, and their rewards."""
    width = lives.fresh.shape[1]
    copy(lives.fresh, lives.seen)
    copy(lives.units, lives.seen[:, width:])
    for row in range(len(rewards)):
        rewards[row] = lives.rewards[row]


@compiled_into_callers
def ended(
    parameters: Array,
    networks: Networks,
    lives: Lives,
    scales: Scales,
    track: Track,
    t: int,
    terminated: NDArray[np.bool_],
    gamma: Any,
) -> None:
    """Note which episodes have ended and begin the next; scale rewards and observations."""
    n = len(lives.fresh)
    last = lives.seen.copy()
    for row in range(n):
        track.lengths[t, row] = 0
        lives.lengths[row] += 1
        lives.returns[row] += lives.rewards[row]
        late = lives.lengths[row] >= lives.horizon
        lives.begun[row] = 1 if terminated[row] or late else 0
        if lives.begun[row]:
            track.lengths[t, row], track.returns[t, row] = lives.lengths[row], lives.returns[row]
            lives.lengths[row], lives.returns[row] = 0, 0
            begin(lives, row)
    scale(scales, lives, track.rewards[t])
    for row in range(n):
        if lives.begun[row] and not terminated[row]:
            final = last[row : row + 1]
            scale_observations(scales, final)
            track.rewards[t, row] += gamma * values_of(parameters, networks, final)[0]


@compiled_into_callers
def begin(lives: Lives, row: int) -> None:
    """Begin an episode from the next of the initial states drawn ahead."""
    start = lives.used[row]
    for i in range(len(lives.state)):
        lives.state[i, row] = lives.starts[row, start, i]
    for i in range(lives.fresh.shape[1]):
        lives.seen[row, i] = lives.firsts[row, start, i]
    lives.used[row] += 1


@compiled_into_callers
def scale(scales: Scales, lives: Lives, rewards: Array) -> None:
    """Learn from a step, then scale what it showed."""
    if scales.learns and scales.of_observations:
        learn_observations(scales, lives.seen)
    scale_observations(scales, lives.seen)
    if scales.learns:
        for row in range(len(rewards)):
            scales.returns[row] = scales.returns[row] * scales.gamma + rewards[row]
        learn_returns(scales)
    if scales.of_rewards:
        deviation, clip = sqrt(scales.of_returns[1] + scales.epsilon), scales.clips[1]
        for row in range(len(rewards)):
            rewards[row] = min(max(rewards[row] / deviation, -clip), clip)
    for row in range(len(rewards)):
        if lives.begun[row]:
            scales.returns[row] = 0


@compiled_into_callers
def scale_observations(scales: Scales, seen: Array) -> None:
    """Standardise and clip observations, (m, o), in place."""
    if scales.of_observations:
        clip = scales.clips[0]
        for i in range(seen.shape[1]):
            deviation = sqrt(scales.variance[i] + scales.epsilon)
            for row in range(seen.shape[0]):
                seen[row, i] = min(max((seen[row, i] - scales.mean[i]) / deviation, -clip), clip)


@compiled_into_callers
def learn_observations(scales: Scales, seen: Array) -> None:
    """Update mean, variance and count of the observations."""
    for i in range(seen.shape[1]):
        scales.mean[i], scales.variance[i] = joined(
            scales.mean[i], scales.variance[i], scales.of_returns[2], seen[:, i]
        )
    scales.of_returns[2] += len(seen)


@compiled_into_callers
def learn_returns(scales: Scales) -> None:
    """Update mean, variance and count of the discounted returns."""
    kept = scales.of_returns
    kept[0], kept[1] = joined(kept[0], kept[1], kept[3], scales.returns)
    kept[3] += len(scales.returns)


@compiled_into_callers
def joined(mean: float, variance: float, count: float, more: Array) -> tuple[float, float]:
    """Return mean and variance with some values added (Chan et al. 1983, equations 2.1)."""
    m, own = len(more), 0.0
    for value in more:
        own += value
    own /= m
    spread = 0.0
    for value in more:
        spread += (value - own) * (value - own)
    far, total = own - mean, count + m
    squares = variance * count + spread + far * far * count * m / total
    return mean + far * m / total, squares / total


@compiled_into_callers
def whole_moves(actions: Array, low: Array, high: Array) -> Whole:
    """Return the actions of a categorical policy as numbers, (n,)."""
    return actions[:, 0].astype(np.int64)


@compiled_into_callers
def clipped_moves(actions: Array, low: Array, high: Array) -> Array:
    """Return a Gaussian policy's actions inside their bounds, (n, a)."""
    return np.minimum(np.maximum(actions, low), high)


@cache
def loop_with(step: Callable[..., None], discrete: bool) -> Callable[..., int]:
    """Return the loop with the physics of one family compiled in."""
    family = step.__module__.rpartition(".")[2]
    moves = whole_moves if discrete else clipped_moves
    compiled: Callable[..., int] = compiled_around(loop, family, physics=step, moves_of=moves)
    return compiled
