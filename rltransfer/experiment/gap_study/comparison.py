"""Two methods on the same contexts: by how much one returns more, and how sure that is.

Notation
    S, M, E    trainings, contexts, episodes
    A, B       returns of the two methods, shape (S, M, E)
    D          A - B where trainings are paired, shape (S, M, E)

Pairs are trainings with the same seed: episodes start alike for both, so that luck which both
share cancels. Methods with different seeds are redrawn independently.

Two questions, answered by SciPy:
    contexts    would the sign hold in other contexts like these, with these trainings?
                Wilcoxon's signed-rank test of the M mean differences
    trainings   would it hold with other trainings, in these contexts?
                permutation of signs of the S mean differences, whose least p is 2 / 2^S; and
                Student's t interval, which a few trainings need more than a bootstrap
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.experiment.gap_study.findings import mean_of
from rltransfer.experiment.gap_study.method import Method
from rltransfer.transfer import Interval
from rltransfer.transfer.aggregates import Redrawn, improvement
from rltransfer.transfer.statistics import interval

__all__ = ["MethodComparison"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MethodComparison:
    """The first method against the second.

    Attributes:
        first, second: their names.
        paired: whether trainings are paired by their seeds.
        difference: mean of A - B.
        gap_difference: mean gap of the first less that of the second; None where one has none.
        improvement: P(A > B) of two trainings in a context, averaged over contexts.
        contexts_p: two-sided p of the test over contexts.
        trainings_p: two-sided p of the test over trainings; None with one training, or unpaired.
        least_p: the least that the test over trainings could give; None likewise.
        students: the mean of A - B with Student's 95 % interval over trainings; None likewise.
        by_context: mean of A - B in each context, (M,).
        low, high: ends of their 95 % intervals, (M,).
    """

    first: str
    second: str
    paired: bool
    difference: Interval
    gap_difference: Interval | None
    improvement: Interval
    contexts_p: float
    trainings_p: float | None
    least_p: float | None
    students: Interval | None
    by_context: Array
    low: Array
    high: Array

    @classmethod
    def of(cls, first: Method, second: Method, rng: np.random.Generator) -> MethodComparison:
        """Compare two methods that were measured in the same contexts."""
        A, B = first.returns, second.returns
        paired = first.seeds == second.seeds and A.shape == B.shape
        x, y = Redrawn.of(A, rng), Redrawn.of(B, rng)
        by_context = first.mean - second.mean
        D = differences(A - B, rng) if paired else differences_of(x, y)
        low, high = interval(D)
        S = len(first.seeds)
        trained = (A - B).mean(axis=(1, 2)) if paired and S > 1 else None
        return cls(
            first=first.name,
            second=second.name,
            paired=paired,
            difference=difference_of(A, B, paired, rng),
            gap_difference=gap_difference(first, second, paired, rng),
            improvement=improvement(x, y),
            contexts_p=signed_rank_p(by_context),
            trainings_p=None if trained is None else sign_flip_p(trained, rng),
            least_p=None if trained is None else 2.0 / 2**S,
            students=None if trained is None else students_interval(trained),
            by_context=by_context,
            low=low,
            high=high,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        gap = self.gap_difference
        return {
            "first": self.first,
            "second": self.second,
            "paired": self.paired,
            "difference": self.difference._asdict(),
            "gap_difference": None if gap is None else gap._asdict(),
            "improvement": self.improvement._asdict(),
            "contexts_p": self.contexts_p,
            "trainings_p": self.trainings_p,
            "least_p": self.least_p,
            "students": None if self.students is None else self.students._asdict(),
            "by_context": [
                {"difference": d, "low": low, "high": high}
                for d, low, high in zip(
                    self.by_context.tolist(), self.low.tolist(), self.high.tolist(), strict=True
                )
            ],
        }


def difference_of(A: Array, B: Array, paired: bool, rng: np.random.Generator) -> Interval:
    """Return the mean of A - B with its interval."""
    a, b = A.mean(axis=1), B.mean(axis=1)  # (S, E)
    if paired:
        return mean_of(a - b, rng)
    x, y = (Redrawn.of(z[:, None, :], rng) for z in (a, b))
    low, high = interval(differences_of(x, y)[:, 0])
    return Interval(float(low), float(a.mean() - b.mean()), float(high))


def gap_difference(
    first: Method, second: Method, paired: bool, rng: np.random.Generator
) -> Interval | None:
    """Return the difference of mean gaps with its interval; None where one is not known."""
    if not (first.knows_home and second.knows_home):
        return None
    return difference_of(first.gaps, second.gaps, paired, rng)


def differences(D: Array, rng: np.random.Generator) -> Array:
    """Return replicates of the mean of D (S, M, E) in each context, shape (B, M)."""
    return np.asarray(Redrawn.of(D, rng).replicates.mean(axis=1))


def differences_of(x: Redrawn, y: Redrawn) -> Array:
    """Return replicates of the mean difference of unpaired methods in each context, (B, M)."""
    return np.asarray(x.replicates.mean(axis=1) - y.replicates.mean(axis=1))


def signed_rank_p(differences: Array) -> float:
    """Return Wilcoxon's two-sided p; 1 where nothing differs."""
    from scipy.stats import wilcoxon

    return float(wilcoxon(differences).pvalue) if differences.any() else 1.0


def sign_flip_p(differences: Array, rng: np.random.Generator) -> float:
    """Return the two-sided p of a permutation of signs; exact for up to 13 differences."""
    from scipy.stats import permutation_test

    found = permutation_test(
        (differences, np.zeros_like(differences)),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
        rng=rng,
    )
    return float(found.pvalue)


def students_interval(differences: Array) -> Interval:
    """Return the mean of differences of trainings with Student's 95 % interval."""
    from scipy.stats import sem, t

    mean, error = float(differences.mean()), float(sem(differences))
    half = float(t.ppf(0.975, len(differences) - 1)) * error
    return Interval(mean - half, mean, mean + half)
