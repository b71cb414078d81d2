"""The rows of a transfer matrix: one policy's returns, checked and stacked."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rltransfer.errors import InvalidTransferMatrix
from rltransfer.transfer.problem import TransferProblem

__all__ = ["append", "checked_own", "checked_row", "mean_of_episodes"]

Array = NDArray[np.float64]


def checked_row(
    problem: TransferProblem, index: int, returns: ArrayLike, episodes: int | None
) -> Array:
    """Return the row of source `index`, shape (M, E), as a fresh array.

    Args:
        problem: which sources and targets there are.
        index: the source.
        returns: its returns on the targets.
        episodes: E of the earlier rows; None for the first.

    Raises:
        InvalidTransferMatrix: if the shape is wrong, or a return is not finite.
    """
    row = np.array(returns, dtype=np.float64)
    fits = row.ndim == 2 and len(row) == len(problem.targets) and row.shape[1] > 0
    if not fits or (episodes is not None and row.shape[1] != episodes):
        raise InvalidTransferMatrix(
            f"the returns of source {index} must have shape (targets, episodes) = "
            f"({len(problem.targets)}, {'any' if episodes is None else episodes}); "
            f"got {row.shape}. For one return per target pass returns[:, None]."
        )
    if not np.isfinite(row).all():
        target, episode = np.argwhere(~np.isfinite(row))[0]
        raise InvalidTransferMatrix(
            f"the return of source {index} on target {target}, {problem.targets[target]}, is "
            f"{row[target, episode]} in episode {episode}; returns must be finite. Repeat the "
            "evaluation, or record the lowest score for a failure."
        )
    return row


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


def mean_of_episodes(returns: Array) -> Array:
    """Return the means over the last axis; nothing, without a warning, where there are no rows."""
    return np.asarray(returns.mean(axis=-1)) if len(returns) else np.empty(returns.shape[:-1])
