"""How a family's contexts are divided into training and test contexts, before there is a grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rltransfer.contexts import ContextSpace
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

    @classmethod
    def of_table(cls, name: str, table: SplitTable, space: ContextSpace) -> SplitPlan:
        """Check a table against the family's features.

        Raises:
            InvalidContext: if a feature is unknown or an interval leaves its range.
        """
        for key, interval in table.train.items():
            for low, high in (interval, *table.test.get(key, ())):
                space[key].validate(low)
                space[key].validate(high)
        if unknown := [key for key in table.test if key not in table.train]:
            raise InvalidContext(
                f"split {name!r} tests {unknown[0]!r}, which has no training interval: add it to "
                "'train'."
            )
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
