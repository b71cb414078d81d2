"""What rows of the transfer matrix are expected of sources that are not trained yet.

Notation
    h, W       profile; what the rows of trained sources tell of another's, (n, k)
    r, y       rows without profile, (k, M): level y_i = mean_y r_i, and the rest r - y; where
               rows are partial, what is known of these (see `partial`)
    f          level of a source (see `levels`)

    J(x, y) = h(x, y) + Σ_i W_i(x) (r_i(y) - y_i) + f(x) + error

Everything is in units of the returns' spread around their mean, so that shifting and scaling all
returns changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltransfer.selection.matrix_gp.contrasts import Contrasts
from rltransfer.selection.matrix_gp.levels import Levels
from rltransfer.selection.matrix_gp.partial import PartialContrasts

__all__ = ["Forecast", "Rows"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Forecast:
    """The model, fitted to the rows of trained sources.

    Attributes:
        targets: Y, (M, d).
        contrasts: how targets differ.
        rest: r - y, (k, M), or what it is multiplied by W.
        levels: how sources differ.
        centre, scale: a return R of the model is centre + scale · R in the returns' own unit.
    """

    targets: Array
    contrasts: Contrasts | PartialContrasts
    rest: Array
    levels: Levels
    centre: float
    scale: float

    @classmethod
    def fit(
        cls, X: Array, Y: Array, J: Array, weights: Array, centre: float, scale: float
    ) -> Forecast:
        """Fit the model.

        Args:
            X: trained sources on the unit cube, (k, d).
            Y: targets, (M, d).
            J: returns, (k, M), NaN where not measured.
            weights: of the targets in a level, (M,), summing to 1.
            centre: a return that is 0 in the model's unit.
            scale: how many returns a unit is.
        """
        R = (J - centre) / scale
        model = PartialContrasts if np.isnan(R).any() else Contrasts
        contrasts = model.fit(X, Y, R)
        y, error, rest = contrasts.split(R - contrasts.profile.values(X, Y), weights)
        return cls(Y, contrasts, rest, Levels(X, y, error), centre, scale)

    def trained(self) -> Array:
        """Return what is expected of the trained sources' own entries, (k, M).

        For those that were not measured: of the others it is the measured return, up to how far
        levels are smoothed.
        """
        X, covariance = self.contrasts.sources, self.contrasts.covariance()
        R = self.contrasts.profile.values(X, self.targets) + covariance @ self.rest
        R += self.levels.smoothed()[:, None]
        return np.asarray(self.centre + self.scale * R)

    def rows(self, X: Array) -> Rows:
        """Forecast the rows of sources X (n, d), in the returns' own unit."""
        level, variance = self.levels.forecast(X)
        return Rows(self, X, *self.contrasts.known(X), level, variance)


@dataclass(frozen=True, eq=False)
class Rows:
    """Forecast rows of n sources.

    Attributes:
        forecast: where they come from.
        sources: X, (n, d).
        covariances: with the rows of trained sources, (n, k).
        weights: W, (n, k).
        levels: expected f, (n,), in the model's unit.
        variances: of f, (n,), likewise.
    """

    forecast: Forecast
    sources: Array
    covariances: Array
    weights: Array
    levels: Array
    variances: Array

    def __len__(self) -> int:
        return len(self.sources)

    def __getitem__(self, some: NDArray[np.intp] | slice) -> Rows:
        parts = (self.sources, self.covariances, self.weights, self.levels, self.variances)
        return Rows(self.forecast, *(part[some] for part in parts))

    def means(self, targets: NDArray[np.intp] | slice = slice(None)) -> Array:
        """Return the expected returns on some targets, (n, m)."""
        model = self.forecast
        R = model.contrasts.profile.values(self.sources, model.targets[targets])
        R += self.weights @ model.rest[:, targets]
        R += self.levels[:, None]
        return np.asarray(model.centre + model.scale * R)

    def spread(self, targets: NDArray[np.intp] | slice = slice(None)) -> Array:
        """Return the standard deviation of entries, (n, m), or (n, 1) if the same on all."""
        left = self.forecast.contrasts.left(self.covariances, self.weights, targets)
        return np.asarray(self.forecast.scale * np.sqrt(self.variances[:, None] + left))

    @property
    def level_spread(self) -> Array:
        """The part of it that is common to a whole row, (n,)."""
        return np.asarray(self.forecast.scale * np.sqrt(self.variances))
