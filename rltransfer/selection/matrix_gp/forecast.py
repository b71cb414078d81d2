"""What rows of the transfer matrix are expected of sources that are not trained yet.

Notation
    h, W       profile; what the rows of trained sources tell of another's, (n, k)
    r, y       rows without profile, (k, M): level y_i = mean_y r_i, and the rest r - y
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

__all__ = ["Forecast", "Rows"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Forecast:
    """The model, fitted to the rows of trained sources.

    Attributes:
        targets: Y, (M, d).
        contrasts: how targets differ.
        rest: r - y, (k, M).
        levels: how sources differ.
        centre, scale: a return R of the model is centre + scale · R in the returns' own unit.
    """

    targets: Array
    contrasts: Contrasts
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
            J: returns, (k, M).
            weights: of the targets in a level, (M,), summing to 1.
            centre: a return that is 0 in the model's unit.
            scale: how many returns a unit is.
        """
        R = (J - centre) / scale
        contrasts = Contrasts.fit(X, Y, R)
        rest = R - contrasts.profile.values(X, Y)
        y = rest @ weights
        return cls(Y, contrasts, rest - y[:, None], Levels(X, y), centre, scale)

    def rows(self, X: Array) -> Rows:
        """Forecast the rows of sources X (n, d), in the returns' own unit."""
        level, variance = self.levels.forecast(X)
        weights, left = self.contrasts.known(X)
        spread, level_spread = self.scale * np.sqrt(variance + left), self.scale * np.sqrt(variance)
        return Rows(self, X, weights, level, spread, level_spread)


@dataclass(frozen=True, eq=False)
class Rows:
    """Forecast rows of n sources.

    Attributes:
        forecast: where they come from.
        sources: X, (n, d).
        weights: W, (n, k).
        levels: expected f, (n,), in the model's unit.
        spread: standard deviation of each entry, (n,).
        level_spread: the part of it that is common to a whole row, (n,).
    """

    forecast: Forecast
    sources: Array
    weights: Array
    levels: Array
    spread: Array
    level_spread: Array

    def __len__(self) -> int:
        return len(self.sources)

    def __getitem__(self, some: NDArray[np.intp] | slice) -> Rows:
        parts = (self.sources, self.weights, self.levels, self.spread, self.level_spread)
        return Rows(self.forecast, *(part[some] for part in parts))

    def means(self, targets: NDArray[np.intp] | slice = slice(None)) -> Array:
        """Return the expected returns on some targets, (n, m)."""
        model = self.forecast
        R = model.contrasts.profile.values(self.sources, model.targets[targets])
        R += self.weights @ model.rest[:, targets]
        R += self.levels[:, None]
        return np.asarray(model.centre + model.scale * R)
