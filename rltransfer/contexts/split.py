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

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ContextSplit:
    """A named division of contexts into three parts that share none.

    Attributes:
        name: what tables call the split.
        train: contexts that training may see.
        interpolation: held-out contexts among the training contexts, inside their range.
        extrapolation: contexts of which at least one feature lies outside the training range.
        version: of the intervals behind the name.
    """

    name: str
    train: tuple[Context, ...]
    interpolation: tuple[Context, ...]
    extrapolation: tuple[Context, ...]
    version: int = 1

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
        cls,
        name: str,
        grid: Sequence[Context],
        inner: Mapping[str, Interval],
        outer: Mapping[str, Sequence[Interval]] | None = None,
        version: int = 1,
    ) -> ContextSplit:
        """Divide a grid: inside the inner box every other context trains, as on a chessboard.

        Args:
            name: what tables call the split.
            grid: the contexts, in order.
            inner: for some features, the closed interval (low, high) that training may see.
            outer: for some of these, the intervals in which extrapolation is tested; contexts
                elsewhere are left out. Everything outside `inner` where nothing is said.
            version: of the intervals.
        """
        inside = [x for x in grid if all(within(x[f], [inner[f]]) for f in inner)]
        tested = {f: [inner[f], *intervals] for f, intervals in (outer or {}).items()}
        kept = [x for x in grid if all(within(x[f], tested[f]) for f in tested)]
        ranks = {f: {v: i for i, v in enumerate(sorted({x[f] for x in inside}))} for f in grid[0]}
        odd = {x: sum(ranks[f][x[f]] for f in x) % 2 for x in inside}
        return cls(
            name,
            train=tuple(x for x in inside if not odd[x]),
            interpolation=tuple(x for x in inside if odd[x]),
            extrapolation=tuple(x for x in kept if x not in odd),
            version=version,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the split as plain data for JSON or TOML."""
        parts = ("train", "interpolation", "extrapolation")
        return {
            "name": self.name,
            "version": self.version,
            **{part: [dict(x) for x in getattr(self, part)] for part in parts},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ContextSplit:
        """Read what `to_dict` returns."""
        train, interpolation, extrapolation = (
            tuple(Context(x) for x in data[part])
            for part in ("train", "interpolation", "extrapolation")
        )
        return cls(data["name"], train, interpolation, extrapolation, data["version"])

    @property
    def digest(self) -> str:
        """A hash (16 hex digits) of the whole split, the same on every machine."""
        return sha256(json.dumps(self.to_dict()).encode()).hexdigest()[:16]


def within(value: float, intervals: Sequence[Interval]) -> bool:
    """Say whether a value lies in one of the closed intervals."""
    return any(low <= value <= high for low, high in intervals)
