"""What a tuning tells whoever shows it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rltransfer.experiment.tuning.outcome import Outcome
    from rltransfer.experiment.tuning.record import Trial

__all__ = ["TuningEvents"]


class TuningEvents:
    """Told of each thing that happens, in the process that tunes. Shows nothing: override."""

    def began(self, folder: Path, done: int, planned: int) -> None:
        """Work begins: so many trials are done of so many."""

    def proposed(self, name: str, values: Mapping[str, Any]) -> None:
        """Settings are to be trained: a trial's, by its number, or a reference's."""

    def progressed(self, name: str, done: int, count: int) -> None:
        """So many of a trial's trainings are finished."""

    def finished(self, name: str, trial: Trial) -> None:
        """A trial or a reference is on the disk."""

    def ended(self, found: Outcome) -> None:
        """The tuning is complete."""
