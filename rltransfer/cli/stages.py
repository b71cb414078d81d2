"""Progress of one training for people: a bar for each stage, or plain lines in logs."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed

from rltransfer.cli.output import console, escape
from rltransfer.errors import Interrupted
from rltransfer.experiment.signals import asked_by
from rltransfer.experiment.solo.listener import Listener
from rltransfer.training.interruption import Interruption

__all__ = ["stage_display", "stoppable"]


@contextmanager
def stage_display(hidden: bool) -> Iterator[Listener]:
    """Yield what shows a training: nothing, bars on a terminal, or lines elsewhere."""
    if hidden:
        yield Listener()
    elif console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), TaskProgressColumn(),
                   Elapsed(), TextColumn("{task.fields[told]}"))  # fmt: skip
        with Progress(*columns, console=console) as bars:
            yield Bars(bars)
    else:
        yield Lines()


@contextmanager
def stoppable() -> Iterator[Interruption]:
    """Let the first Ctrl-C or SIGTERM have a training keep what it has, then leave."""
    with asked_by(signal.SIGINT, signal.SIGTERM) as wish:
        try:
            yield wish
        except Interrupted:
            sys.exit(wish.exit_code)


class Heading(Listener):
    """Says what begins and what was finished before."""

    def began(self, folder: Path, resumed: bool) -> None:
        """Say whether it begins or goes on."""
        text = "goes on where it stopped" if resumed else "begins"
        console.print(f"{escape(str(folder))} {text}.", soft_wrap=True)

    def unchanged(self, folder: Path) -> None:
        """Say that there was nothing to do."""
        console.print(f"{escape(str(folder))} is finished; nothing to do.", soft_wrap=True)


class Bars(Heading):
    """A bar per stage."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def began(self, folder: Path, resumed: bool) -> None:
        """Forget the bars of the training before."""
        super().began(folder, resumed)
        self._tasks = {}

    def working(self, stage: str, done: int, total: int, score: float | None = None) -> None:
        """Move the stage's bar; a stage that begins stops the clock of the one before."""
        if stage not in self._tasks:
            for task in self._tasks.values():
                self._bars.stop_task(task)
            self._tasks[stage] = self._bars.add_task(f"  {stage}", total=total, told="")
        task = self._tasks[stage]
        self._bars.update(task, completed=min(done, total), total=total)
        if score is not None:
            self._bars.update(task, told=f"return {score:.1f}")


class Lines(Heading):
    """A line when a stage begins, and for every score."""

    def __init__(self) -> None:
        self._stage = ""

    def working(self, stage: str, done: int, total: int, score: float | None = None) -> None:
        """Print what is new."""
        if stage != self._stage:
            self._stage = stage
            console.print(f"  {stage} …")
        if score is not None:
            console.print(f"  {stage}: {done:,} of {total:,} steps, return {score:.1f}")
