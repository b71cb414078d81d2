"""How much coverage a source is expected to win.

Notation
    J(y)     return of its policy on a target: normal, mean μ(y), standard deviation s
    V(y)     return reached on that target
    C(y)     ceiling: what no return of the family is expected to exceed, >= V(y)
    w        weights of the targets

    gain = Σ_y w E[ min(J(y), C(y)) - V(y) ]⁺ = Σ_y w ( EI(V) - EI(C) )
    EI(v) = (μ - v) Φ(z) + s φ(z),   z = (μ - v) / s              (Jones et al. 1998)

The ceiling matters where returns are bounded, as in tasks that end when they are solved: targets
already there would else promise gains for ever. It lies above the best return by `SLACK` times
what the best return is above the upper quartile of V: nothing, where a quarter is solved.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ceiling", "expected_gains", "expected_returns"]

Array = NDArray[np.float64]
SLACK = 3.0


def ceiling(V: Array) -> float:
    """Return C before it is raised to V, given the returns reached (M,)."""
    highest = float(V.max())
    return highest + SLACK * (highest - float(np.quantile(V, 0.75)))


def expected_gains(mean: Array, spread: Array, V: Array, top: float) -> Array:
    """Return E[min(J, C) - V]⁺ of every pair, shape (n, m).

    Args:
        mean: μ, (n, m).
        spread: s, (n, m), or (n, 1) where it is the same on all targets.
        V: (m,).
        top: of all ceilings.
    """
    s = np.broadcast_to(spread, mean.shape)
    gains = improvement(mean - V, s)
    C = np.maximum(V, top)
    high = mean - C > -4.0 * s  # below, less than 1e-5 s is cut off
    gains[high] -= improvement((mean - C)[high], s[high])
    return gains


def expected_returns(mean: Array, spread: Array, V: Array, top: float) -> Array:
    """Return E[min(J, C)] of every pair, shape (n, m); arguments as of `expected_gains`."""
    s = np.broadcast_to(spread, mean.shape)
    return np.asarray(mean - improvement(mean - np.maximum(V, top), s))


def improvement(distance: Array, s: Array) -> Array:
    """Return EI for a mean that is so far above what is to be improved on."""
    from scipy.special import ndtr

    z = distance / s
    gain = distance * ndtr(z)
    z *= z
    z *= -0.5
    density = np.exp(z, out=z)
    density *= s / np.sqrt(2.0 * np.pi)
    gain += density
    return np.asarray(gain)
