"""One matrix to select on, and what random and the oracle reach on it.

Notation
    N      contexts; all are candidates and targets
    K      rounds
    V_k    coverage after k sources; a curve is V_1 … V_K
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context, ContextSpace
from rltransfer.selection import (
    SequentialOracle,
    SourceTaskSelector,
    equidistant_curve,
    replay,
)
from rltransfer.transfer import TransferMatrix

__all__ = ["Instance"]

Array = NDArray[np.float64]
ORDERS = 200


@dataclass(frozen=True, eq=False)
class Instance:
    """One matrix to select on.

    Attributes:
        truth: J, shape (N, N).
        space: the varied features.
        contexts: the N contexts.
        rounds: K.
    """

    truth: Array
    space: ContextSpace
    contexts: tuple[Context, ...]
    rounds: int

    def select(self, selector: SourceTaskSelector) -> TransferMatrix:
        """Return the matrix after K rounds of a selector."""
        return replay(selector, self.truth, self.space, self.contexts, self.contexts, self.rounds)

    def evenly_spaced(self) -> Array:
        """Return the coverage of even spacing, planned anew for every k."""
        return equidistant_curve(self.truth, self.space, self.contexts, self.contexts, self.rounds)

    @cached_property
    def oracle(self) -> Array:
        """The curve of the sequential oracle of this matrix."""
        return self.select(SequentialOracle(self.truth)).coverage_curve()

    @cached_property
    def random(self) -> Array:
        """The mean curve of 200 random orders."""
        rng, n = np.random.default_rng(0), len(self.truth)
        orders = rng.permuted(np.tile(np.arange(n), (ORDERS, 1)), axis=1)
        best, curve = np.full((ORDERS, n), -np.inf), []
        for picks in orders.T[: self.rounds]:
            np.maximum(best, self.truth[picks], out=best)
            curve.append(best.mean())
        return np.array(curve)
