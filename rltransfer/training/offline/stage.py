"""What offline stages have in common: they train many problems at once as easily as one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from rltransfer.training.head_start import HeadStart
from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.segments import Segments
from rltransfer.training.stage import StageResult

__all__ = ["OfflineStage"]


class OfflineStage(ABC):
    """A `Stage` that takes no environment step.

    The problems of `run_all` share a batch of matrices and nothing else: each has its own data,
    its own random numbers and its own networks, and comes out as it would alone, up to rounding.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """A word for tables."""

    def run(
        self,
        problem: TrainingProblem,
        start: HeadStart,
        seed: np.random.SeedSequence,
        monitor: TrainingMonitor,
    ) -> StageResult:
        """Train on one problem; see `Stage.run`."""
        return self.run_all([problem], [start], [seed], monitor)[0]

    def run_in_segments(
        self,
        problem: TrainingProblem,
        start: HeadStart,
        seed: np.random.SeedSequence,
        monitor: TrainingMonitor,
        segments: Segments,
    ) -> StageResult:
        """Train on one problem; see `SegmentedStage`."""
        return self.run_all([problem], [start], [seed], monitor, segments)[0]

    @abstractmethod
    def run_all(
        self,
        problems: Sequence[TrainingProblem],
        starts: Sequence[HeadStart],
        seeds: Sequence[np.random.SeedSequence],
        monitor: TrainingMonitor,
        segments: Segments | None = None,
    ) -> list[StageResult]:
        """Train on several problems of one family at once; return a result for each.

        Args:
            problems: with equal spaces.
            starts: what is known of each.
            seeds: of each.
            monitor: hears of progress.
            segments: keeps the boundaries; None to keep nothing.
        """
