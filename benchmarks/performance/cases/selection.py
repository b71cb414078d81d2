"""How long a decision takes: which source next.

A whole decision among 100 candidates on a line, when 8 sources are trained:

    mbtl           unit cube, deterministic fit from one start
    mbtl-literal   the published settings: nine random restarts, our acquisition
    double loop    the published settings, and the acquisition as two Python loops over numbers
                   (the authors' loops also look up each number in a pandas table)

And the acquisition alone, of N candidates on as many targets in d dimensions:

    ours           `expected_gain`, which from 4,096 candidates on works in blocks
    chunks         the double loop in NumPy, some candidates at a time, on 256 of the candidates

on a smooth problem, where 20 sources are trained, and on a rough one, where set points and returns
are independent random numbers, so that hardly a block can be skipped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
from harness.case import AtLeast, Case, Work
from numpy.typing import NDArray

from rltransfer.selection import MBTL, LiteralMBTL, replay
from rltransfer.selection.acquisition import expected_gain, margins
from rltransfer.selection.surrogate import LiteralGP
from rltransfer.testing.toys import LinearGapToy
from rltransfer.transfer import TransferMatrix

__all__ = ["CASES"]

N, TRAINED, DECISIONS = 100, 8, 3
SOME = 256  # candidates on which chunks are timed

Array = NDArray[np.float64]
Problem = tuple[Array, Array, Array, Array, Array]  # U, X, Y, w, V of `expected_gain`


def double_loop(transfer: TransferMatrix) -> int:
    """Decide as the literal variant does, with the acquisition in plain Python."""
    n, k = len(transfer.sources), len(transfer.trained)
    indices = np.arange(n, dtype=float)[:, None]
    mu, sigma = LiteralGP().posterior(indices[list(transfer.trained)], transfer.set_points, indices)
    beta, acquisition = math.sqrt(math.log(k + 1)), []
    for x in range(n):
        total = 0.0
        for y in range(n):
            reached = max(0.0, transfer.best[y])
            total += max(mu[x] + beta * sigma[x] - 0.005 * abs(x - y) - reached, 0.0)
        acquisition.append(total / n)
    return max(set(range(n)) - set(transfer.trained), key=lambda x: (acquisition[x], -x))


@contextmanager
def deciding(decide: Callable[[TransferMatrix], object]) -> Iterator[Work]:
    """Yield decisions about the same matrix."""
    toy = LinearGapToy.wavy(N, level=0.8, slope=0.7)
    noise = 0.02 * np.random.default_rng(0).standard_normal((N, N))
    seen = replay(MBTL(), toy.truth + noise, toy.space, toy.contexts, toy.contexts, TRAINED)

    def work() -> float:
        for _ in range(DECISIONS):
            decide(seen)
        return DECISIONS

    yield work


def smooth(n: int, d: int) -> Problem:
    """Return set points that vary slowly, and what the best of 20 sources reaches, with noise."""
    rng = np.random.default_rng(0)
    X, w = rng.random((n, d)), rng.uniform(0.3, 1.5, d)
    level = np.sin(3.0 * X).mean(axis=1)
    U, V = level + 0.2, np.full(n, -np.inf)
    for source in range(20):
        gap = np.abs(X - X[source])
        U = np.minimum(U, level + gap.sum(axis=1))
        np.maximum(V, level[source] - gap @ w, out=V)
    return U, X, X, w, V + 0.02 * rng.standard_normal(n)


def rough(n: int, d: int) -> Problem:
    """Return set points and returns that are noise."""
    rng = np.random.default_rng(0)
    X = rng.random((n, d))
    return rng.standard_normal(n), X, X, rng.random(d), rng.standard_normal(n)


@contextmanager
def in_blocks(kind: Callable[[int, int], Problem], n: int, d: int) -> Iterator[Work]:
    """Yield our acquisition, which has to agree with the double loop."""
    problem = U, X, Y, w, V = kind(n, d)
    expected = all_pairs(U[:SOME], X[:SOME], Y, w, V)
    if not np.allclose(expected_gain(*problem)[:SOME], expected, rtol=1e-6):
        raise RuntimeError(f"the acquisition of {n} candidates in {d} dimensions is wrong.")

    def work() -> float:
        expected_gain(*problem)
        return n

    yield work


@contextmanager
def in_chunks(kind: Callable[[int, int], Problem], n: int, d: int) -> Iterator[Work]:
    """Yield the acquisition of some candidates by all pairs."""
    U, X, Y, w, V = kind(n, d)

    def work() -> float:
        all_pairs(U[:SOME], X[:SOME], Y, w, V)
        return SOME

    yield work


def all_pairs(U: Array, X: Array, Y: Array, w: Array, V: Array) -> Array:
    """Return the acquisition by all pairs, some candidates at a time."""
    return np.concatenate([np.maximum(m, 0.0).mean(axis=1) for m in margins(U, X, Y, w, V)])


LOOP, OURS, LITERAL = "double loop", "mbtl", "mbtl-literal"
CHUNKS, BLOCKS = "chunks", "ours"


def acquisition(kind: Callable[[int, int], Problem], n: int, d: int, times: float) -> Case:
    """Return the case of a problem of a size."""
    return Case(
        name=f"acquisition-{kind.__name__}-{n}-{d}",
        title=f"Acquisition, {kind.__name__}, {n:,} candidates in {d}-D",
        unit="candidate",
        contenders={
            CHUNKS: partial(in_chunks, kind, n, d),
            BLOCKS: partial(in_blocks, kind, n, d),
        },
        bars=(AtLeast(BLOCKS, CHUNKS, times),),
        rounds=3,
    )


CASES = (
    Case(
        name="decision",
        title=f"A decision among {N} sources",
        unit="decision",
        contenders={
            LOOP: partial(deciding, double_loop),
            LITERAL: partial(deciding, lambda seen: LiteralMBTL().propose(seen)),
            OURS: partial(deciding, lambda seen: MBTL().propose(seen)),
        },
        bars=(AtLeast(OURS, LOOP, 1.0),),
    ),
    acquisition(smooth, 10_000, 1, 60.0),
    acquisition(smooth, 10_000, 3, 25.0),
    acquisition(smooth, 100_000, 1, 60.0),
    acquisition(rough, 10_000, 3, 1.0),
)
