"""What one training tells whoever shows it, and the monitor that tells it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rltransfer.experiment.monitor import FileMonitor

if TYPE_CHECKING:
    from rltransfer.training.problem import TrainingProblem

__all__ = ["Listener", "TellingMonitor"]


class Listener:
    """Told of each thing that happens in a training. Shows nothing itself: override."""

    def began(self, folder: Path, resumed: bool) -> None:
        """A training begins, or goes on after the stages that are kept."""

    def unchanged(self, folder: Path) -> None:
        """The training was finished before; nothing is done."""

    def working(self, stage: str, done: int, total: int, score: float | None = None) -> None:
        """A stage has done a part of its work; a score is that of the policy as it is then."""

    def ended(self, folder: Path) -> None:
        """The policy is on the disk."""


class TellingMonitor(FileMonitor):
    """Scores and keeps scores as the monitor of a run does, and tells a listener of all work.

    Args:
        problem: what is trained.
        episodes: behind each score.
        seed: of the episodes' starts.
        scores: the file of scores.
        online: what the stage is called that takes environment steps.
        listener: told of all work.
        tensorboard: a folder for logs of the training; None for none.
    """

    def __init__(
        self,
        problem: TrainingProblem,
        episodes: int,
        seed: int,
        scores: Path,
        online: str,
        listener: Listener,
        tensorboard: Path | None = None,
    ) -> None:
        super().__init__(problem, episodes, seed, scores, scores, tensorboard)
        self._online, self._listener = online, listener

    def report(self, steps: int, total: int, score: float | None) -> None:
        """Pass on a point of the learning curve."""
        self._listener.working(self._online, steps, total, score)

    def working(self, stage: str, done: int, total: int) -> None:
        """Pass on a part of a stage's work."""
        self._listener.working(stage, done, total)
