"""The synthetic 3-D table of SD-MBTL, ours beside the published cells.

Notation
    T      trials: the authors' 100 draws of the noise
    V      coverage after K = 50 sources, returns normalised by the least and the largest of all T
    cell   mean of V over trials
    score  (cell - cell of random) / (cell of the myopic oracle - cell of random)

The last row is the mean score of the eight families. Trials repeat the authors' draws, that of
the noise and that of Random, whose 50 repetitions they reduce to the last. Random, M-MBTL and the
oracle use all 100 trials; the two that fit a Gaussian process use the first few, for they take
seconds each. M/GP-MBTL is M-MBTL on mountains, so what these few trials favour M-MBTL by, against
all, is taken off its cell. GP-MBTL is also run with equal scores in the order of NumPy's default
sort, as the authors take them.

Run it with `python benchmarks/selection_published.py --noise 0 --trials 1`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from rltransfer.selection import GPMBTL, MGPMBTL, MMBTL, MyopicOracle, SourceTaskSelector, replay
from rltransfer.testing.toys import SyntheticFamily

Array = NDArray[np.float64]
K, T = 50, 100
DISTANCE, NO_DISTANCE = (-3.0, -3.0, -3.0), (1.0, 1.0, -3.0)
COLUMNS = ("random", "gp-mbtl", "m-mbtl", "m-gp-mbtl", "myopic")
FAMILIES = [
    ("const  linear no distance", SyntheticFamily(NO_DISTANCE, 8, 0.0, 3.0)),
    ("const  linear L1", SyntheticFamily(DISTANCE, 8, 0.0, 3.0)),
    ("const  none   no distance", SyntheticFamily(NO_DISTANCE, 8, 0.0, 0.0)),
    ("const  none   L1", SyntheticFamily(DISTANCE, 8, 0.0, 0.0)),
    ("linear linear no distance", SyntheticFamily(NO_DISTANCE, 8, 4.0, 3.0)),
    ("linear linear L1", SyntheticFamily(DISTANCE, 8, 4.0, 3.0)),
    ("linear none   no distance", SyntheticFamily(NO_DISTANCE, 8, 4.0, 0.0)),
    ("linear none   L1", SyntheticFamily(DISTANCE, 8, 4.0, 0.0)),
]
PUBLISHED = {
    0: [
        (0.7028, 0.7250, 0.7055, 0.7250, 0.7250),
        (0.7122, 0.7110, 0.7187, 0.7187, 0.7190),
        (0.8688, 0.9091, 0.8736, 0.9091, 0.9091),
        (0.9244, 0.9364, 0.9374, 0.9374, 0.9382),
        (0.5544, 0.5714, 0.5552, 0.5714, 0.5714),
        (0.5517, 0.5714, 0.5535, 0.5714, 0.5714),
        (0.6761, 0.7000, 0.6772, 0.7000, 0.7000),
        (0.7660, 0.7857, 0.7678, 0.7857, 0.7857),
        (0.0, 0.8368, 0.3010, 0.9873, 1.0),
    ],
    5: [
        (0.6956, 0.7212, 0.6976, 0.7168, 0.7260),
        (0.7011, 0.6961, 0.7038, 0.7038, 0.7048),
        (0.7906, 0.8369, 0.7936, 0.8334, 0.8375),
        (0.7722, 0.7747, 0.7762, 0.7762, 0.7778),
        (0.5773, 0.6088, 0.5782, 0.6086, 0.6090),
        (0.5880, 0.6218, 0.5900, 0.6216, 0.6221),
        (0.6672, 0.7083, 0.6683, 0.7073, 0.7088),
        (0.7401, 0.7744, 0.7422, 0.7751, 0.7756),
        (0.0, 0.6032, 0.2177, 0.8714, 1.0),
    ],
}
"""The cells of the paper's tables, families in the order above, the aggregate last."""


def as_sorted(scores: Array, candidates: NDArray[np.intp]) -> int:
    """Return the first candidate in the order of NumPy's default sort, as the authors do."""
    order = np.argsort(-scores)
    return int(order[np.isin(order, candidates)][0])


def draws(family: SyntheticFamily, noise: int) -> Array:
    """Return the authors' trials, normalised, (T, N, N); one is enough without noise."""
    trials = [
        family.truth + noise * np.random.RandomState(trial).normal(size=family.truth.shape)
        for trial in range(T if noise else 1)
    ]
    low, high = min(J.min() for J in trials), max(J.max() for J in trials)
    return np.stack([(J - low) / (high - low) for J in trials])


def picked_at_random(trial: int, n: int) -> list[int]:
    """Return the sources of the authors' last random repetition of a trial."""
    rng, left, picks = np.random.RandomState((trial + 1) * 50), list(range(n)), []
    for _ in range(K):
        picks.append(int(rng.choice(left)))
        left.remove(picks[-1])
    return picks


def picked(selector: SourceTaskSelector, family: SyntheticFamily, J: Array) -> tuple[int, ...]:
    return replay(selector, J, family.space, family.contexts, family.contexts, K).trained


def coverage(J: Array, picks: list[int] | tuple[int, ...]) -> float:
    return float(J[list(picks)].max(axis=0).mean())


def cells(family: SyntheticFamily, noise: int, trials: int, geometric: tuple[int, ...]) -> Array:
    """Return the family's cells: those of `COLUMNS`, and GP-MBTL with ties as NumPy sorts."""
    matrices = draws(family, noise)
    few = matrices[:trials]
    clustered = float(np.mean([coverage(J, geometric) for J in matrices]))

    def adaptive(make: Callable[[], SourceTaskSelector]) -> float:
        return float(np.mean([coverage(J, picked(make(), family, J)) for J in few]))

    everywhere = [(trial, matrices[trial % len(matrices)]) for trial in range(T)]
    oracle = picked(MyopicOracle(matrices), family, matrices[0])
    return np.array(
        [
            np.mean([coverage(J, picked_at_random(t, len(J))) for t, J in everywhere]),
            adaptive(GPMBTL),
            clustered,
            adaptive(MGPMBTL) + clustered - np.mean([coverage(J, geometric) for J in few]),
            np.mean([coverage(J, oracle) for J in matrices]),
            adaptive(lambda: GPMBTL(choose=as_sorted)),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--noise", type=int, choices=sorted(PUBLISHED), default=0)
    parser.add_argument("--trials", type=int, default=1, help="for GP-MBTL and M/GP-MBTL")
    given = parser.parse_args()
    first = FAMILIES[0][1]
    geometric = picked(MMBTL(), first, first.truth)  # looks at no return: the same everywhere
    print(f"noise {given.noise}, K = {K}, {given.trials} trial(s); ours/published")
    print(f"{'f(x)   g(y)   h(x, y)':<26}", *[f"{c:>14}" for c in COLUMNS], f"{'gp sorted':>10}")
    scores = []
    for (name, family), published in zip(FAMILIES, PUBLISHED[given.noise], strict=False):
        ours = cells(family, given.noise, given.trials, geometric)
        scores.append((ours - ours[0]) / (ours[4] - ours[0]))
        print(row(name, ours, published), flush=True)
    print(row("mean score", np.mean(scores, axis=0), PUBLISHED[given.noise][-1]))


def row(name: str, ours: Array, published: tuple[float, ...]) -> str:
    pairs = [f"{a:>7.4f}/{b:.4f}" for a, b in zip(ours, published, strict=False)]
    return " ".join([f"{name:<26}", *pairs, f"{ours[-1]:>10.4f}"])


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
