"""Statistics of returns: robust means, tails, bootstrap intervals and comparisons.

Notation
    x        returns; the axes are named in each function
    strata   what is never mixed by resampling: tasks, or target contexts
    n        number of values
    B        number of bootstrap resamples
    alpha    the share of the best values that a tail mean leaves out

Every function is pure: randomness comes in as a `numpy.random.Generator`, and the same
generator state gives the same numbers.

References:
    Agarwal et al. 2021, Deep RL at the Edge of the Statistical Precipice (IQM, stratified
    bootstrap, probability of improvement).
    Rockafellar and Uryasev 2002, Conditional value-at-risk for general loss distributions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Interval",
    "Statistic",
    "bootstrap_means",
    "cvar",
    "interval",
    "iqm",
    "paired_comparison",
    "probability_of_improvement",
    "stratified_bootstrap",
]

Array = NDArray[np.float64]
CHUNK = 2**21  # resampled values held in memory at once


class Interval(NamedTuple):
    """An estimate and the ends of its confidence interval."""

    low: float
    estimate: float
    high: float


class Statistic(Protocol):
    """What can be bootstrapped: `iqm`, `numpy.mean`, `numpy.median`."""

    def __call__(self, x: Array, /, *, axis: int) -> Array:
        """Reduce one axis of x."""
        ...


def iqm(x: ArrayLike, *, axis: int | None = None) -> Array:
    """Interquartile mean: the mean of what remains without the lowest and highest quarter.

    Args:
        x: values; a quarter of n is rounded down to a whole number of values.
        axis: the axis to reduce; None reduces all of them to a number.
    """
    values = np.asarray(x, dtype=np.float64)
    values = values.ravel() if axis is None else np.moveaxis(values, axis, -1)
    n = values.shape[-1]
    cut = n // 4
    ordered = np.partition(values, sorted({cut, n - 1 - cut}), axis=-1)
    return np.asarray(ordered[..., cut : n - cut].mean(axis=-1))


def cvar(x: ArrayLike, alpha: float) -> float:
    """Conditional value at risk: the mean of the worst (1 - alpha) share of the values.

    A share that is not a whole number of values takes part of the last one. Average over the
    episodes of a context first, if x is to describe contexts.

    Args:
        x: values, any shape; low is bad.
        alpha: 0 is the mean; towards 1 it becomes the minimum.

    Raises:
        ValueError: unless 0 <= alpha < 1.
    """
    if not 0.0 <= alpha < 1.0:
        raise ValueError(f"alpha must lie in [0, 1); got {alpha}.")
    ordered = np.sort(np.asarray(x, dtype=np.float64), axis=None)
    share = (1.0 - alpha) * len(ordered)
    weights = np.clip(share - np.arange(len(ordered)), 0.0, 1.0)
    return float(weights @ ordered / share)


def probability_of_improvement(x: ArrayLike, y: ArrayLike) -> float:
    """P(X > Y) + P(X = Y) / 2 over all pairs of runs, averaged over strata.

    Args:
        x: values of one method, shape (runs,) or (strata, runs).
        y: values of the other; same number of strata, any number of runs.
    """
    X, Y = (np.atleast_2d(np.asarray(v, dtype=np.float64)) for v in (x, y))
    difference = np.sign(X[:, :, None] - Y[:, None, :])
    return float(((1.0 + difference) / 2.0).mean())


def stratified_bootstrap(
    x: ArrayLike,
    statistic: Statistic,
    rng: np.random.Generator,
    resamples: int = 2000,
    confidence: float = 0.95,
) -> Interval:
    """Percentile bootstrap interval of a statistic of all values of x.

    Args:
        x: shape (strata, samples): samples are redrawn within each stratum; or shape
            (seeds, targets, episodes): seeds are redrawn as wholes, then episodes within
            each redrawn seed and target.
        statistic: reduces the last axis of an array (B, n) that holds one resample per row.
        rng: source of randomness.
        resamples: B.
        confidence: probability that the interval should hold the true value.
    """
    values = np.asarray(x, dtype=np.float64)
    replicates = np.concatenate(
        [
            np.asarray(statistic(drawn.reshape(len(drawn), -1), axis=-1))
            for drawn in resampled(values, rng, resamples)
        ]
    )
    low, high = interval(replicates, confidence)
    estimate = np.asarray(statistic(values.reshape(1, -1), axis=-1))
    return Interval(float(low), float(estimate[0]), float(high))


def bootstrap_means(x: ArrayLike, rng: np.random.Generator, resamples: int = 2000) -> Array:
    """Return bootstrap replicates, shape (B, strata), of each stratum's mean.

    Args:
        x: shape (strata, samples).
        rng: source of randomness.
        resamples: B.
    """
    values = np.asarray(x, dtype=np.float64)
    return np.concatenate([drawn.mean(axis=-1) for drawn in resampled(values, rng, resamples)])


def paired_comparison(
    x: ArrayLike,
    y: ArrayLike,
    rng: np.random.Generator,
    resamples: int = 2000,
    confidence: float = 0.95,
) -> Interval:
    """Bootstrap interval of the mean of x - y, pairs kept together.

    Args:
        x: shape (pairs,) or (strata, pairs): the same seeds or contexts, in the same order,
        y: as those of y.
        rng: source of randomness.
        resamples: B.
        confidence: probability that the interval should hold the true difference.

    Raises:
        ValueError: if the shapes differ, for then nothing is paired.
    """
    X, Y = (np.asarray(v, dtype=np.float64) for v in (x, y))
    if X.shape != Y.shape:
        raise ValueError(f"a paired comparison needs equal shapes; got {X.shape} and {Y.shape}.")
    return stratified_bootstrap(np.atleast_2d(X - Y), np.mean, rng, resamples, confidence)


def interval(replicates: Array, confidence: float = 0.95) -> Array:
    """Return the lower and upper percentiles, shape (2, ...), of replicates (B, ...)."""
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie in (0, 1); got {confidence}.")
    tail = (1.0 - confidence) / 2.0
    return np.asarray(np.quantile(replicates, [tail, 1.0 - tail], axis=0))


def resampled(x: Array, rng: np.random.Generator, resamples: int) -> Iterator[Array]:
    """Yield stacks of resamples of x, shape (b, *x.shape), B in all, a bounded number at once."""
    if x.ndim not in DRAWS or x.size == 0:
        raise ValueError(
            "a stratified bootstrap needs values of shape (strata, samples) or "
            f"(seeds, targets, episodes); got {x.shape}."
        )
    step = max(1, CHUNK // x.size)
    for start in range(0, resamples, step):
        yield DRAWS[x.ndim](x, rng, min(step, resamples - start))


def draw_samples(x: Array, rng: np.random.Generator, b: int) -> Array:
    """Redraw the samples of x (strata, samples) within each stratum, b times."""
    strata, samples = x.shape
    chosen = rng.integers(samples, size=(b, strata, samples))
    return x[np.arange(strata)[:, None], chosen]


def draw_seeds_and_episodes(x: Array, rng: np.random.Generator, b: int) -> Array:
    """Redraw seeds of x (seeds, targets, episodes), then episodes, b times."""
    seeds, targets, episodes = x.shape
    seed = rng.integers(seeds, size=(b, seeds))
    episode = rng.integers(episodes, size=(b, seeds, targets, episodes))
    return x[seed[:, :, None, None], np.arange(targets)[:, None], episode]


DRAWS = {2: draw_samples, 3: draw_seeds_and_episodes}
