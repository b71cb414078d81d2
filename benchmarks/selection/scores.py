"""Scores of finished cells, with bootstrap intervals.

Notation
    F, S    families of a panel, seeds that are finished in all of them
    s       score, shape (F, S): see `cells`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from cells import Cell, path_of
from families import FAMILIES, Family
from numpy.typing import NDArray

from rltransfer.transfer.statistics import Interval, paired_comparison, stratified_bootstrap

Array = NDArray[np.float64]


class Score(NamedTuple):
    """A mean score, its 95 % interval, and the number of seeds S behind it."""

    mean: float
    low: float
    high: float
    seeds: int

    @classmethod
    def of(cls, interval: Interval, seeds: int) -> Score:
        """Return an interval with its number of seeds."""
        return cls(interval.estimate, interval.low, interval.high, seeds)


@dataclass(frozen=True, eq=False)
class Scores:
    """The finished cells of some contenders.

    Attributes:
        names: the contenders, as in the registry.
        seeds: the cells read are those of seeds 0 … seeds - 1.
    """

    names: Sequence[str]
    seeds: int

    @cached_property
    def cells(self) -> dict[tuple[Family, str, int], Cell]:
        """What is finished."""
        keys = ((f, name, s) for f in FAMILIES for name in self.names for s in range(self.seeds))
        return {key: Cell.read(path) for key in keys if (path := path_of(*key)).exists()}

    def table(self, families: Sequence[Family], names: Sequence[str]) -> Array:
        """Return the scores, shape (names, F, S), of the seeds that all of them have."""
        common = [
            seed
            for seed in range(self.seeds)
            if all((f, name, seed) in self.cells for f in families for name in names)
        ]
        scores = [
            [[self.cells[f, name, seed].score for seed in common] for f in families]
            for name in names
        ]
        return np.array(scores)

    def shared(self, families: Sequence[Family], names: Sequence[str]) -> list[Family]:
        """Return the families in which all of some contenders have finished a seed."""
        return [family for family in families if self.table([family], names).size]

    def mean(self, families: Sequence[Family], name: str) -> Score | None:
        """Return the mean over families and seeds; None if a family has nothing in common.

        The bootstrap redraws the seeds within each family.
        """
        s = self.table(families, [name])[0]
        if not s.size:
            return None
        return Score.of(stratified_bootstrap(s, np.mean, np.random.default_rng(0)), s.shape[1])

    def advantage(self, families: Sequence[Family], ours: str, other: str) -> Score | None:
        """Return the mean of s(ours) - s(other), instances kept together."""
        s = self.table(families, [ours, other])
        if not s.size:
            return None
        return Score.of(paired_comparison(s[0], s[1], np.random.default_rng(0)), s.shape[2])

    def advantage_elsewhere(
        self, families: Sequence[Family], ours: str, other: str
    ) -> Score | None:
        """Return the same with an interval that redraws the families too: for other matrices."""
        s = self.table(families, [ours, other])
        if not s.size:
            return None
        difference = (s[0] - s[1])[:, None, :]  # the bootstrap's seeds are our families
        found = stratified_bootstrap(difference, np.mean, np.random.default_rng(0))
        return Score.of(found, s.shape[2])

    def milliseconds(self, families: Sequence[Family], name: str) -> float | None:
        """Return the median CPU time of a decision."""
        seconds = [
            cell.seconds
            for (family, contender, _), cell in self.cells.items()
            if contender == name and family in families and cell.seconds is not None
        ]
        return 1000.0 * float(np.median(seconds)) if seconds else None
