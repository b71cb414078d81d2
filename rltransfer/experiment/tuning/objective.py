"""What settings are worth over contexts and seeds, and what can be said of it on the way.

Notation
    C, S       contexts; seeds, that is trainings in each context
    k          cells, one training each, in the order of training: k = s C + c, from 0
    u_k        score of cell k: mean return of its policy, 0 at the family's low and 1 at its high
    L          looks at a policy while it is trained
    w_{k,l}    best score at the first l looks of cell k
    ρ          of scores so far: the mean over seeds in each context, then over contexts, or over
               the worst share of them (conditional value at risk)

    value of a trial                 ρ(u_0, …, u_{CS-1})
    its intermediate value           v_{k,l} = ρ(u_0, …, u_{k-1}, w_{k,l}) at step k L + l, l < L
                                     v_{k,L} = ρ(u_0, …, u_k)

All trials have the same cells in the same order and with the same seeds, so that two of them differ
in their settings alone, also at each step on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rltransfer.experiment.tuning.record import Cell
from rltransfer.training.online import LOOKS
from rltransfer.transfer.statistics import cvar

__all__ = ["Objective"]


@dataclass(frozen=True)
class Objective:
    """Turns the returns of trainings into numbers to maximise.

    Attributes:
        contexts: C.
        seeds: S.
        worst: the share of the contexts that counts, the worst ones; 1 for all of them.
        low, high: the returns that count as 0 and 1.
    """

    contexts: int
    seeds: int
    worst: float
    low: float
    high: float

    @property
    def cells(self) -> int:
        """How many trainings a trial takes."""
        return self.contexts * self.seeds

    @property
    def steps(self) -> int:
        """How many intermediate values a complete trial has, at most."""
        return self.cells * LOOKS

    def score(self, value: float) -> float:
        """Return a mean return as a score."""
        return (value - self.low) / (self.high - self.low)

    def value(self, scores: Sequence[float]) -> float:
        """Return ρ of the first scores u_0, u_1, …, at least one."""
        begun = min(self.contexts, len(scores))
        means = [float(np.mean(scores[c :: self.contexts])) for c in range(begun)]
        return float(np.mean(means)) if self.worst == 1.0 else cvar(means, 1.0 - self.worst)

    def values(self, cells: Sequence[Cell], total: int) -> Iterator[tuple[int, float]]:
        """Yield (step, v) of cells in order, as far as they go.

        Args:
            cells: all but the last are finished.
            total: environment steps of each training, by which looks are counted.
        """
        before: list[float] = []
        for k, cell in enumerate(cells):
            for look, score in self.looks(cell, total):
                yield k * LOOKS + look, self.value([*before, score])
            if cell.mean is None:
                return
            before.append(self.score(cell.mean))
            yield (k + 1) * LOOKS, self.value(before)

    def looks(self, cell: Cell, total: int) -> Iterator[tuple[int, float]]:
        """Yield (l, w) of the looks before the last, one for each l that has any."""
        best: dict[int, float] = {}
        highest = -np.inf
        for steps, value in cell.looks:
            highest = max(highest, self.score(value))
            best.setdefault(int(steps * LOOKS / total), highest)
        yield from ((look, w) for look, w in best.items() if 1 <= look < LOOKS)

    def until(self, cells: Sequence[Cell], step: int, total: int) -> tuple[Cell, ...]:
        """Return cells cut off after a step.

        Args:
            cells: in order.
            step: of an intermediate value.
            total: environment steps of each training.
        """
        whole, look = divmod(step, LOOKS)
        if not look:
            return tuple(cells[:whole])
        last = cells[whole]
        looks = tuple(seen for seen in last.looks if int(seen[0] * LOOKS / total) <= look)
        return (
            *cells[:whole],
            Cell(looks=looks, mean=None, steps=looks[-1][0], seconds=last.seconds),
        )
