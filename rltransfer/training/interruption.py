"""A wish to stop, which a training hears between two rollouts or a few hundred gradient steps.

    interruption = Interruption()
    signal.signal(signal.SIGTERM, lambda number, frame: interruption.ask())
    Trainer(stages).train(problem, seed, checkpoints=folder, interruption=interruption)

A training that is asked finishes its segment, keeps it, and raises `Interrupted`. Where the segment
would last longer than there is time, judged by its pace so far, the training stops at once and goes
on later from the segment that was kept last.
"""

from __future__ import annotations

import time

__all__ = ["GRACE", "Interruption"]

GRACE = 10.0
"""Seconds in which a training that is asked to stop has stopped."""


class Interruption:
    """Nothing, until somebody asks; safe to ask from a signal handler or another thread.

    Args:
        grace: seconds to finish a segment in.
    """

    def __init__(self, grace: float = GRACE) -> None:
        self._grace = grace
        self._asked: float | None = None

    def ask(self) -> None:
        """Ask the training to stop; asking again changes nothing."""
        if self._asked is None:
            self._asked = time.monotonic()

    @property
    def asked(self) -> bool:
        """Whether somebody has asked."""
        return self._asked is not None

    @property
    def left(self) -> float:
        """Seconds that are left to stop in; all of them if nobody has asked."""
        if self._asked is None:
            return self._grace
        return self._grace - (time.monotonic() - self._asked)
