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

import numpy as np
from gymnasium.utils.seeding import np_random
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.envs.contextual import ContextualEnv
from rltransfer.envs.wrappers import visible_units
from rltransfer.errors import InvalidExperiment, SourceFailed
from rltransfer.evaluation.playing import Actor, Player, begin, play
from rltransfer.evaluation.returns import Returns
from rltransfer.seeding import derive_seed

__all__ = ["episode_seed", "evaluate"]


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
        SourceFailed: if the simulator fails, or returns what is no transition, naming target,
            episode and step.
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
    numbers = range(columns.start + 1, columns.stop + 1)
    players = [Player(env.spec.id, target, number) for target in chosen for number in numbers]
    batch = env.batch([player.target for player in players])
    units = np.repeat(visible_units(env.space, chosen, policy.observe), width, axis=0)
    starts = [
        batch.initial_states(np_random(episode_seed(seed, target))[0], episodes)[columns]
        for target in chosen
    ]
    try:
        observations = begin(batch, np.concatenate(starts), players)
        returns, lengths = play(policy, batch, observations, units, env.spec.horizon, players)
    finally:
        batch.keep(np.arange(0))  # lets go of what the batch holds, such as processes
    return returns.reshape(-1, width), lengths.reshape(-1, width)


def require_finite(
    returns: NDArray[np.float64], env: ContextualEnv, targets: Sequence[Context]
) -> None:
    """Refuse sums of finite rewards that overflowed."""
    bad = ~np.isfinite(returns).all(axis=1)
    if bad.any():
        target = targets[int(np.flatnonzero(bad)[0])]
        raise SourceFailed(f"{env.spec.id}[{target.label}] has a return that is not finite.")
