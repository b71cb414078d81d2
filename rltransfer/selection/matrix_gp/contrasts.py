"""How returns differ between the targets of a policy, and how far that is known.

Notation
    k, M      trained sources, targets
    R         their returns, in units of their own spread, (k, M); R° = R - its rows' means
    h         profile of gap and difficulty (see `profile`), h° likewise centred
    Ω         covariance between rows, (k, k), of what the profile leaves
    g, b, ℓ   its parts: difficulties of the targets, kept by all rows; deviations of rows, alike
              where sources are near; s² noise of every entry

    R° = h° + E,   Ω = s² ( I + g² 11ᵀ + b² M_{3/2}(x, x'; ℓ) ),   columns of E independent

The coefficients are non-negative generalised least squares under a weak prior (a gap of one
spread per unit length), s² and the choice among the (g, b, ℓ) by marginal likelihood. Where many
targets are observed, a share of them is enough for that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from rltransfer.selection.matrix_gp.kernel import distances, matern
from rltransfer.selection.matrix_gp.profile import WIDTHS, Profile, basis

__all__ = ["RELATIONS", "Contrasts", "Relatedness", "regressed", "spread_out"]

Array = NDArray[np.float64]

ENTRIES = 2_500
"""Returns that the coefficients and the parts of Ω are fitted to, about."""

RIDGE = 1e-3
PRIOR_LOSS, PRIOR_WEIGHT = 1.5, 10.0
"""Of the gap that never saturates: spreads per unit length; weight in units of noisy entries."""


@dataclass(frozen=True)
class Relatedness:
    """The parts of Ω / s².

    Attributes:
        shared: g.
        local: b.
        length: ℓ, in the unit of `distances`.
    """

    shared: float
    local: float
    length: float

    def between(self, distance: Array) -> Array:
        """Return the covariance of rows whose sources are so far apart."""
        return self.shared**2 + self.local**2 * matern(distance, self.length)

    def own(self) -> float:
        """Return the variance of a row's entry."""
        return 1.0 + self.shared**2 + self.local**2


RELATIONS = tuple(
    Relatedness(shared, local, length)
    for shared, (local, length) in product(
        (0.0, 3.0), [(0.0, 1.0), *product((0.5, 2.0), (0.15, 0.4, 1.0))]
    )
)


@dataclass(frozen=True, eq=False)
class Contrasts:
    """The fitted model.

    Attributes:
        profile: h.
        relatedness: the parts of Ω.
        noise: s².
        sources: of the rows, (k, d).
        inverse: (Ω / s²)⁻¹, (k, k).
    """

    profile: Profile
    relatedness: Relatedness
    noise: float
    sources: Array
    inverse: Array

    @classmethod
    def fit(cls, X: Array, Y: Array, R: Array) -> Contrasts:
        """Fit to the rows R (k, M) of sources X (k, d) on targets Y (M, d)."""
        some = spread_out(Y, max(24, ENTRIES // len(X)))
        A = centred(basis(X, Y[some]))
        B, distance = centred(R[:, some]), distances(X, X)
        candidates = [Trial.of(relation, distance, A, B) for relation in RELATIONS]
        best = max(candidates, key=lambda trial: trial.evidence)
        return cls(
            Profile.of(best.coefficients, X.shape[1]), best.relatedness, best.noise, X, best.inverse
        )

    def split(self, r: Array, weights: Array) -> tuple[Array, None, Array]:
        """Take rows without profile, (k, M), apart.

        Args:
            r: the rows.
            weights: of the targets in a level, (M,), summing to 1.

        Returns:
            levels (k,); no error, for they are known; rest (k, M).
        """
        levels = r @ weights
        return levels, None, r - levels[:, None]

    def covariance(self) -> Array:
        """Return how far each rest tells of the trained rows themselves, (k, k): of one, all."""
        return np.eye(len(self.sources))

    def known(self, X: Array) -> tuple[Array, Array]:
        """Return what the trained rows tell of the rows of other sources.

        Returns:
            the covariance with each trained row, (n, k), for `left`; the weight of each trained
            row, (n, k).
        """
        C = self.relatedness.between(distances(X, self.sources))
        return C, C @ self.inverse

    def left(self, C: Array, W: Array, targets: NDArray[np.intp] | slice) -> Array:
        """Return the variance that is left of entries of other rows, (n, 1): on any target."""
        left = self.relatedness.own() - np.einsum("nk,nk->n", W, C)
        return np.asarray(self.noise * np.maximum(left, 1e-9))[:, None]


@dataclass(frozen=True, eq=False)
class Trial:
    """The fit under one relatedness of the rows."""

    relatedness: Relatedness
    coefficients: Array
    noise: float
    inverse: Array
    evidence: float

    @classmethod
    def of(cls, relation: Relatedness, distance: Array, A: Array, B: Array) -> Trial:
        """Fit coefficients and noise.

        Args:
            relation: of the rows.
            distance: between their sources, (k, k).
            A: contrasts of the basis, (k, m, P).
            B: contrasts of the returns, (k, m).
        """
        k, m, P = A.shape
        L = np.linalg.cholesky(np.eye(k) + relation.between(distance))
        whitener = np.linalg.inv(L)
        A = (whitener @ A.reshape(k, -1)).reshape(-1, P)
        b = (whitener @ B).ravel()
        count = k * (m - 1) + 2
        c, noise = regressed(A, b, count)
        evidence = -0.5 * count * math.log(noise) - (m - 1) * float(np.log(np.diag(L)).sum())
        return cls(relation, c, noise, whitener.T @ whitener, evidence)


def regressed(A: Array, b: Array, count: int) -> tuple[Array, float]:
    """Return the coefficients of whitened entries b (n,) on A (n, P), and their noise.

    Args:
        A: the basis.
        b: returns.
        count: degrees of freedom, those of the noise's prior among them.
    """
    gram, moment = A.T @ A, A.T @ b
    ridge, prior = priors(A.shape[1])
    noise = 0.0
    for _ in range(2):  # the prior counts as some noisy entries: the noise is found first
        precision = RIDGE + noise * ridge
        c = non_negative(gram + np.diag(precision), moment + precision * prior)
        noise = (float(np.sum((b - A @ c) ** 2)) + RIDGE) / count
    return c, noise


def priors(P: int) -> tuple[Array, Array]:
    """Return weight and mean of the coefficients' prior, each (P,); tilts have none."""
    d = P // (2 * len(WIDTHS) + 2)
    losses = 2 * d * len(WIDTHS)
    mean = np.zeros(P)
    mean[:losses].reshape(d, len(WIDTHS), 2)[:, -1] = PRIOR_LOSS
    return np.where(np.arange(P) < losses, PRIOR_WEIGHT, 0.0), mean


def non_negative(gram: Array, moment: Array) -> Array:
    """Return the c >= 0 that minimises c·gram·c / 2 - moment·c."""
    from scipy.optimize import nnls

    L = np.linalg.cholesky(gram + 1e-9 * np.trace(gram) / len(gram) * np.eye(len(gram)))
    return np.asarray(nnls(L.T, np.linalg.solve(L, moment))[0])


def centred(values: Array) -> Array:
    """Subtract the mean over targets, the second dimension."""
    return np.asarray(values - values.mean(axis=1, keepdims=True))


def spread_out(Y: Array, count: int) -> NDArray[np.intp]:
    """Return the indices of some targets from everywhere, whatever order they are listed in."""
    M = len(Y)
    if count >= M:
        return np.arange(M)
    golden = (np.arange(1, 4 * M) * 0.6180339887498949) % 1.0
    ranks = dict.fromkeys((golden * M).astype(int).tolist())
    return np.asarray(np.lexsort(Y.T[::-1])[list(ranks)[:count]])
