"""Toy transfer problems along one feature that a selector may meet in the lab.

Each family is a formula with random parameters: every draw is another instance, so that a
selector cannot be tuned to one. The shapes are ours; the linear one is the model of MBTL (Cho et
al. 2024).

Notation
    x, y     source and target on the unit interval; N contexts are both
    J        return of the policy trained on x, on the target y; of the order of 1
    (z)+     max(z, 0)
    U(p, q)  a uniform draw

The parameters are drawn before anything that depends on N, so a generator in the same state
gives the same instance on a finer grid (but for the trainings that fail, and the noise).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context, ContextFeature, ContextSpace
from rltransfer.transfer import TransferMatrix

__all__ = [
    "LINES",
    "Formula",
    "LineFamily",
    "asymmetric",
    "failing",
    "hard_targets",
    "humped",
    "linear",
    "saturating",
]

Array = NDArray[np.float64]
Formula = Callable[[Array, np.random.Generator], Array]
"""Draws an instance: J without noise, shape (N, N), on the positions (N,)."""


@dataclass(frozen=True)
class LineFamily:
    """Instances of a formula on an even grid, with noise in every entry.

    Attributes:
        formula: J without noise.
        size: N >= 2.
        noise: standard deviation of the noise.
    """

    formula: Formula
    size: int = 50
    noise: float = 0.02

    @cached_property
    def space(self) -> ContextSpace:
        """One feature, `position`, from 0 to 1."""
        return ContextSpace([ContextFeature("position", 0.5, 0.0, 1.0)])

    @cached_property
    def contexts(self) -> tuple[Context, ...]:
        """The N contexts, ascending; all are candidates and targets."""
        return self.space.grid(self.size)

    def draw(self, rng: np.random.Generator) -> Array:
        """Return the noisy J of another instance, shape (N, N)."""
        J = self.formula(np.linspace(0.0, 1.0, self.size), rng)
        return J + self.noise * rng.standard_normal(J.shape)

    def empty(self) -> TransferMatrix:
        """Return the matrix in which nothing is trained yet."""
        return TransferMatrix.empty(self.space, self.contexts, self.contexts)


def linear(u: Array, rng: np.random.Generator) -> Array:
    """J = 1 - a |x - y| + b x;  a ~ U(0.5, 2), b ~ U(-1, 1)."""
    a, b = rng.uniform(0.5, 2.0), rng.uniform(-1.0, 1.0)
    x, y = u[:, None], u
    return np.asarray(1.0 - a * np.abs(x - y) + b * x)


def humped(u: Array, rng: np.random.Generator) -> Array:
    """J = s(x) - a |x - y|, sources around c train best: s(x) = 1 + h exp(-(x - c)² / 2w²).

    a ~ U(0.5, 2), c ~ U(0.1, 0.9), w ~ U(0.08, 0.3), h ~ U(0.5, 1.5).
    """
    a, c = rng.uniform(0.5, 2.0), rng.uniform(0.1, 0.9)
    w, h = rng.uniform(0.08, 0.3), rng.uniform(0.5, 1.5)
    x, y = u[:, None], u
    return np.asarray(1.0 + h * bell(x, c, w) - a * np.abs(x - y))


def asymmetric(u: Array, rng: np.random.Generator) -> Array:
    """J = s(x) - a (x - y)+ - b (y - x)+: policies go well one way and badly the other.

    One slope ~ U(1, 3), the other ~ U(0, 0.5), in random order; s is `smooth`.
    """
    a, b = rng.permutation([rng.uniform(1.0, 3.0), rng.uniform(0.0, 0.5)])
    s = smooth(u, rng)[:, None]
    apart = u[:, None] - u
    return np.asarray(s - a * apart.clip(min=0.0) - b * (-apart).clip(min=0.0))


def saturating(u: Array, rng: np.random.Generator) -> Array:
    """J = s(x) exp(-|x - y| / l): beyond a few l a policy is as bad as it gets.

    l ~ U(0.04, 0.15); s is `smooth`.
    """
    length = rng.uniform(0.04, 0.15)
    s = smooth(u, rng)[:, None]
    return np.asarray(s * np.exp(-np.abs(u[:, None] - u) / length))


def failing(u: Array, rng: np.random.Generator) -> Array:
    """`linear`, but every training fails with probability 1/4, independently.

    The row of a failed one is a constant ~ U(-0.5, 0).
    """
    J = linear(u, rng)
    failed = rng.random(len(u)) < 0.25
    J[failed] = rng.uniform(-0.5, 0.0, len(u))[failed, None]
    return J


def hard_targets(u: Array, rng: np.random.Generator) -> Array:
    """J = s(x) - a |x - y| - Σ_i d_i exp(-(y - c_i)² / 2w_i²): dips that no source fills.

    One to three dips, c_i ~ U(0, 1), w_i ~ U(0.03, 0.1), d_i ~ U(0.5, 1.5); a ~ U(0.5, 2); s is
    `smooth`. The set point of a source in a dip is low although the source is no worse.
    """
    a, dips = rng.uniform(0.5, 2.0), rng.integers(1, 4)
    s, J = smooth(u, rng)[:, None], -a * np.abs(u[:, None] - u)
    for _ in range(dips):
        c, w, depth = rng.uniform(0.0, 1.0), rng.uniform(0.03, 0.1), rng.uniform(0.5, 1.5)
        J = J - depth * bell(u, c, w)
    return np.asarray(s + J)


def bell(u: Array, centre: float, width: float) -> Array:
    """Return exp(-(u - centre)² / 2 width²)."""
    return np.asarray(np.exp(-0.5 * ((u - centre) / width) ** 2))


def smooth(u: Array, rng: np.random.Generator) -> Array:
    """Return s(u) = 1 + Σ_{m=1..3} r_m / m · cos(π m u + φ_m), r_m ~ U(0, 0.5), φ_m ~ U(0, 2π).

    It lies between 0.08 and 1.92.
    """
    m = np.arange(1, 4)
    height, phase = rng.uniform(0.0, 0.5, 3) / m, rng.uniform(0.0, 2.0 * np.pi, 3)
    return np.asarray(1.0 + np.cos(np.pi * np.multiply.outer(u, m) + phase) @ height)


LINES: Mapping[str, Formula] = MappingProxyType(
    {
        "linear": linear,
        "humped": humped,
        "asymmetric": asymmetric,
        "saturating": saturating,
        "failing": failing,
        "hard targets": hard_targets,
    }
)
"""The formulas by name."""
