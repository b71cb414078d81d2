"""How a family's contexts are divided into training and test contexts, before there is a grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from rltransfer.contexts import ContextFeature, ContextSpace
from rltransfer.envs.env_file import SplitTable
from rltransfer.errors import InvalidContext

__all__ = ["INNER_60", "SplitPlan"]

Interval = tuple[float, float]
INNER_60 = "inner60"


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """A named, versioned division of a context space.

    Attributes:
        name, version: what results call it.
        source: where the intervals are from.
        train: for each feature of the split, the interval that training may see.
        test: for some of them, the intervals in which extrapolation is tested.
    """

    name: str
    version: int
    source: str
    train: Mapping[str, Interval] = field(hash=False)
    test: Mapping[str, tuple[Interval, ...]] = field(hash=False)

    def axes(self, space: ContextSpace, size: int) -> dict[str, list[float]]:
        """Return the values of each feature: `size` that training may see, as many to test on."""
        return {name: sorted(self._values(space[name], size)) for name in self.train}

    def _values(self, feature: ContextFeature, size: int) -> set[float]:
        low, high = self.train[feature.name]
        tails = [(feature.low, low), (high, feature.high)]
        tested = self.test.get(feature.name) or tuple(tail for tail in tails if tail[0] < tail[1])
        inside = spread(feature, (low, high), size)
        each = max(1, round(size / max(1, len(tested))))
        outside = [v for ends in tested for v in spread(feature, ends, each + 2)]
        return {*inside, *(v for v in outside if not low <= v <= high)}

    @classmethod
    def of_table(cls, name: str, table: SplitTable, space: ContextSpace) -> SplitPlan:
        """Check a table against the family's features.

        Raises:
            InvalidContext: if a feature is unknown or an interval leaves its range.
        """
        if name == INNER_60:
            raise InvalidContext(
                f"the split {INNER_60!r} is every family's own; take another name."
            )
        for key, interval in table.train.items():
            for low, high in (interval, *table.test.get(key, ())):
                space[key].validate(low)
                space[key].validate(high)
        if unknown := [key for key in table.test if key not in table.train]:
            raise InvalidContext(
                f"split {name!r} tests {unknown[0]!r}, which has no training interval: add it to "
                "'train'."
            )
        for key, tested in table.test.items():
            require_apart(name, key, table.train[key], tested)
        return cls(name, table.version, table.source, table.train, table.test)

    @classmethod
    def inner60(cls, space: ContextSpace) -> SplitPlan:
        """Return the split that every family has: the inner 60 % of each feature's scale trains."""
        low, high = space.from_unit([[0.2] * len(space), [0.8] * len(space)])
        train = {name: (low[name], high[name]) for name in space.names}
        source = "the inner 60 % of each feature on its scale; both tails are extrapolation"
        return cls(INNER_60, 1, source, train, {})

    def of(self, names: tuple[str, ...]) -> SplitPlan:
        """Return the same split of some of its features only.

        Raises:
            InvalidContext: if one is not divided by this split.
        """
        if unknown := [name for name in names if name not in self.train]:
            raise InvalidContext(
                f"split {self.name!r} does not divide {unknown[0]!r}; it divides "
                f"{', '.join(self.train)}."
            )
        train = {name: self.train[name] for name in names}
        test = {name: self.test[name] for name in names if name in self.test}
        return SplitPlan(self.name, self.version, self.source, train, test)


def spread(feature: ContextFeature, ends: Interval, size: int) -> list[float]:
    """Return `size` values of a feature between two, even on its scale, ends included."""
    low, high = feature.to_unit(ends)
    values = feature.from_unit(np.linspace(low, high, size) if size > 1 else [(low + high) / 2])
    return [float(value) for value in np.clip(values, *ends)]


def require_apart(split: str, feature: str, train: Interval, tested: tuple[Interval, ...]) -> None:
    """Refuse a test interval that overlaps what training may see."""
    for low, high in tested:
        if low < train[1] and train[0] < high:
            raise InvalidContext(
                f"split {split!r} tests {feature!r} in {low:g}…{high:g}, which overlaps its "
                f"training interval {train[0]:g}…{train[1]:g}."
            )
