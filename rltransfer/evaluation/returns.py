"""The returns of a policy in some targets.

Notation
    M    target contexts
    E    episodes per target
    J    returns, shape (M, E): undiscounted sums of rewards over an episode
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Returns"]


@dataclass(frozen=True, slots=True)
class Returns:
    """Returns J and lengths in steps of the same episodes, both of shape (M, E)."""

    returns: NDArray[np.float64]
    lengths: NDArray[np.int64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean return per target, shape (M,)."""
        return np.asarray(self.returns.mean(axis=1))
