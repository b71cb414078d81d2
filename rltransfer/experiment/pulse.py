"""Signs of life of a training: its progress file changes while environments step and stages work.

Whoever waits for the training compares the file's time of change with the one before, by a clock
of its own, so that clocks need not agree.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from rltransfer.envs import ContextualEnv
from rltransfer.envs.simulators import ContextBatch, Transition

__all__ = ["Pulse", "WatchedEnv", "last_sign"]

PAUSE = 1.0
"""Least seconds between two signs."""


@dataclass(eq=False)
class Pulse:
    """The worker's side.

    Attributes:
        path: the file, which is there from the first sign on.
    """

    path: Path
    _next: float = field(default=0.0, repr=False)

    def beat(self) -> None:
        """Give a sign, unless the last is recent; a file system that refuses it is no reason."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + PAUSE
            with suppress(OSError):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.touch()
                os.utime(self.path)


@dataclass(frozen=True, slots=True, repr=False)
class WatchedEnv(ContextualEnv):
    """A family whose batches give a sign after each step.

    Compiled loops around a batch call no step of it; they last a moment.
    """

    pulse: Pulse

    def batch(self, contexts: Sequence[Mapping[str, float]]) -> ContextBatch:
        """Return the family's batch, all else of it as it is."""
        batch = ContextualEnv.batch(self, contexts)
        step, pulse = batch.step, self.pulse

        def watched(actions: NDArray[Any]) -> Transition:
            transition = step(actions)
            pulse.beat()
            return transition

        batch.step = watched  # type: ignore[method-assign]
        return batch


def last_sign(path: Path) -> int:
    """Return the file's time of change in nanoseconds; 0 before the first sign."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
