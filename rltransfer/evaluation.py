"""What a policy returns in each context of a family, all episodes at once.

Notation
    M    target contexts
    E    episodes per target
    J    returns, shape (M, E): undiscounted sums of rewards over an episode

Episode e of target y starts where Gymnasium's own environment starts after `reset(seed=s)` and e
further resets, with s = `episode_seed(seed, y)`: the same for every policy (common random numbers),
whatever other targets are evaluated beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from gymnasium.utils.seeding import np_random
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.envs.contextual import ContextualEnv
from rltransfer.envs.simulators import ContextBatch, Observations
from rltransfer.envs.wrappers import visible_units, with_context
from rltransfer.errors import InvalidExperiment, InvalidPolicy, SourceFailed
from rltransfer.seeding import derive_seed

__all__ = ["Actor", "Returns", "episode_seed", "evaluate"]

DEAD_SHARE = 0.125
"""Finished episodes are dropped from the batch when they are this share of its rows."""


class Actor(Protocol):
    """Whatever can be evaluated: a `Policy`, or an object of yours with these two."""

    @property
    def observe(self) -> tuple[str, ...]:
        """The context features that the actor expects at the end of its observations."""

    def act(self, observations: NDArray[Any]) -> NDArray[Any]:
        """Return the actions, shape (n,) or (n, a), for observations of shape (n, o)."""


@dataclass(frozen=True, slots=True)
class Returns:
    """Returns J and lengths in steps of the same episodes, both of shape (M, E)."""

    returns: NDArray[np.float64]
    lengths: NDArray[np.int64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean return per target, shape (M,)."""
        return np.asarray(self.returns.mean(axis=1))


def episode_seed(seed: int, target: Context) -> int:
    """Return the seed of the first reset of a target's first episode."""
    return derive_seed(seed, "episodes", target)


def evaluate(
    policy: Actor,
    env: ContextualEnv,
    targets: Sequence[Context],
    episodes: int,
    seed: int,
) -> Returns:
    """Run a policy for some episodes in each target context.

    Args:
        policy: acts deterministically; see `Actor`.
        env: the family.
        targets: M contexts; features that they do not name have their default.
        episodes: E, at least 1.
        seed: root of the episodes' starts; the same seed gives the same starts to every policy.

    Raises:
        InvalidExperiment: if there is nothing to evaluate.
        InvalidContext: if a target is not a context of the family.
        InvalidPolicy: if the policy's observations or actions are not the family's.
        SourceFailed: if the simulator returns a reward that is not finite.
    """
    if episodes < 1 or not targets:
        raise InvalidExperiment(
            f"an evaluation needs at least 1 target and 1 episode; got {len(targets)} targets "
            f"and {episodes} episodes."
        )
    complete = [env.space.validate(target) for target in targets]
    returns = np.zeros((len(complete), episodes))
    lengths = np.zeros((len(complete), episodes), dtype=np.int64)
    for piece in pieces(len(complete), episodes, env.rows_at_once):
        returns[piece], lengths[piece] = play_piece(policy, env, complete, episodes, piece, seed)
    require_finite(returns, env, complete)
    return Returns(returns, lengths)


def pieces(targets: int, episodes: int, rows: int) -> Iterator[tuple[slice, slice]]:
    """Cut the table of targets and episodes into pieces that a batch of `rows` rows holds."""
    width = min(episodes, rows)
    height = max(1, rows // width)
    for top in range(0, targets, height):
        for left in range(0, episodes, width):
            yield (
                slice(top, min(top + height, targets)),
                slice(left, min(left + width, episodes)),
            )


def play_piece(
    policy: Actor,
    env: ContextualEnv,
    targets: Sequence[Context],
    episodes: int,
    piece: tuple[slice, slice],
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Play some episodes of some targets as one batch; return J and the lengths of that piece.

    Rows are (target, episode), episode fastest.
    """
    chosen, columns = targets[piece[0]], piece[1]
    width = columns.stop - columns.start
    batch = env.batch([target for target in chosen for _ in range(width)])
    units = np.repeat(visible_units(env.space, chosen, policy.observe), width, axis=0)
    starts = [
        batch.initial_states(np_random(episode_seed(seed, target))[0], episodes)[columns]
        for target in chosen
    ]
    observations = batch.reset(np.arange(len(batch)), np.concatenate(starts))
    returns, lengths = play(policy, batch, observations, units, env.spec.horizon)
    batch.keep(np.arange(0))  # lets go of what the batch holds, such as processes
    return returns.reshape(-1, width), lengths.reshape(-1, width)


def require_finite(
    returns: NDArray[np.float64], env: ContextualEnv, targets: Sequence[Context]
) -> None:
    """Refuse returns of a simulator that overflowed."""
    bad = ~np.isfinite(returns).all(axis=1)
    if bad.any():
        target = targets[int(np.flatnonzero(bad)[0])]
        raise SourceFailed(f"{env.spec.id}[{target.label}] returned a reward that is not finite.")


def play(
    policy: Actor,
    batch: ContextBatch,
    observations: Observations,  # (R, o)
    units: NDArray[np.float64],  # (R, d) visible features
    horizon: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Play one episode per row of the batch; return J and length of each, shape (R,) both."""
    returns = np.zeros(len(batch))
    lengths = np.zeros(len(batch), dtype=np.int64)
    rows = np.arange(len(batch))  # which episode each member of the batch still plays
    alive = np.ones(len(batch), dtype=np.bool_)
    for _ in range(horizon):
        actions = policy.act(with_context(observations, units))
        require_shape(actions, batch)
        with np.errstate(over="ignore", invalid="ignore"):  # of members that have ended
            step = batch.step(actions)
        returns[rows] += np.where(alive, step.rewards, 0.0)
        lengths[rows] += alive
        alive &= ~step.over
        observations = step.observations
        dead = len(alive) - np.count_nonzero(alive)
        if dead == len(alive):
            break
        if dead > DEAD_SHARE * len(alive):
            kept = np.flatnonzero(alive)
            batch.keep(kept)
            rows, units, observations = rows[kept], units[kept], observations[kept]
            alive = np.ones(len(kept), dtype=np.bool_)
    return returns, lengths


def require_shape(actions: NDArray[Any], batch: ContextBatch) -> None:
    """Refuse actions of another family's shape."""
    expected = (len(batch), *(batch.action_space.shape or ()))
    if np.shape(actions) != expected:
        raise InvalidPolicy(
            f"actions must have the shape {expected} for {batch.action_space}; the policy gave "
            f"{np.shape(actions)}. It was trained for another family."
        )
