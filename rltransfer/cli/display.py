"""Progress for people: what is trained now, how it does, how long it all takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from rltransfer.cli.output import console
from rltransfer.experiment.events import Events, Silent
from rltransfer.experiment.job import Job
from rltransfer.experiment.job import Progress as Point
from rltransfer.runs import Run, SourceRecord

__all__ = ["display"]


@contextmanager
def display(hidden: bool) -> Iterator[Events]:
    """Yield what shows events: nothing, a live display on a terminal, or plain lines elsewhere."""
    if hidden:
        yield Silent()
    elif console.is_terminal:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("{task.fields[score]}"),
            console=console,
        ) as bars:
            yield LiveEvents(bars)
    else:
        yield PlainEvents()


class LiveEvents:
    """Bars: one for the run, one per training in progress."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._run: TaskID | None = None
        self._jobs: dict[str, TaskID] = {}

    def began(self, run: Run, trained: int, planned: int) -> None:
        """Open the run's bar."""
        self._run = self._bars.add_task(
            f"[bold]{run.path.parent.name}/{run.path.name}",
            total=planned, completed=trained, unit="policies", score="",
        )  # fmt: skip

    def unchanged(self, run: Run) -> None:
        """Say that there was nothing to do."""
        self._bars.console.print(f"{run.path} is finished; nothing to do.")

    def started(self, job: Job) -> None:
        """Open a training's bar."""
        self._jobs[job.key] = self._bars.add_task(
            f"  training {job.label}", total=None, unit="steps", score=""
        )

    def progressed(self, job: Job, progress: Point) -> None:
        """Move a training's bar."""
        score = "" if progress.score is None else f"return {progress.score:.1f}"
        self._bars.update(
            self._jobs[job.key], completed=progress.steps, total=progress.total, score=score
        )

    def committed(self, job: Job, record: SourceRecord) -> None:
        """Close a training's bar and keep a line of it."""
        self._bars.remove_task(self._jobs.pop(job.key))
        self._bars.console.print(committed_line(record))
        if self._run is not None:
            self._bars.advance(self._run)

    def ended(self, run: Run) -> None:
        """Fill the run's bar: fewer policies were needed than planned where lanes shared some."""
        if self._run is not None:
            done = self._bars.tasks[self._run].completed
            self._bars.update(self._run, total=done)


class PlainEvents:
    """A line per event, for logs."""

    def __init__(self) -> None:
        self._started: dict[str, float] = {}

    def began(self, run: Run, trained: int, planned: int) -> None:
        """Say what is ahead."""
        console.print(f"{run.path}: {trained} of at most {planned} policies trained.")

    def unchanged(self, run: Run) -> None:
        """Say that there was nothing to do."""
        console.print(f"{run.path} is finished; nothing to do.")

    def started(self, job: Job) -> None:
        """Say which training begins."""
        self._started[job.key] = time.monotonic()
        console.print(f"training {job.label} …", soft_wrap=True)

    def progressed(self, job: Job, progress: Point) -> None:
        """Say nothing: a log wants results."""

    def committed(self, job: Job, record: SourceRecord) -> None:
        """Say what came of a training."""
        seconds = time.monotonic() - self._started[job.key]
        console.print(f"{committed_line(record)} ({seconds:.0f} s in all)", soft_wrap=True)

    def ended(self, run: Run) -> None:
        """Say that the run is complete."""
        console.print(f"{run.path} is complete.")


def committed_line(record: SourceRecord) -> str:
    """Return one line on a trained policy."""
    return (
        f"trained {record.label}: {record.steps:,} steps in {record.seconds:.0f} s; "
        f"mean return over all targets {record.returns.mean():.1f}"
    )
