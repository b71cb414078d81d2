"""How a problem looks at recorded data: its discount, and how much other contexts count.

Notation
    u(x)    a context on the unit cube
    h       bandwidth of the similarity of contexts, on the unit cube
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltransfer.data import Transitions
from rltransfer.training.head_start import HeadStart
from rltransfer.training.offline.samples import ProblemData, Samples
from rltransfer.training.problem import TrainingProblem

__all__ = ["DataView"]

LEAST = 1e-3
"""How much the data of the farthest context count at least, against those of the own context."""


@dataclass(frozen=True)
class DataView:
    """The same for all stages of a chain, so that they agree on what the data mean.

    Attributes:
        gamma: the discount.
        bandwidth: h; transitions of context x count exp(-‖u(x) - u(own)‖² / 2h²). None: all
            count equally.
    """

    gamma: float = 0.99
    bandwidth: float | None = None

    def of(self, problem: TrainingProblem, data: Transitions) -> ProblemData:
        """Return what the problem has to learn from.

        Raises:
            InvalidDataset: if the data do not fit the problem's spaces, or are too few.
        """
        return ProblemData.of(problem, data, self.gamma, self.weights(problem, data))

    def samples(
        self, problems: Sequence[TrainingProblem], starts: Sequence[HeadStart], stage: str
    ) -> Samples:
        """Return the data of all problems; `stage` is named if one has none."""
        parts = [
            self.of(problem, start.need_data(stage))
            for problem, start in zip(problems, starts, strict=True)
        ]
        return Samples(parts)

    def weights(self, problem: TrainingProblem, data: Transitions) -> NDArray[np.float64] | None:
        """Return how much each transition counts, shape (T,); None for equally."""
        own = problem.context
        if self.bandwidth is None or own is None:
            return None
        units = problem.env.space.to_unit([own, *data.contexts])
        squares = np.square(units[1:] - units[0]).sum(axis=1)
        kernel = np.maximum(np.exp(-squares / (2.0 * self.bandwidth**2)), LEAST)
        return np.asarray(kernel[data.context_index])
