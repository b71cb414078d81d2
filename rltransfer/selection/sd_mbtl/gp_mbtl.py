"""GP-MBTL: MBTL for several features, as SD-MBTL publishes it.

Notation
    V      the return already reached on each target, (M,)
    beta   sqrt(log k) in round k

Picks
    1        the middle of the grid
    2, 3     the target that is served worst, argmin_y V(y)
    4 …      argmax_x mean_y max( mu(x) + beta · sigma(x) - gap(x, y) - V(y), 0 )
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rltransfer.selection.acquisition import exploration
from rltransfer.selection.base import (
    Proposal,
    first_best,
    require_complete,
    require_nothing_known,
    untrained,
)
from rltransfer.selection.sd_mbtl.gp import ConstantMeanGP
from rltransfer.selection.sd_mbtl.grid import Grid
from rltransfer.selection.sd_mbtl.slopes import SidedSlopes
from rltransfer.transfer import TransferMatrix

__all__ = ["GPMBTL"]

Array = NDArray[np.float64]

LEARNT = 3
"""From so many sources on, the acquisition decides."""


@dataclass(frozen=True)
class GPMBTL:
    """MBTL with a Gaussian process on grid indices and a slope for each side of each feature.

    A candidate that is no target stands for the target nearest to it.

    Attributes:
        score: the raw returns that are normalised to 0 and 1, before anything is fitted.
        surrogate: predicts the set points.
        choose: picks one of the open candidates by their scores. The published code takes the
            first in the order of NumPy's default sort, which among equals depends on the
            processor; ours is the lowest index.
    """

    score: tuple[float, float] = (0.0, 1.0)
    surrogate: ConstantMeanGP = field(default_factory=ConstantMeanGP)
    choose: Callable[[Array, NDArray[np.intp]], int] = first_best

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the next source; see `SourceTaskSelector`."""
        candidates = untrained(transfer)
        require_complete(transfer, "gp-mbtl")
        require_nothing_known(transfer, "gp-mbtl")
        grid = Grid.of(transfer)
        if not transfer.trained:
            index = grid.nearest(np.round(grid.X.mean(axis=0)), candidates)
            return Proposal(index, transfer.sources[index], "the middle of the grid")
        if len(transfer.trained) < LEARNT:
            served = transfer.best[grid.homes(transfer, range(len(grid.X)))]
            index = self.choose(-served, candidates)
            return Proposal(index, transfer.sources[index], "at the target that is served worst")
        return self._most_gain(grid, transfer)

    def _most_gain(self, grid: Grid, transfer: TransferMatrix) -> Proposal:
        low, high = self.score
        seen, at = transfer.scaled(low, high), grid.X[list(transfer.trained)]
        mu, sigma = self.surrogate.posterior(at, seen.set_points, grid.X)
        slopes = SidedSlopes.fit(at, grid.Y, seen.mean)
        U = mu + exploration(len(seen.trained) + 1) * sigma
        gain = (high - low) * slopes.expected_gain(U, grid.X, grid.Y, seen.best)
        index = self.choose(gain, untrained(transfer))
        set_point = low + (high - low) * float(mu[index])
        return Proposal(
            index=index,
            context=transfer.sources[index],
            reason=(
                f"largest expected gain {gain[index]:.3g} (set point {set_point:.3g} "
                f"± {(high - low) * sigma[index]:.2g})"
            ),
            predicted_set_point=set_point,
            predicted_gain=float(gain[index]),
            acquisition=gain,
        )
