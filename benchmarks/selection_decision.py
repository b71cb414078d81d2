"""How long one decision takes: which source next.

First a whole decision among N = 100 candidates on a line, three ways, side by side in one process,
one BLAS thread, median of the repeats:

    mbtl           the default: unit cube, deterministic fit from one start
    mbtl-literal   the published settings: nine random restarts, our acquisition
    double loop    the published settings, and the acquisition as two Python loops over numbers
                   (the authors' loops also look up each number in a pandas table)

Then the acquisition alone, of N candidates on as many targets in 1 to 7 dimensions, best of three:

    ours           `expected_gain`, which from 4,096 candidates on works in blocks
    chunks         the double loop in NumPy, some candidates at a time; on 256 of
                   the candidates, and multiplied (marked ~)

on a smooth problem, where 20 sources are trained, and on a rough one, where set points and returns
are independent random numbers, so that hardly a block can be skipped. The first call, which loads
Numba or compiles, is timed apart.

Run it with `python benchmarks/selection_decision.py`.
"""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from rltransfer.selection import MBTL, LiteralMBTL, replay
from rltransfer.selection.acquisition import expected_gain, margins
from rltransfer.selection.surrogate import LiteralGP
from rltransfer.testing.toys import LinearGapToy
from rltransfer.transfer import TransferMatrix

N, ROUNDS, REPEATS = 100, 15, 7
SIZES = [(n, d) for n in (512, 10_000, 100_000) for d in (1, 2, 3)] + [(16_384, 7)]
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


WAYS: dict[str, Callable[[TransferMatrix], int]] = {
    "mbtl": lambda transfer: MBTL().propose(transfer).index,
    "mbtl-literal": lambda transfer: LiteralMBTL().propose(transfer).index,
    "double loop": double_loop,
}


def milliseconds(decide: Callable[[TransferMatrix], int], transfer: TransferMatrix) -> float:
    start = time.perf_counter()
    decide(transfer)
    return 1e3 * (time.perf_counter() - start)


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


def in_chunks(U: Array, X: Array, Y: Array, w: Array, V: Array) -> Array:
    """Return the acquisition by all pairs, some candidates at a time."""
    return np.concatenate([np.maximum(m, 0.0).mean(axis=1) for m in margins(U, X, Y, w, V)])


def seconds(acquisition: Callable[..., Array], problem: Problem) -> float:
    """Return the best time of three."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        acquisition(*problem)
        times.append(time.perf_counter() - start)
    return min(times)


def time_acquisition() -> None:
    """Print a row for every size and kind of problem."""
    start = time.perf_counter()
    expected_gain(*smooth(5_000, 1))
    print(f"\nthe acquisition of N candidates on N targets (first call {since(start):.2f} s)")
    print(f"{'N':>8}{'d':>3}{'problem':>9}{'ours, s':>10}{'chunks, s':>12}{'error':>10}")
    for n, d in SIZES:
        for kind in (smooth, rough):
            problem = U, X, Y, w, V = kind(n, d)
            few = (U[:SOME], X[:SOME], Y, w, V)
            ours, chunks = seconds(expected_gain, problem), seconds(in_chunks, few) * n / SOME
            expected = in_chunks(*few)
            gap = np.abs(expected_gain(*problem)[:SOME] - expected)
            error = (gap / np.maximum(expected, 1e-12)).max()
            print(f"{n:>8}{d:>3}{kind.__name__:>9}{ours:>10.4f}{chunks:>11.3f}~{error:>10.0e}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of the process: {peak:.0f} MB")


def since(start: float) -> float:
    return time.perf_counter() - start


def time_decision() -> None:
    """Print a row for every round."""
    toy = LinearGapToy.wavy(N, level=0.8, slope=0.7)
    noise = 0.02 * np.random.default_rng(0).standard_normal((N, N))
    seen = replay(MBTL(), toy.truth + noise, toy.space, toy.contexts, toy.contexts, ROUNDS)
    print(f"one decision at N = {N}, milliseconds (median of {REPEATS})")
    print(f"{'k':>3}", *[f"{way:>14}" for way in WAYS], f"{'loop / mbtl':>14}")
    for k in range(1, ROUNDS + 1):
        transfer = seen.after(k)
        times = [[milliseconds(way, transfer) for way in WAYS.values()] for _ in range(REPEATS)]
        row = [median(column) for column in zip(*times, strict=True)]
        print(f"{k:>3}", *[f"{ms:>14.1f}" for ms in row], f"{row[-1] / row[0]:>13.1f}x")


if __name__ == "__main__":
    with threadpool_limits(1):
        time_decision()
        time_acquisition()
