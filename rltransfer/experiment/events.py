"""What the transfer loop tells whoever shows it: a display, a log, a test."""

from __future__ import annotations

from typing import NamedTuple

from rltransfer.experiment.job import Job
from rltransfer.experiment.progress import Progress, StageProgress
from rltransfer.runs import Failure, Run, SourceRecord
from rltransfer.runs.ledger import Entry
from rltransfer.selection import Proposal

__all__ = ["Events", "Work"]


class Work(NamedTuple):
    """An amount of training."""

    policies: int
    steps: int


class Events:
    """Told of each thing that happens in a run, in the controller's process.

    Shows nothing itself: a subclass overrides what it wants to hear of.
    """

    def began(self, run: Run, done: Work, planned: Work) -> None:
        """Work on a run begins: so much is done of what the finished run will hold, at most."""

    def unchanged(self, run: Run) -> None:
        """The run was finished before; nothing is done."""

    def met(self, record: SourceRecord) -> None:
        """A policy from elsewhere is measured on all targets, and on the disk."""

    def proposed(self, selector: str, proposal: Proposal) -> None:
        """A selector has chosen a source, which is trained next."""

    def started(self, job: Job) -> None:
        """A worker begins a training."""

    def progressed(self, job: Job, progress: Progress) -> None:
        """A training has come to a point of its learning curve."""

    def working(self, job: Job, progress: StageProgress) -> None:
        """A stage of a training that takes no environment step has done a part of its work."""

    def repeated(self, label: str, why: str) -> None:
        """A worker was lost, and its job begins again where it was kept last."""

    def failed(self, job: Job, failure: Failure) -> None:
        """A source is given up; the others go on."""

    def stopping(self, seconds: float) -> None:
        """Somebody wants the run to stop; trainings have so long to keep what they have."""

    def committed(self, job: Job, record: SourceRecord) -> None:
        """A trained and evaluated policy is on the disk."""

    def learned(self, selector: str, pick: Proposal, entry: Entry) -> None:
        """A selector has learned what a source of its own has won."""

    def stopped(self, selector: str, why: str) -> None:
        """A selector needs no further source, though it has rounds left."""

    def ended(self, run: Run) -> None:
        """The run is complete."""
