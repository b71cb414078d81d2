"""Which contexts training may see, and which are held out inside and outside of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from rltransfer.contexts.context import Context
from rltransfer.errors import InvalidContext

__all__ = ["ContextSplit"]


@dataclass(frozen=True, slots=True)
class ContextSplit:
    """A named division of contexts into three parts that share none.

    Attributes:
        name: what tables call the split.
        train: contexts that training may see.
        interpolation: held-out contexts among the training contexts, inside their range.
        extrapolation: contexts of which at least one feature lies outside the training range.
    """

    name: str
    train: tuple[Context, ...]
    interpolation: tuple[Context, ...]
    extrapolation: tuple[Context, ...]

    def __post_init__(self) -> None:
        contexts = self.train + self.interpolation + self.extrapolation
        if len(set(contexts)) != len(contexts):
            raise InvalidContext(
                f"the parts of split {self.name!r} must not share contexts, nor repeat one."
            )
        if not self.train:
            raise InvalidContext(
                f"split {self.name!r} has no training context: widen its training range, "
                "or use a finer grid."
            )

    @classmethod
    def of_grid(
        cls, name: str, grid: Sequence[Context], inner: Mapping[str, tuple[float, float]]
    ) -> ContextSplit:
        """Divide a grid: inside the inner box every other context trains, as on a chessboard.

        Args:
            name: what tables call the split.
            grid: the contexts, in order.
            inner: for some features, the closed interval (low, high) that training may see.
        """
        inside = [x for x in grid if all(low <= x[f] <= high for f, (low, high) in inner.items())]
        ranks = {f: {v: i for i, v in enumerate(sorted({x[f] for x in inside}))} for f in grid[0]}
        odd = {x: sum(ranks[f][x[f]] for f in x) % 2 for x in inside}
        return cls(
            name,
            train=tuple(x for x in inside if not odd[x]),
            interpolation=tuple(x for x in inside if odd[x]),
            extrapolation=tuple(x for x in grid if x not in odd),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the split as plain data for JSON or TOML."""
        parts = ("train", "interpolation", "extrapolation")
        return {
            "name": self.name,
            **{part: [dict(x) for x in getattr(self, part)] for part in parts},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ContextSplit:
        """Read what `to_dict` returns."""
        parts = ("train", "interpolation", "extrapolation")
        return cls(data["name"], *(tuple(Context(x) for x in data[part]) for part in parts))

    @property
    def digest(self) -> str:
        """A hash (16 hex digits) of the whole split, the same on every machine."""
        return sha256(json.dumps(self.to_dict()).encode()).hexdigest()[:16]
