"""The rows of a transfer matrix: one policy's returns, checked and stacked."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rltransfer.errors import InvalidTransferMatrix
from rltransfer.transfer.problem import TransferProblem

__all__ = [
    "append",
    "checked_own",
    "checked_row",
    "episodes_of",
    "mean_of_episodes",
    "require_whole_cells",
]

Array = NDArray[np.float64]


def checked_row(
    problem: TransferProblem,
    index: int,
    returns: ArrayLike,
    episodes: int | None,
    measured: ArrayLike | None = None,
) -> Array:
    """Return the row of source `index`, shape (M, E), as a fresh array.

    Args:
        problem: which sources and targets there are.
        index: the source.
        returns: its returns on the measured targets, (n, E).
        episodes: E of the earlier rows; None for the first.
        measured: indices of the n targets; all if None. The others become NaN.

    Raises:
        InvalidTransferMatrix: if the shape is wrong, a return is not finite, or `measured` is
            not a choice of targets with the source's own context.
    """
    targets = checked_choice(problem, index, measured)
    found = np.array(returns, dtype=np.float64)
    fits = found.ndim == 2 and len(found) == len(targets) and found.shape[1] > 0
    if not fits or (episodes is not None and found.shape[1] != episodes):
        which = "targets" if measured is None else "measured targets"
        raise InvalidTransferMatrix(
            f"the returns of source {index} must have shape ({which}, episodes) = "
            f"({len(targets)}, {'any' if episodes is None else episodes}); "
            f"got {found.shape}. For one return per target pass returns[:, None]."
        )
    if not np.isfinite(found).all():
        at, episode = np.argwhere(~np.isfinite(found))[0]
        raise InvalidTransferMatrix(
            f"the return of source {index} on target {targets[at]}, "
            f"{problem.targets[targets[at]]}, is {found[at, episode]} in episode {episode}; "
            "returns must be finite. Repeat the evaluation, record the lowest score for a "
            "failure, or leave the target out of `measured`."
        )
    row = np.full((len(problem.targets), found.shape[1]), np.nan)
    row[targets] = found
    return row


def checked_choice(
    problem: TransferProblem, index: int, measured: ArrayLike | None
) -> NDArray[np.intp]:
    """Return the indices of the targets that source `index` was measured on, (n,).

    Raises:
        InvalidTransferMatrix: if there are none, one is unknown or repeated, or the source is a
            target and not among them.
    """
    M, own = len(problem.targets), problem.target_index(problem.sources[index])
    if measured is None:
        return np.arange(M)
    chosen = np.asarray(measured)
    whole = chosen.ndim == 1 and len(chosen) > 0 and np.issubdtype(chosen.dtype, np.integer)
    if not whole or len(set(chosen.tolist())) < len(chosen) or not set(chosen) <= set(range(M)):
        raise InvalidTransferMatrix(
            f"`measured` of source {index} must list different targets by their indices 0 to "
            f"{M - 1}, at least one; got {measured}."
        )
    if own is not None and own not in chosen:
        raise InvalidTransferMatrix(
            f"source {index}, {problem.sources[index]}, is target {own} too and must be measured "
            f"there: every policy is measured on its own context. Add {own} to `measured`."
        )
    return chosen.astype(np.intp)


def checked_own(
    problem: TransferProblem, index: int, row: Array, own: ArrayLike | None, episodes: int | None
) -> Array:
    """Return the returns of source `index` on its own context, shape (E_own,).

    Args:
        problem: which sources and targets there are.
        index: the source.
        row: its checked row; where the source is a target, that entry is the answer.
        own: what was passed, needed where the source is no target.
        episodes: E_own of the earlier sources; None for the first.

    Raises:
        InvalidTransferMatrix: if they are missing, contradict the row, have the wrong number
            of episodes, or are not finite.
    """
    source, target = problem.sources[index], problem.target_index(problem.sources[index])
    if target is None and own is None:
        raise InvalidTransferMatrix(
            f"source {index}, {source}, is not a target, so `own`, its returns on its own "
            "context, must be given."
        )
    values = row[target] if own is None else np.array(own, dtype=np.float64).ravel()
    if target is not None and not same(values, row[target]):
        raise InvalidTransferMatrix(
            f"source {index}, {source}, is target {target} too, so its own returns are that "
            f"entry of its row, {row[target]}; got {values}. Leave `own` out."
        )
    if not len(values) or not np.isfinite(values).all():
        raise InvalidTransferMatrix(
            f"the own returns of source {index} must be finite numbers; got {values}."
        )
    if episodes is not None and len(values) != episodes:
        raise InvalidTransferMatrix(
            f"the own returns of source {index} must have {episodes} episodes, as the earlier "
            f"sources have; got {len(values)}."
        )
    return np.array(values if target is None else row[target])


def same(a: Array, b: Array) -> bool:
    """Say whether two lists of returns agree up to rounding."""
    return a.shape == b.shape and np.allclose(a, b)


def append(rows: Array, row: Array) -> Array:
    """Return the rows with one more; a row of any length starts an empty stack."""
    return np.concatenate([rows, row[None]]) if len(rows) else row[None]


def episodes_of(*stacks: Array) -> int | None:
    """Return the number of episodes in the first stack that has rows; None if none has."""
    return next((rows.shape[-1] for rows in stacks if len(rows)), None)


def require_whole_cells(returns: Array) -> None:
    """Raise unless each policy was measured on a target in all episodes (K, M, E) or in none."""
    missing = np.isnan(returns)
    torn = missing.any(axis=-1) & ~missing.all(axis=-1)
    if torn.any():
        k, target = np.argwhere(torn)[0]
        raise InvalidTransferMatrix(
            f"the returns of trained source {k} on target {target} are missing in some episodes "
            f"and not in others, {returns[k, target]}; a target is measured in all or in none."
        )


def mean_of_episodes(returns: Array) -> Array:
    """Return the means over the last axis; nothing, without a warning, where there are no rows."""
    return np.asarray(returns.mean(axis=-1)) if len(returns) else np.empty(returns.shape[:-1])
