"""Who watches a training: told how far it is, asked how good a policy is."""

from __future__ import annotations

import math
from typing import Protocol

from rltransfer.training.policy import Policy

__all__ = ["SilentMonitor", "TrainingMonitor"]


class TrainingMonitor(Protocol):
    """Scores policies and hears of progress; given from above, where evaluation is known."""

    def score(self, policy: Policy) -> float:
        """Return the mean return of the deterministic policy on its problem's own contexts.

        Equal policies must get equal scores. NaN means that nothing was measured.
        """

    def report(self, steps: int, total: int, score: float | None) -> None:
        """Hear that `steps` of `total` environment steps are done, and the policy's score then."""

    def working(self, stage: str, done: int, total: int) -> None:
        """Hear that a stage without an environment has done a part of its own work."""


class SilentMonitor:
    """Measures nothing, so that the last policy of a training counts as its best."""

    def score(self, policy: Policy) -> float:
        """Return NaN."""
        return math.nan

    def report(self, steps: int, total: int, score: float | None) -> None:
        """Do nothing."""

    def working(self, stage: str, done: int, total: int) -> None:
        """Do nothing."""
