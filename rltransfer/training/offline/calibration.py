"""How far scores of policies can be trusted: do they rank policies as true returns do?

Notation
    m       policies
    s, J    their scores and their true returns, both of shape (m,)

All three measures depend on the order of the scores only, so units do not matter.

References:
    Fu et al. 2021, Benchmarks for Deep Off-Policy Evaluation, arXiv 2103.16596 (rank correlation,
    regret@k).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Calibration", "pairwise_accuracy", "rank_correlation", "regret_at_1"]


@dataclass(frozen=True)
class Calibration:
    """What the scores of some policies were worth; NaN where it cannot be said.

    Attributes:
        policies: m.
        pairs: pairs of policies whose true returns differ by enough to count.
        pairwise_accuracy, rank_correlation, regret: see the functions.
    """

    policies: int
    pairs: int
    pairwise_accuracy: float
    rank_correlation: float
    regret: float

    @classmethod
    def of(cls, scores: ArrayLike, truths: ArrayLike, least_difference: float) -> Calibration:
        """Compare scores with true returns; arguments as `pairwise_accuracy`."""
        _, J = checked(scores, truths)
        return cls(
            policies=len(J),
            pairs=int(counted(J, least_difference).sum()),
            pairwise_accuracy=pairwise_accuracy(scores, truths, least_difference),
            rank_correlation=rank_correlation(scores, truths),
            regret=regret_at_1(scores, truths),
        )

    def to_dict(self) -> dict[str, float | int | None]:
        """Return plain data for JSON; None for NaN."""
        return {k: None if np.isnan(value) else value for k, value in asdict(self).items()}


def pairwise_accuracy(scores: ArrayLike, truths: ArrayLike, least_difference: float) -> float:
    """Return the share of pairs that the scores put in their true order, in [0, 1].

    A pair with equal scores counts one half. 0.5 is what chance does.

    Args:
        scores: s.
        truths: J.
        least_difference: pairs with |J_i - J_j| below it do not count; put the error of J here,
            so that no score is blamed for the luck of an evaluation.

    Returns:
        NaN if no pair counts.
    """
    s, J = checked(scores, truths)
    pairs = counted(J, least_difference)
    if not pairs.any():
        return float("nan")
    agreement = np.sign(np.subtract.outer(s, s)) * np.sign(np.subtract.outer(J, J))
    return float((0.5 + 0.5 * agreement[pairs]).mean())


def rank_correlation(scores: ArrayLike, truths: ArrayLike) -> float:
    """Return Spearman's ρ: the correlation of the ranks, equal values sharing theirs.

    Returns:
        NaN if all scores, or all true returns, are equal.
    """
    s, J = (ranks(values) for values in checked(scores, truths))
    s, J = s - s.mean(), J - J.mean()
    size = np.sqrt(np.sum(s * s) * np.sum(J * J))
    return float(np.sum(s * J) / size) if size > 0.0 else float("nan")


def regret_at_1(scores: ArrayLike, truths: ArrayLike) -> float:
    """Return what choosing by score loses: (max J - J of the choice) / (max J - min J).

    Of equal best scores the expected loss of a random choice counts.

    Returns:
        NaN if all true returns are equal.
    """
    s, J = checked(scores, truths)
    spread = J.max() - J.min()
    if spread == 0.0:
        return float("nan")
    return float((J.max() - J[s == s.max()].mean()) / spread)


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks from 1; equal values get the mean of theirs."""
    below = np.less.outer(values, values).sum(axis=0)
    equal = np.equal.outer(values, values).sum(axis=0)
    return np.asarray(below + 0.5 * (equal + 1))


def counted(J: NDArray[np.float64], least_difference: float) -> NDArray[np.bool_]:
    """Return which pairs i < j are told apart by their true returns, shape (m, m)."""
    apart = np.abs(np.subtract.outer(J, J))
    told = np.triu((apart >= least_difference) & (apart > 0.0), k=1)
    return np.asarray(told)


def checked(
    scores: ArrayLike, truths: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both as arrays of one length without NaN."""
    s, J = np.asarray(scores, np.float64), np.asarray(truths, np.float64)
    if s.shape != J.shape or s.ndim != 1 or not len(s):
        raise ValueError(
            f"scores and true returns must be of the same policies; got the shapes {s.shape} and "
            f"{J.shape}."
        )
    if np.isnan(s).any() or np.isnan(J).any():
        raise ValueError("scores and true returns must be numbers; got NaN.")
    return s, J
