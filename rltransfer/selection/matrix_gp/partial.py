"""Contrasts where rows are partial: what was not measured is left out, not filled in.

Notation (see `contrasts` and `cells`)
    n       number of measured entries
    l       what all entries of a row have in common, (k,), under a flat prior
    r       rows without profile; α_y = P_y (r_y - l) of their measured entries
    Z, G    row indicators of the whitened entries; Zᵀ Z = Σ_y P_y, what is known of l, times s²

    R = h + l + E on the measured entries,   column y of E is normal with Ω on O_y

Integrating l out is what centring a complete row does, so coefficients, noise and evidence are
those of `contrasts` where nothing is missing. The level of a row is still its mean over all
targets, of which the ones not measured are forecast:

    level   E[ l + Σ_y w e(y) ] = l̂ + Ω Σ_y w α_y
    error   s² [ (I - Ω Σ w P_y) G⁻¹ (I - Ω Σ w P_y)ᵀ + Σ w² (Ω - Ω P_y Ω) ]
    rest    α_y - Σ_y w α_y, of which another row is told Ω(x, ·) times as much
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltransfer.selection.matrix_gp.cells import Cells, Whitened
from rltransfer.selection.matrix_gp.contrasts import (
    ENTRIES,
    RELATIONS,
    Relatedness,
    regressed,
    spread_out,
)
from rltransfer.selection.matrix_gp.kernel import distances
from rltransfer.selection.matrix_gp.profile import Profile, basis

__all__ = ["PartialContrasts"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PartialContrasts:
    """The fitted model of rows of which only some entries were measured.

    Attributes:
        profile: h.
        relatedness: the parts of Ω.
        noise: s².
        sources: of the rows, (k, d).
        omega: Ω / s², (k, k).
        whitened: the measured entries of all targets under it.
    """

    profile: Profile
    relatedness: Relatedness
    noise: float
    sources: Array
    omega: Array
    whitened: Whitened

    @classmethod
    def fit(cls, X: Array, Y: Array, R: Array) -> PartialContrasts:
        """Fit to rows R (k, M), NaN where not measured, of sources X (k, d) on targets Y (M, d)."""
        measured, distance = ~np.isnan(R), distances(X, X)
        some = telling(Y, measured)
        cells, A, B = Cells.of(measured[:, some]), basis(X, Y[some]), R[:, some]
        trials = [PartialTrial.of(relation, distance, cells, A, B) for relation in RELATIONS]
        best = max(trials, key=lambda trial: trial.evidence)
        omega = np.eye(len(X)) + best.relatedness.between(distance)
        return cls(
            profile=Profile.of(best.coefficients, X.shape[1]),
            relatedness=best.relatedness,
            noise=best.noise,
            sources=X,
            omega=omega,
            whitened=Cells.of(measured).whitened(omega),
        )

    def split(self, r: Array, weights: Array) -> tuple[Array, Array, Array]:
        """Take rows without profile, (k, M), apart; for the formulas see the module.

        Args:
            r: the rows, NaN where not measured.
            weights: of the targets in a level, (M,), summing to 1.

        Returns:
            levels (k,); the covariance of their errors (k, k); rest (k, M).
        """
        Z, k = self.whitened.indicators(), len(r)
        once, twice = weighted_gram(Z, weights), weighted_gram(Z, weights**2)
        inverse = np.linalg.inv(Z.T @ Z)
        common = inverse @ (Z.T @ self.whitened(r))
        alpha = self.whitened.solved(r - common[:, None])
        carried = alpha @ weights
        keep = np.eye(k) - self.omega @ once
        missed = float(np.sum(weights**2)) * self.omega - self.omega @ twice @ self.omega
        error = self.noise * (keep @ inverse @ keep.T + missed)
        return common + self.omega @ carried, error, alpha - carried[:, None]

    def covariance(self) -> Array:
        """Return Ω / s², (k, k): how far each rest tells of the trained rows themselves."""
        return self.omega

    def known(self, X: Array) -> tuple[Array, Array]:
        """Return the covariance of other rows with the trained ones, twice, each (n, k).

        The first is for `left`, the second says how much of each rest another row has.
        """
        C = self.relatedness.between(distances(X, self.sources))
        return C, C

    def left(self, C: Array, W: Array, targets: NDArray[np.intp] | slice) -> Array:
        """Return the variance that is left of entries of other rows, (n, m)."""
        left = self.relatedness.own() - self.whitened.explained(C, targets)
        return np.asarray(self.noise * np.maximum(left, 1e-9))


@dataclass(frozen=True, eq=False)
class PartialTrial:
    """The fit under one relatedness of the rows."""

    relatedness: Relatedness
    coefficients: Array
    noise: float
    evidence: float

    @classmethod
    def of(
        cls, relation: Relatedness, distance: Array, cells: Cells, A: Array, B: Array
    ) -> PartialTrial:
        """Fit coefficients and noise.

        Args:
            relation: of the rows.
            distance: between their sources, (k, k).
            cells: which entries were measured.
            A: the basis, (k, m, P).
            B: returns, (k, m).
        """
        whitened = cells.whitened(np.eye(len(distance)) + relation.between(distance))
        Z = whitened.indicators()
        G = Z.T @ Z
        empty = np.diag(G) == 0.0  # rows that were not measured on any of these targets
        G[empty, empty] = 1.0
        count = int(cells.there.sum() - np.count_nonzero(~empty)) + 2
        c, noise = regressed(without(Z, G, whitened(A)), without(Z, G, whitened(B)), count)
        volume = whitened.log_volume() + 0.5 * float(np.linalg.slogdet(G)[1])
        return cls(relation, c, noise, -0.5 * count * math.log(noise) - volume)


def telling(Y: Array, measured: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return targets from everywhere on which about `ENTRIES` entries were measured."""
    seen = np.flatnonzero(measured.any(axis=0))
    each = measured.sum() / len(seen)
    return np.asarray(seen[spread_out(Y[seen], max(24, int(ENTRIES / each)))])


def without(Z: Array, G: Array, values: Array) -> Array:
    """Take out of values, (n,) or (n, P), what Z (n, k) explains, with Zᵀ Z = G."""
    return np.asarray(values - Z @ np.linalg.solve(G, Z.T @ values))


def weighted_gram(Z: Array, weights: Array) -> Array:
    """Return Σ_y w P_y, given the indicators (M s, k) and the weights (M,)."""
    each = np.repeat(weights, len(Z) // len(weights))
    return np.asarray(Z.T @ (each[:, None] * Z))
