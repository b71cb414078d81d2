"""What a return depends on besides the level of its policy: the gap, and the target's difficulty.

Notation
    X, Y      sources (n, d), targets (m, d) on the unit cube
    δ         x_j - y_j, of source and target along feature j
    τ         width at which a gap saturates: short, middle, or never
    a, b      losses per unit length where the source lies above (δ > 0) and below, (d, T), >= 0
    t         tilts of the difficulty, return per unit length of the target, (d,)

    h(x, y) = Σ_j [ t_j (y_j - ½) - Σ_τ ( a_jτ min(δ⁺, τ) + b_jτ min(δ⁻, τ) ) ]

Sums of saturating hinges are all concave, piecewise linear losses that stop growing at one of the
widths; the sides are free of one another. A loss that is negative on one side (a target above its
source gains) needs no term of its own: δ⁻ = δ⁺ - x + y, so tilt and level absorb it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["WIDTHS", "Profile", "basis"]

Array = NDArray[np.float64]

WIDTHS = (0.1, 0.3, 1.0)
"""τ, in unit lengths."""


@dataclass(frozen=True, eq=False)
class Profile:
    """h, for given coefficients.

    Attributes:
        losses: a and b, shape (d, T, 2), >= 0.
        tilts: t, shape (d,).
    """

    losses: Array
    tilts: Array

    @classmethod
    def of(cls, coefficients: Array, d: int) -> Profile:
        """Read the coefficients of `basis`, shape (P,), all >= 0."""
        losses, up, down = np.split(coefficients, [2 * d * len(WIDTHS), -d])
        return cls(losses.reshape(d, len(WIDTHS), 2), up - down)

    def values(self, X: Array, Y: Array) -> Array:
        """Return h of every pair, shape (n, m)."""
        total = np.broadcast_to((Y - 0.5) @ self.tilts, (len(X), len(Y))).copy()
        for j, losses in enumerate(self.losses):
            if losses.any():
                total -= looked_up(X[:, j], Y[:, j], losses)
        return total


def basis(X: Array, Y: Array) -> Array:
    """Return the functions that h is made of, shape (n, m, P), P = 2 d T + 2 d.

    In the order of `Profile.of`: the losses' negative hinges, then the tilts up, then down.
    """
    columns = []
    for j in range(X.shape[1]):
        delta = X[:, None, j] - Y[:, j]
        for width in WIDTHS:
            columns += [-np.clip(delta, 0.0, width), -np.clip(-delta, 0.0, width)]
    tilts = [np.broadcast_to(y - 0.5, (len(X), len(Y))) for y in Y.T]
    return np.stack([*columns, *tilts, *(-tilt for tilt in tilts)], axis=-1)


def looked_up(x: Array, y: Array, losses: Array) -> Array:
    """Return the loss along one feature, (n, m): once for each pair of values, if they repeat."""
    xs, to_x = np.unique(x, return_inverse=True)
    ys, to_y = np.unique(y, return_inverse=True)
    if 2 * len(xs) * len(ys) > len(x) * len(y):
        return lost(x[:, None] - y, losses)
    return np.asarray(lost(xs[:, None] - ys, losses)[np.ix_(to_x, to_y)])


def lost(delta: Array, losses: Array) -> Array:
    """Return the loss at gaps δ of one feature, in their shape."""
    total = np.zeros(delta.shape)
    for width, (above, below) in zip(WIDTHS, losses, strict=True):
        if above:
            total += above * np.clip(delta, 0.0, width)
        if below:
            total -= below * np.clip(delta, -width, 0.0)
    return total
