"""A number measured on several training seeds, with an interval where seeds allow one.

Notation
    S, M, E   numbers of seeds, targets, episodes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rltransfer.transfer import Interval, paired_comparison, stratified_bootstrap

__all__ = ["Estimate"]

RESAMPLES = 1000


@dataclass(frozen=True)
class Estimate:
    """The mean over seeds, and its 95 % bootstrap interval.

    Attributes:
        value: the mean over seeds.
        low, high: ends of the interval; None with one seed, which says nothing about others.
        per_seed: the number of each seed, length S, in the order of the study's seeds.
    """

    value: float
    low: float | None
    high: float | None
    per_seed: tuple[float, ...]

    @classmethod
    def of_seeds(cls, values: ArrayLike, rng: np.random.Generator) -> Estimate:
        """Estimate from one number per seed, shape (S,): seeds are redrawn."""
        numbers = np.asarray(values, dtype=np.float64)
        if len(numbers) == 1:
            return cls.of_one(float(numbers[0]))
        bounds = stratified_bootstrap(numbers[None], np.mean, rng, RESAMPLES)
        return cls.within(bounds, numbers)

    @classmethod
    def of_episodes(cls, returns: ArrayLike, rng: np.random.Generator) -> Estimate:
        """Estimate the mean of returns (S, M, E): seeds are redrawn, then episodes in each."""
        values = np.asarray(returns, dtype=np.float64)
        if len(values) == 1:
            return cls.of_one(float(values.mean()))
        bounds = stratified_bootstrap(values, np.mean, rng, RESAMPLES)
        return cls.within(bounds, values.mean(axis=(1, 2)))

    @classmethod
    def of_pairs(cls, x: ArrayLike, y: ArrayLike, rng: np.random.Generator) -> Estimate:
        """Estimate x - y from one number per seed in each, shape (S,): pairs are redrawn."""
        X, Y = (np.asarray(v, dtype=np.float64) for v in (x, y))
        if len(X) == 1:
            return cls.of_one(float(X[0] - Y[0]))
        return cls.within(paired_comparison(X, Y, rng, RESAMPLES), X - Y)

    @classmethod
    def of_one(cls, value: float) -> Estimate:
        """Return the number of a single seed, without an interval."""
        return cls(value, None, None, (value,))

    @classmethod
    def within(cls, bounds: Interval, values: ArrayLike) -> Estimate:
        """Return the estimate with these bounds and these numbers per seed."""
        return cls(bounds.estimate, bounds.low, bounds.high, tuple(map(float, np.asarray(values))))

    def scaled(self, low: float, high: float) -> Estimate:
        """Return the estimate on the scale on which `low` is 0 and `high` is 1."""
        span = high - low
        return Estimate(
            value=(self.value - low) / span,
            low=None if self.low is None else (self.low - low) / span,
            high=None if self.high is None else (self.high - low) / span,
            per_seed=tuple((value - low) / span for value in self.per_seed),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "per_seed": list(self.per_seed),
        }
