"""Writing so seldom that it costs next to nothing: at most a fiftieth of the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Thrift"]

RESTS = 50
"""How many times as long as the last writing took nothing is written: then 2 % are not exceeded."""

FIRST = 0.05
"""Seconds that a writing takes before any is known."""


class Thrift:
    """Says when something may be written again.

    Args:
        clock: seconds; what they count from does not matter.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since, self._took = clock(), FIRST

    @property
    def due(self) -> bool:
        """Whether enough time has passed since the last writing."""
        return self._clock() - self._since >= RESTS * self._took

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Measure a writing."""
        began = self._clock()
        try:
            yield
        finally:
            self._since = self._clock()
            self._took = self._since - began
