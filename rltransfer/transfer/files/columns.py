"""One feature of the contexts as a file holds it: a number or a word for every source and target.

Notation
    N, M   numbers of sources and targets
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rltransfer.errors import InvalidTransferMatrix

__all__ = ["LARGEST", "NUMBERS", "FeatureColumn", "labels"]

NUMBERS = "iuf"
"""NumPy's kinds of real numbers; True and False are words, as they are in a CSV file."""

LARGEST = 1e100
"""Numbers beyond this are taken for infinite: their squares and sums must be numbers, too."""


@dataclass(frozen=True, eq=False)
class FeatureColumn:
    """The values of one feature.

    Attributes:
        name: as the file spells it.
        sources, targets: shapes (N,) and (M,); both float64 where all are numbers, else words.
    """

    name: str
    sources: NDArray[Any]
    targets: NDArray[Any]

    @classmethod
    def of(cls, name: str, sources: ArrayLike, targets: ArrayLike) -> FeatureColumn:
        """Take the values as numbers if all are numbers, else as words.

        Raises:
            InvalidTransferMatrix: if a number is not finite.
        """
        values = [np.asarray(sources), np.asarray(targets)]
        if not all(array.dtype.kind in NUMBERS for array in values):
            return cls(name, *(array.astype(str) for array in values))
        numbers = [array.astype(np.float64) + 0.0 for array in values]  # -0.0 becomes 0.0
        for role, array in zip(("source", "target"), numbers, strict=True):
            if not (usable := np.abs(array) <= LARGEST).all():
                index = int(np.flatnonzero(~usable)[0])
                raise InvalidTransferMatrix(
                    f"feature {name!r} of {role} {index} must be a finite number; "
                    f"got {array[index]}."
                )
        return cls(name, *numbers)

    @property
    def is_numeric(self) -> bool:
        """Whether the values are numbers."""
        return self.sources.dtype.kind == "f"

    @cached_property
    def values(self) -> NDArray[Any]:
        """The different values over sources and targets, ascending."""
        return np.unique(np.concatenate([self.sources, self.targets]))


def labels(columns: Sequence[FeatureColumn], role: str) -> tuple[str, ...]:
    """Return each context in words, such as `length=0.7, ground=ice`.

    Args:
        columns: the features.
        role: "sources" or "targets".
    """
    described = [
        [f"{column.name}={in_words(value)}" for value in getattr(column, role)]
        for column in columns
    ]
    return tuple(", ".join(parts) for parts in zip(*described, strict=True))


def in_words(value: Any) -> str:
    """Return a number with six digits at most, or the word."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
