"""How the gap grows with the distance between contexts: an asymmetric, saturating law.

Notation
    x, y       where a policy was trained, where it is used; on the unit cube, (d,)
    δ          x_j - y_j along feature j; δ⁺ and δ⁻ its parts above and below 0
    τ          widths at which a loss saturates
    a, b       losses per unit length where the training context lies above, below, >= 0
    t          difficulty: how much easier contexts become per unit length

    ΔJ(x, y) = Σ_j [ Σ_τ ( a_jτ min(δ⁺, τ) + b_jτ min(δ⁻, τ) ) + t_j (x_j - y_j) ]

The profile is the one of the default selector (`selection.matrix_gp.profile`). Here it is fitted
to gaps that are measured, by non-negative least squares and without a prior: a description, not
a forecast. With policies of one training context only, t cannot be told from a and b, but their
sum on each side can, and that is what is told. For intervals, whole policies are redrawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context, ContextSpace
from rltransfer.experiment.gap_study.row import PolicyRow
from rltransfer.experiment.gap_study.sides import Side, along, sides_of
from rltransfer.selection.matrix_gp.contrasts import non_negative
from rltransfer.selection.matrix_gp.profile import Profile, basis

__all__ = ["GapLaw", "displacements"]

Array = NDArray[np.float64]

LEAST_POINTS = 6
"""Gaps away from home that are needed for a fit."""

LEAST_POLICIES = 5
"""That are needed for intervals."""

RESAMPLES = 200


@dataclass(frozen=True, eq=False)
class GapLaw:
    """The fitted law.

    Attributes:
        features: the names of the features, d of them.
        profile: losses and difficulty.
        sides: the law told by feature and side, those that were measured.
        explained: the share of the gaps' variance that the law explains, R².
        error: root mean square of what it leaves, in units of the return.
        points: how many gaps it was fitted to.
    """

    features: tuple[str, ...]
    profile: Profile
    sides: tuple[Side, ...]
    explained: float
    error: float
    points: int

    @classmethod
    def fit(
        cls,
        rows: Sequence[PolicyRow],
        space: ContextSpace,
        targets: Sequence[Context],
        rng: np.random.Generator,
    ) -> GapLaw | None:
        """Fit the law to the mean gaps of policies on targets; None where too few are known.

        Args:
            rows: the policies.
            space: the features that vary.
            targets: complete contexts.
            rng: source of randomness of the intervals.
        """
        x, y, gaps, policy = displacements(rows, space, targets)
        if np.count_nonzero((x != y).any(axis=1)) < LEAST_POINTS:
            return None
        A, d = parts_of(x, y), len(space)
        profile = Profile.of(non_negative(A.T @ A, A.T @ gaps), d)
        left = gaps - predicted(profile, y - x)
        variance = float(np.var(gaps))
        redrawn = [Profile.of(c, d) for c in refitted(A, gaps, policy, rng)]
        return cls(
            features=space.names,
            profile=profile,
            sides=tuple(sides_of(profile, redrawn, space.names, y - x)),
            explained=1.0 - float(np.mean(left**2)) / variance if variance > 0 else 1.0,
            error=float(np.sqrt(np.mean(left**2))),
            points=len(gaps),
        )

    def along(self, j: int, apart: Array) -> Array:
        """Return ΔJ for contexts of use that lie `apart` above the training context along j."""
        return along(self.profile, j, apart)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "explained": self.explained,
            "error": self.error,
            "points": self.points,
            "sides": [asdict(side) for side in self.sides],
        }


def displacements(
    rows: Sequence[PolicyRow], space: ContextSpace, targets: Sequence[Context]
) -> tuple[Array, Array, Array, NDArray[np.intp]]:
    """Return every policy on every target that has a place.

    Returns:
        x (n, d) and y (n, d) on the unit cube, mean gaps (n,), numbers of the policies (n,).
    """
    Y = space.to_unit(targets)
    x = np.concatenate([row.places(space, targets) for row in rows])
    gaps = np.concatenate([row.gaps.mean(axis=1) for row in rows])
    known = np.isfinite(x).all(axis=1) & np.isfinite(gaps)
    policy = np.repeat(np.arange(len(rows)), len(Y))
    return x[known], np.tile(Y, (len(rows), 1))[known], gaps[known], policy[known]


def parts_of(x: Array, y: Array) -> Array:
    """Return the functions that a gap is made of at pairs (n, d), shape (n, P)."""
    homes, group = np.unique(x, axis=0, return_inverse=True)
    A = np.concatenate([at(home[None], y[group.ravel() == h]) for h, home in enumerate(homes)])
    return np.asarray(A[np.argsort(np.argsort(group.ravel(), kind="stable"))])


def at(x: Array, y: Array) -> Array:
    """Return h(x, x) - h(x, y) in its basis, for one x (1, d) and several y (n, d)."""
    return np.asarray(basis(x, x)[0] - basis(x, y)[0])


def predicted(profile: Profile, apart: Array) -> Array:
    """Return the law at displacements y - x (n, d), shape (n,)."""
    total = np.zeros(len(apart))
    for j, s in enumerate(apart.T):
        total += along(profile, j, s)
    return total


def refitted(
    A: Array, gaps: Array, policy: NDArray[np.intp], rng: np.random.Generator
) -> Iterator[Array]:
    """Yield the coefficients for redrawn policies; none where there are too few."""
    groups = [policy == number for number in np.unique(policy)]
    if len(groups) < LEAST_POLICIES:
        return
    grams = np.stack([A[g].T @ A[g] for g in groups])
    moments = np.stack([A[g].T @ gaps[g] for g in groups])
    for _ in range(RESAMPLES):
        times = np.bincount(rng.integers(len(groups), size=len(groups)), minlength=len(groups))
        yield non_negative(np.tensordot(times, grams, 1), times @ moments)
