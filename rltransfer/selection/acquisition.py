"""The acquisition of MBTL: how much coverage the next source is expected to win.

Notation (MBTL, Cho et al. 2024)
    X, Y       candidates (N, d) and targets (M, d), in any coordinates
    mu, sigma  posterior mean and standard deviation of the set points, (N,)
    beta       weight of the uncertainty in round k = 1, 2, …: sqrt(log k)
    U          mu + beta · sigma, the optimistic set points, (N,)
    w          slopes of the gap (d,), in return per unit of the coordinates
    V          the return already reached on each target, (M,)
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rltransfer.selection.acquisition_blocks import gain_sums
from rltransfer.selection.pairs import pair_sums

__all__ = ["covered", "expected_gain", "exploration"]

Array = NDArray[np.float64]
CHUNK = 2**16  # pairs of candidate and target held at once: half a megabyte stays in the cache
MANY = 2**24  # pairs from which it pays to cut candidates and targets into blocks


def exploration(k: int) -> float:
    """Return beta_k = sqrt(log k) of round k >= 1: 0 in the first round."""
    return math.sqrt(math.log(k))


def expected_gain(U: Array, X: Array, Y: Array, w: Array, V: Array) -> Array:
    """Return the acquisition of every candidate, shape (N,).

        a_k(x) = mean_y max( mu_k(x) + beta_k·sigma_k(x) - Σ_j w_j |x_j - y_j| - V_k(y), 0 )

    Args:
        U: optimistic set points (N,).
        X: candidates (N, d).
        Y: targets (M, d).
        w: slopes (d,).
        V: returns reached (M,).

    From 2^24 pairs on, blocks of neighbours are summed or skipped as a whole (see
    `acquisition_blocks`): as exact, but the last digits may differ.
    """
    if len(X) * len(Y) >= MANY and comparable(U, X * w, Y * w, V):
        return gain_sums(U, X * w, V, Y * w, pair_sums()) / len(Y)
    means = [np.maximum(m, 0.0, out=m).mean(axis=1) for m in margins(U, X, Y, w, V)]
    return np.concatenate(means)


def covered(U: Array, X: Array, Y: Array, w: Array, V: Array) -> NDArray[np.intp]:
    """Return how many targets each candidate would serve better than now, shape (N,)."""
    return np.concatenate([(m > 0.0).sum(axis=1) for m in margins(U, X, Y, w, V)])


def comparable(U: Array, Xw: Array, Yw: Array, V: Array) -> bool:
    """Return whether every margin is a number, so that blocks can be told apart by size."""
    finite = all(np.isfinite(values).all() for values in (U, Xw, Yw))
    return finite and not np.isnan(V).any()


def margins(U: Array, X: Array, Y: Array, w: Array, V: Array) -> Iterator[Array]:
    """Yield U(x) - w·|x - y| - V(y) for some candidates at a time, shape (n, M)."""
    Xw, Yw = X * w, Y * w
    step = max(1, CHUNK // len(Y))
    for start in range(0, len(X), step):
        rows = slice(start, start + step)
        m = U[rows, None] - V
        for x, y in zip(Xw[rows].T, Yw.T, strict=True):
            m -= np.abs(x[:, None] - y)
        yield m
