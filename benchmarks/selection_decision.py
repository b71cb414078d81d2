"""How long one decision takes: which source next, of N = 100 candidates on a line.

Three ways, side by side in one process, one BLAS thread, median of the repeats:

    mbtl           the default: unit cube, deterministic fit from one start
    mbtl-literal   the published settings: nine random restarts, our acquisition
    double loop    the published settings, and the acquisition as two Python loops over numbers
                   (the authors' loops also look up each number in a pandas table)

Run it with `python benchmarks/selection_decision.py`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

from rltransfer.selection import MBTL, LiteralMBTL, replay
from rltransfer.selection.surrogate import LiteralGP
from rltransfer.testing.toys import LinearGapToy
from rltransfer.transfer import TransferMatrix

N, ROUNDS, REPEATS = 100, 15, 7


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


def main() -> None:
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
        main()
