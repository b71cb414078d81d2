"""Progress for people: what is trained now, how it does, how long it all takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from rltransfer.cli.choosing import ChoosingEvents
from rltransfer.cli.output import console, policies_text
from rltransfer.experiment.events import Events, Work
from rltransfer.experiment.job import Job
from rltransfer.experiment.progress import Progress as Point
from rltransfer.experiment.progress import StageProgress
from rltransfer.runs import Failure, Run, SourceRecord

__all__ = ["display"]


@contextmanager
def display(hidden: bool) -> Iterator[Events]:
    """Yield what shows events: nothing, a live display on a terminal, or plain lines elsewhere."""
    if hidden:
        yield Events()
    elif console.is_terminal:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[told]}"),
            console=console,
            speed_estimate_period=120,
        ) as bars:
            yield LiveEvents(bars)
    else:
        yield PlainEvents()


class LiveEvents(ChoosingEvents):
    """Bars that count training steps: one for the run, one for each training in progress."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._jobs: dict[str, TaskID] = {}
        self._steps: dict[str, int] = {}
        self._done, self._planned = Work(0, 0), Work(0, 0)

    def began(self, run: Run, done: Work, planned: Work) -> None:
        """Open the run's bar."""
        self._done, self._planned = done, planned
        name = f"[bold]{run.path.parent.name}/{run.path.name}"
        self._run = self._bars.add_task(name, total=planned.steps, told="")
        self._show()

    def _show(self) -> None:
        """Bring the run's bar up to what is committed and in progress."""
        self._bars.update(
            self._run,
            completed=self._done.steps + sum(self._steps.values()),
            told=f"{self._done.policies} of at most {policies_text(self._planned.policies)}",
        )

    def unchanged(self, run: Run) -> None:
        """Say that there was nothing to do."""
        self._bars.console.print(f"{run.path} is finished; nothing to do.", soft_wrap=True)

    def say(self, line: str) -> None:
        """Keep a line above the bars."""
        self._bars.console.print(line, soft_wrap=True, markup=False)

    def started(self, job: Job) -> None:
        """Open a training's bar."""
        self._jobs[job.key] = self._bars.add_task(f"  {job.label}", total=job.steps, told="")

    def progressed(self, job: Job, progress: Point) -> None:
        """Move a training's bar, and the run's."""
        told = "" if progress.score is None else f"return {progress.score:.1f}"
        self._steps[job.key] = min(progress.steps, job.steps)
        self._bars.update(
            self._jobs[job.key],
            description=f"  {job.label}",
            completed=self._steps[job.key],
            told=told,
        )
        self._show()

    def working(self, job: Job, progress: StageProgress) -> None:
        """Say beside a training's label how far its stage is; no environment step moves a bar."""
        share = round(100 * progress.done / max(progress.total, 1))
        said = f"  {job.label} · {progress.stage} {share} %"
        self._bars.update(self._jobs[job.key], description=said)

    def committed(self, job: Job, record: SourceRecord) -> None:
        """Close a training's bar and keep a line of it."""
        self._bars.remove_task(self._jobs.pop(job.key))
        self._steps.pop(job.key, None)
        self._done = Work(self._done.policies + 1, self._done.steps + job.steps)
        self._bars.console.print(committed_line(record), soft_wrap=True)
        self._show()

    def failed(self, job: Job, failure: Failure) -> None:
        """Close a training's bar and keep a line on why."""
        self._bars.remove_task(self._jobs.pop(job.key))
        self._steps.pop(job.key, None)
        super().failed(job, failure)
        self._show()

    def ended(self, run: Run) -> None:
        """Fill the run's bar: lanes that share sources need fewer than planned."""
        self._bars.update(self._run, completed=self._planned.steps)


class PlainEvents(ChoosingEvents):
    """A line per event, for logs."""

    def __init__(self) -> None:
        self._started: dict[str, float] = {}
        self._stage: dict[str, str] = {}

    def began(self, run: Run, done: Work, planned: Work) -> None:
        """Say what is ahead."""
        console.print(
            f"{run.path}: {done.policies} of at most {policies_text(planned.policies)} trained.",
            soft_wrap=True,
        )

    def unchanged(self, run: Run) -> None:
        """Say that there was nothing to do."""
        console.print(f"{run.path} is finished; nothing to do.", soft_wrap=True)

    def started(self, job: Job) -> None:
        """Say which training begins."""
        self._started[job.key] = time.monotonic()
        console.print(f"training {job.label} …", soft_wrap=True)

    def working(self, job: Job, progress: StageProgress) -> None:
        """Say which stage of a training begins."""
        self._enter(job, progress.stage)

    def progressed(self, job: Job, progress: Point) -> None:
        """Say when the environment's turn comes after other stages."""
        if job.key in self._stage:
            self._enter(job, "online")

    def _enter(self, job: Job, stage: str) -> None:
        """Print a line where a training comes to another stage."""
        if self._stage.get(job.key) != stage:
            self._stage[job.key] = stage
            console.print(f"training {job.label}: {stage}", soft_wrap=True)

    def committed(self, job: Job, record: SourceRecord) -> None:
        """Say what came of a training."""
        seconds = time.monotonic() - self._started[job.key]
        console.print(f"{committed_line(record)} ({seconds:.0f} s in all)", soft_wrap=True)

    def ended(self, run: Run) -> None:
        """Say that the run is complete."""
        console.print(f"{run.path} is complete.", soft_wrap=True)


def committed_line(record: SourceRecord) -> str:
    """Return one line on a trained policy."""
    where = "the measured targets" if np.isnan(record.returns).any() else "all targets"
    return (
        f"trained {record.label}: {record.steps:,} steps in {record.seconds:.0f} s; "
        f"mean return over {where} {np.nanmean(record.returns):.1f}"
    )
