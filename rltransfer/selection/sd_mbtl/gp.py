"""The Gaussian process of GP-MBTL: constant mean, one length scale, learnt noise.

Notation
    X, y   grid indices (k, d) and set points (k,) of the trained sources
    m      mean
    l      length scale, common to the features
    s, n   variances of signal and noise
    K      s · E + n · I  with  E_ij = exp( -|x_i - x_j|² / (2 l²) )
    p      what is fitted: m and the numbers whose softplus is l, s and n - 1e-4

    -log p(y) / k = ( (y - m)ᵀ K⁻¹ (y - m) + log det K + k log 2π ) / (2 k)

The authors maximise this likelihood with Adam (step 0.1, at most 500 steps, until it changes by
less than 1e-5), beginning where the round before ended. A selector has no round before, so we
begin at their first point, p = 0, and use L-BFGS-B.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ConstantMeanGP"]

Array = NDArray[np.float64]
FLOOR = 1e-4  # the least noise variance
BOUNDS = ((None, None), (-5.0, 1e3), (-15.0, 1e6), (-15.0, 1e6))  # K can be factorised within


@dataclass(frozen=True)
class ConstantMeanGP:
    """Predicts set points from those observed.

    Attributes:
        steps: largest number of L-BFGS-B steps.
    """

    steps: int = 60

    def posterior(self, X: Array, y: Array, X_new: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation, noise included, of a policy's return, each (N,).

        Args:
            X: trained sources (k, d).
            y: their set points (k,), normalised.
            X_new: candidates (N, d).
        """
        from scipy.linalg import cho_factor, cho_solve

        mean, length, signal, noise = values(self._fit(squared_distances(X, X), y))
        K = signal * np.exp(-squared_distances(X, X) / (2.0 * length**2)) + noise * np.eye(len(y))
        k_new = signal * np.exp(-squared_distances(X_new, X) / (2.0 * length**2))
        factor = cho_factor(K)
        mu = mean + k_new @ cho_solve(factor, y - mean)
        explained = (k_new * cho_solve(factor, k_new.T).T).sum(axis=1)
        return mu, np.sqrt(np.maximum(signal + noise - explained, 0.0))

    def _fit(self, squared: Array, y: Array) -> Array:
        """Return p."""
        from scipy.optimize import minimize

        found = minimize(
            negative_log_likelihood,
            np.zeros(4),
            (squared, y),
            jac=True,
            method="L-BFGS-B",
            bounds=BOUNDS,
            options={"maxiter": self.steps},
        )
        return np.asarray(found.x)


def negative_log_likelihood(p: Array, squared: Array, y: Array) -> tuple[float, Array]:
    """Return -log p(y) / k and its gradient (4,), given squared distances (k, k)."""
    mean, length, signal, noise = values(p)
    k, residual = len(y), y - mean
    E = np.exp(-squared / (2.0 * length**2))
    L = np.linalg.cholesky(signal * E + noise * np.eye(k))
    L_inverse = np.linalg.inv(L)
    K_inverse = L_inverse.T @ L_inverse
    alpha = K_inverse @ residual
    value = residual @ alpha / 2.0 + np.log(np.diag(L)).sum() + k * np.log(2.0 * np.pi) / 2.0
    W = K_inverse - np.outer(alpha, alpha)  # twice the derivative by K
    slope = 1.0 / (1.0 + np.exp(-p[1:]))  # of softplus
    gradient = np.array(
        [
            -alpha.sum(),
            (W * E * squared).sum() * signal / length**3 / 2.0 * slope[0],
            (W * E).sum() / 2.0 * slope[1],
            np.trace(W) / 2.0 * slope[2],
        ]
    )
    return float(value) / k, gradient / k


def values(p: Array) -> tuple[float, float, float, float]:
    """Return m, l, s and n."""
    length, signal, noise = np.logaddexp(0.0, p[1:])
    return float(p[0]), float(length), float(signal), float(noise) + FLOOR


def squared_distances(A: Array, B: Array) -> Array:
    """Return |a - b|², shape (len(A), len(B)); exact for whole numbers."""
    squares = (A**2).sum(axis=1)[:, None] + (B**2).sum(axis=1) - 2.0 * A @ B.T
    return np.asarray(squares)
