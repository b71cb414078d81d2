"""From problems to the members of their ensembles, and back.

Notation
    G, n    problems; members of each problem's ensemble. Members of one problem are neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from torch import Tensor

__all__ = ["gathered", "grouped", "spread"]

T = TypeVar("T")


def spread(values: Tensor, n: int) -> Tensor:
    """Return (G, B, …) repeated for each member, (G n, B, …)."""
    members = values[:, None].expand(-1, n, *values.shape[1:])
    return members.reshape(len(values) * n, *values.shape[1:])


def gathered(values: Tensor, n: int) -> Tensor:
    """Return the rows of all members of a problem side by side: (G n, B, …) to (G, n B, …)."""
    return values.reshape(len(values) // n, n * values.shape[1], *values.shape[2:])


def grouped(values: Sequence[T], n: int) -> list[tuple[T, ...]]:
    """Return G n values as G tuples of n."""
    return [tuple(values[i : i + n]) for i in range(0, len(values), n)]
