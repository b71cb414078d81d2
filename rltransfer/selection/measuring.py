"""On which targets a new policy is measured, where measuring it on all of them costs too much.

Notation
    x, y     the new source; a target
    J        return of its policy on y as `matrix-gp` forecasts it, cut off at the ceiling of `gain`
    V(y)     return reached on y as far as is known: measured or, where nobody was, forecast
    w, c     weight of a target; cost of measuring a policy on it

    worth(y) = w ( E[max(V, J)] - max(V, E[J]) ) / c = w ( E[J - V]⁺ - [E[J] - V]⁺ ) / c

Without a measurement y is served by whoever is expected to do better; with one, by whoever does.
The worth is the difference, the value of information (Howard 1966) of one entry, and largest where
the new policy may or may not be the better one. It sees one step ahead: what a measurement tells
the model for later picks is not in it. So it decides about half of the targets only, and the other
half comes from everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltransfer.errors import InvalidExperiment
from rltransfer.selection.matrix_gp.gain import expected_gains, expected_returns
from rltransfer.selection.matrix_gp.outlook import Outlook, first_in_space
from rltransfer.selection.matrix_gp.selector import positive
from rltransfer.selection.pending import homes
from rltransfer.transfer import TransferMatrix

__all__ = ["Measuring", "measured_in_part"]

Array = NDArray[np.float64]
DIGITS = 12  # distances that agree to so many decimals are equal


@dataclass(frozen=True)
class Measuring:
    """A number of targets for each policy, chosen by what measuring it there is worth.

    The policy's own context, or the target nearest to it, comes first; then the targets on which
    it is worth most, up to half of all; then each as far as may be from those before it. In the
    first round nothing is known to be worth anything, and all come from everywhere.

    Attributes:
        count: on how many targets a policy is measured; on all where there are fewer.
        weights: of the targets, in their order; all alike if empty.
        costs: of measuring a policy on each target; all alike if empty. Worth per cost decides.
    """

    count: int
    weights: tuple[float, ...] = ()
    costs: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.count < 1:
            raise InvalidExperiment(
                f"a policy must be measured on at least 1 target; got {self.count}."
            )

    @classmethod
    def part_of(cls, measure: float, targets: int) -> Measuring:
        """Return the rule for a share of so many targets (below 1), or for a number of them.

        Raises:
            InvalidExperiment: if it is neither.
        """
        whole = 1.0 <= measure <= targets and float(measure).is_integer()
        if not whole and not 0.0 < measure < 1.0:
            raise InvalidExperiment(
                "measure must be a share of the targets between 0 and 1, such as 0.25, or a whole "
                f"number of them from 1 to {targets}; got {measure:g}."
            )
        return cls(int(measure) if whole else math.ceil(measure * targets))

    def choose(self, transfer: TransferMatrix, source: int) -> tuple[int, ...]:
        """Return the targets to measure a policy on, ascending; a pure function.

        Args:
            transfer: what is known before.
            source: the index of the candidate that the policy is trained on.

        Raises:
            InvalidExperiment: if weights or costs do not fit the targets.
        """
        M = len(transfer.targets)
        if self.count >= M:
            return tuple(range(M))
        Y, home = transfer.units_targets, int(homes(transfer, np.array([source]))[0])
        worthy = [home]
        if len(transfer.placed[0]):
            worth = self.worth(transfer, source)
            worth[home] = np.inf
            order = np.lexsort([*Y.T[::-1], -worth])
            worthy = order[: (self.count + 1) // 2].tolist()
        return tuple(sorted(spread_from(Y, worthy, self.count)))

    def worth(self, transfer: TransferMatrix, source: int) -> Array:
        """Return what measuring a policy on each target is worth, per cost, (M,)."""
        M = len(transfer.targets)
        weights, costs = (
            positive(name, getattr(self, name), M, "target", "measuring")
            for name in ("weights", "costs")
        )
        outlook = Outlook.of(transfer, weights / weights.sum())
        rows = outlook.forecast.rows(transfer.units_sources[[source]])
        mean, spread, V, top = rows.means(), rows.spread(), outlook.V, outlook.top
        told = expected_gains(mean, spread, V, top)
        untold = np.maximum(expected_returns(mean, spread, V, top) - V, 0.0)
        return np.asarray(np.maximum(told - untold, 0.0)[0] * weights / costs)


def measured_in_part(transfer: TransferMatrix, source: int, measuring: Measuring) -> TransferMatrix:
    """Return the matrix as if a source had returned 0 wherever it would be measured.

    It is what selectors are asked with, before a study, whether they can go on from part of a row.
    """
    targets = measuring.choose(transfer, source)
    return transfer.learn(source, np.zeros((len(targets), 1)), measured=targets)


def spread_from(Y: Array, first: list[int], count: int) -> list[int]:
    """Return the first targets and more: each farthest from those before it, L1, of Y (M, d)."""
    chosen, everywhere = list(first), np.arange(len(Y))
    apart = np.min([np.abs(Y - Y[y]).sum(axis=1) for y in chosen], axis=0)
    while len(chosen) < count:
        chosen.append(first_in_space(apart.round(DIGITS), everywhere, Y))
        apart = np.minimum(apart, np.abs(Y - Y[chosen[-1]]).sum(axis=1))
    return chosen
