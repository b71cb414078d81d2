"""The gradient steps of an offline stage in segments; see `segments`. Imports torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from rltransfer.training.conditions import conditions
from rltransfer.training.kept import Kept
from rltransfer.training.segment_seeds import reseed_all
from rltransfer.training.segments import Memory, Segments

__all__ = ["Strides"]


class Strides:
    """Goes through the steps of some problems; each has a generator, seeded anew with every stride.

    Args:
        seeds: of each problem.
        segments: keeps what is learnt between two strides; nothing by default.

    Attributes:
        rngs: the generators.
    """

    def __init__(
        self, seeds: Sequence[np.random.SeedSequence], segments: Segments | None = None
    ) -> None:
        self._seeds = seeds
        self._segments = segments if segments is not None else Segments()
        self.rngs = [np.random.default_rng(seed) for seed in seeds]

    @property
    def seconds(self) -> float:
        """Each problem's share of the time so far."""
        return self._segments.seconds / len(self._seeds)

    def of(self, steps: int, length: int, **parts: Kept) -> Iterator[range]:
        """Yield the steps from where they were kept, or from 0, at most `length` of them at once.

        Args:
            steps: all of them.
            length: of a stride.
            parts: all that the steps change, but for the generators.

        Raises:
            Interrupted: between two strides, if somebody asked the training to stop.
        """
        memory = Memory(parts)
        self._segments.under(conditions())
        number = self._segments.restore(memory)
        while number * length < steps:
            if number > 0:
                reseed_all(self.rngs, self._seeds, number)
            yield range(number * length, min((number + 1) * length, steps))
            number += 1
            if number * length < steps:
                self._segments.keep(number, memory)
