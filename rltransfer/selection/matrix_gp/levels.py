"""How good a policy is on the whole: the level of its row, over the sources.

Notation
    X, y      trained sources (k, d); levels of their rows, what the profile does not explain (k,)
    c         a level that all have in common, with a wide prior
    a, ℓ      amplitude and length of a smooth part (Matérn-3/2)
    l         amplitude of a trend, linear in every feature
    n         luck of a training
    σ²        scale of all parts together; inverse gamma prior, so y is Student's t
    E         covariance of the errors of y, where rows are partial (see `partial`), (k, k)

    y ~ c + σ ( a GP(ℓ) + l u·(x - ½) 2/√d + n ε ),     σ² ~ IG(ν/2, ν/2)

The mixture over the hypotheses (a, ℓ, l, n), each with its marginal likelihood in closed form,
takes the place of maximising anything: three rows do not choose between trend, hill and luck. E
is known as such and not in units of σ²; it is put in them by the σ² expected, found in two rounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rltransfer.selection.matrix_gp.kernel import distances, matern

__all__ = ["Levels"]

Array = NDArray[np.float64]

COMMON = 100.0
"""Variance of c, in units of the spread of the returns."""

FREEDOM = 2.0
"""ν."""

ROUNDS = 2
"""In which E is put in units of σ²."""


@dataclass(frozen=True)
class Hypothesis:
    """What levels may be made of, and how probable that is before anything is seen."""

    smooth: float
    length: float
    trend: float
    luck: float
    prior: float

    def covariance(self, kernel: Array, products: Array) -> Array:
        """Return the covariance / σ² of levels without luck, in the shape of the arguments.

        Args:
            kernel: between sources, Matérn-3/2 of this length; 1 of a source with itself.
            products: between their trends, (x - ½)·(z - ½) 4/d.
        """
        C = COMMON + self.smooth**2 * kernel
        if self.trend:
            C += self.trend**2 * products
        return np.asarray(C)


LENGTHS = (0.3, 1.0, 2.0)
LUCK = ((0.03, 0.4), (0.3, 0.3), (1.0, 0.3))
"""Standard deviation of the luck, in units of the other parts, and its prior."""

HYPOTHESES = (
    Hypothesis(0.0, 1.0, 0.0, 1.0, 0.1 / 0.8),
    *(Hypothesis(1.0, ell, 0.0, n, 0.1 / 0.8 * p) for ell in LENGTHS for n, p in LUCK),
    *(Hypothesis(0.0, 1.0, 1.0, n, 0.2 / 0.8 * p) for n, p in LUCK),
    *(Hypothesis(1.0, ell, 2.0, n, 0.1 / 0.8 * p) for ell in (0.3, 1.0) for n, p in LUCK),
)
"""Luck alone; hills; a trend; a trend with hills."""


@dataclass(frozen=True, eq=False)
class Levels:
    """Levels of trained sources.

    Attributes:
        sources: X.
        values: y.
        error: E; None where levels are known.
    """

    sources: Array
    values: Array
    error: Array | None = None

    @cached_property
    def _fits(self) -> list[tuple[Hypothesis, Array, float, float]]:
        """Each hypothesis with its inverse covariance (k, k), σ² and log probability."""
        X, y, k = self.sources, self.values, len(self.values)
        kernels, products = related(X, X)
        fits = []
        for hypothesis in HYPOTHESES:
            K = hypothesis.covariance(kernels[hypothesis.length], products)
            K[np.diag_indices(k)] += hypothesis.luck**2
            K = self._with_error(K)
            inverse = np.asarray(np.linalg.inv(K), dtype=np.float64)
            square = float(y @ inverse @ y) + FREEDOM
            log = np.log(hypothesis.prior) - 0.5 * (k + FREEDOM) * np.log(square)
            log -= 0.5 * np.linalg.slogdet(K)[1]
            fits.append((hypothesis, inverse, square / (k + FREEDOM), float(log)))
        return fits

    def _with_error(self, K: Array) -> Array:
        """Return the covariance / σ² of levels as they are known, given that of the levels."""
        if self.error is None:
            return K
        k, noisy = len(K), K
        for _ in range(ROUNDS):
            square = float(self.values @ np.linalg.solve(noisy, self.values)) + FREEDOM
            noisy = K + self.error * (k + FREEDOM) / square
        return noisy

    @cached_property
    def probabilities(self) -> Array:
        """How probable each hypothesis is, (H,)."""
        logs = np.array([log for *_, log in self._fits])
        odds = np.exp(logs - logs.max())
        return np.asarray(odds / odds.sum())

    def forecast(self, X: Array) -> tuple[Array, Array]:
        """Return mean and variance of the levels of other sources, each (n,).

        Each Student's t enters with the square of its scale as variance.
        """
        kernels, products = related(X, self.sources)
        one, squares = np.ones(len(X)), 4.0 / X.shape[1] * ((X - 0.5) ** 2).sum(axis=1)
        mean, square = np.zeros(len(X)), np.zeros(len(X))
        for p, (hypothesis, inverse, scale, _) in zip(self.probabilities, self._fits, strict=True):
            C = hypothesis.covariance(kernels[hypothesis.length], products)
            W = C @ inverse
            here = W @ self.values
            own = hypothesis.covariance(one, squares) + hypothesis.luck**2
            variance = scale * np.maximum(own - np.einsum("nk,nk->n", W, C), 1e-6)
            mean += p * here
            square += p * (variance + here**2)
        return mean, np.maximum(square - mean**2, 1e-12)

    def smoothed(self) -> Array:
        """Return what is expected of the levels of the trained sources themselves, (k,).

        They are the values, unless those have errors.
        """
        kernels, products = related(self.sources, self.sources)
        mean = np.zeros(len(self.values))
        for p, (hypothesis, inverse, _, _) in zip(self.probabilities, self._fits, strict=True):
            K = hypothesis.covariance(kernels[hypothesis.length], products)
            K[np.diag_indices(len(K))] += hypothesis.luck**2
            mean += p * (K @ inverse @ self.values)
        return mean


def related(X: Array, Z: Array) -> tuple[dict[float, Array], Array]:
    """Return kernels of all lengths, and products of the trends, between sources, (n, k) each."""
    distance = distances(X, Z)
    products = 4.0 / X.shape[1] * (X - 0.5) @ (Z - 0.5).T
    return {length: matern(distance, length) for length in LENGTHS}, products
