"""Gaussian processes for the set point J(π_x; x), over the candidates.

Notation
    k        number of trained sources
    X, y     inputs (k, d) and set points (k,) of the trained sources
    X_new    inputs of all candidates (N, d)
    c, l     signal variance and length scales (d,) of the kernel
    alpha    noise variance added to the kernel's diagonal

    kernel(x, x') = c · exp( -Σ_j (x_j - x'_j)² / (2 l_j²) )

The algebra is scikit-learn's (Rasmussen and Williams 2006, algorithm 2.1).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LiteralGP", "SetPointGP"]

Array = NDArray[np.float64]
Objective = Callable[..., tuple[float, Array]]


@dataclass(frozen=True)
class SetPointGP:
    """The default surrogate: unit-cube inputs, standardised outputs, a deterministic fit.

    The set points are centred on their mean and divided by a scale given from outside. The
    logarithms of c and l are fitted by maximum a posteriori from one start, with a bounded
    number of steps: a normal prior on them keeps two or three observations from claiming that
    the set point is constant, or pure noise.

    Attributes:
        length: median of the prior of each length scale, times sqrt(d), in unit lengths.
        variance: median of the prior of c, in squared scales.
        looseness: standard deviation of both priors, in log units.
        noise: standard deviation of a set point under repeated training, in scales.
        steps: largest number of L-BFGS-B steps.
    """

    length: float = 0.5
    variance: float = 1.0
    looseness: float = 1.0
    noise: float = 0.1
    steps: int = 15

    def posterior(self, X: Array, y: Array, X_new: Array, scale: float) -> tuple[Array, Array]:
        """Return mean and standard deviation of the set points, each (N,), in units of y.

        Args:
            X: trained sources on the unit cube, (k, d).
            y: their set points, (k,).
            X_new: candidates on the unit cube, (N, d).
            scale: the typical size of differences of returns, > 0.
        """
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel

        d = X.shape[1]
        kernel = ConstantKernel(self.variance, (1e-4, 1e4)) * RBF(
            np.full(d, self.length * np.sqrt(d)), (1e-3, 1e3)
        )
        z = (y - y.mean()) / scale
        mu, sigma = fit_predict(
            kernel, X, z, X_new, alpha=self.noise**2, optimizer=self._maximum_a_posteriori
        )
        return y.mean() + scale * mu, scale * sigma

    def _maximum_a_posteriori(
        self, negative_log_likelihood: Objective, start: Array, bounds: Array
    ) -> tuple[Array, float]:
        """Minimise the negative log posterior of the log hyper-parameters from the prior's mode."""
        from scipy.optimize import minimize

        def negative_log_posterior(theta: Array) -> tuple[float, Array]:
            value, gradient = negative_log_likelihood(theta)
            step = (theta - start) / self.looseness
            return value + 0.5 * float(step @ step), gradient + step / self.looseness

        found = minimize(
            negative_log_posterior,
            start,
            jac=True,
            bounds=bounds,
            method="L-BFGS-B",
            options={"maxiter": self.steps},
        )
        return found.x, found.fun


@dataclass(frozen=True)
class LiteralGP:
    """The surrogate as MBTL's published code sets it: zero mean, one length scale, restarts.

    ConstantKernel(1, 1e-3…1e3) · RBF(1, 1e-2…1e2), noise variance 0.1², outputs as they are.

    Attributes:
        seed: of the restarts, which the authors leave to the global random state.
        restarts: how many random starts the likelihood is maximised from, besides the first.
    """

    seed: int = 0
    restarts: int = 9

    def posterior(self, X: Array, y: Array, X_new: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation of the set points, each (N,)."""
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel

        return fit_predict(
            ConstantKernel(1.0, (1e-3, 1e3)) * RBF(1.0, (1e-2, 1e2)),
            X,
            y,
            X_new,
            alpha=0.1**2,
            n_restarts_optimizer=self.restarts,
            random_state=self.seed,
        )


def fit_predict(
    kernel: Any, X: Array, y: Array, X_new: Array, **settings: Any
) -> tuple[Array, Array]:
    """Fit a Gaussian process and return its mean and standard deviation at X_new."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor

    with warnings.catch_warnings():
        # with a handful of points the best hyper-parameters often lie on their bounds
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = GaussianProcessRegressor(kernel, **settings).fit(X, y)
        mu, sigma = model.predict(X_new, return_std=True)
    return mu, sigma
