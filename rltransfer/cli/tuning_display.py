"""Progress of a tuning for people: a bar for the trials, or a line for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed
from rich.progress import TimeRemainingColumn as Remaining

from rltransfer.cli.output import console, escape
from rltransfer.experiment.tuning import TuningEvents
from rltransfer.experiment.tuning.record import Trial

__all__ = ["tuning_display"]


@contextmanager
def tuning_display(hidden: bool) -> Iterator[TuningEvents]:
    """Yield what shows a tuning: nothing, bars on a terminal, or lines elsewhere."""
    if hidden:
        yield TuningEvents()
    elif console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), Elapsed(),
                   TextColumn("left"), Remaining(), TextColumn("{task.fields[told]}"))  # fmt: skip
        with Progress(*columns, console=console) as bars:
            yield Bars(bars)
    else:
        yield Lines()


class Lines(TuningEvents):
    """A line for each trial and each reference."""

    def began(self, folder: Path, done: int, planned: int) -> None:
        """Say what is ahead."""
        console.print(f"{escape(str(folder))}: {done} of {planned} trials done.", soft_wrap=True)

    def finished(self, name: str, trial: Trial) -> None:
        """Say what came of it."""
        console.print(line(name, trial), soft_wrap=True)


class Bars(Lines):
    """Lines above a bar that counts trials."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars

    def began(self, folder: Path, done: int, planned: int) -> None:
        """Open the bar."""
        name = f"[bold]{escape(str(folder))}"
        self._task = self._bars.add_task(name, total=planned, completed=done, told="")

    def proposed(self, name: str, values: Mapping[str, Any]) -> None:
        """Say what is trained now."""
        self._bars.update(self._task, told=title(name))

    def progressed(self, name: str, done: int, count: int) -> None:
        """Say how far it is."""
        self._bars.update(self._task, told=f"{title(name)}: {done} of {count} trainings")

    def finished(self, name: str, trial: Trial) -> None:
        """Keep a line, and move the bar."""
        self._bars.console.print(line(name, trial), soft_wrap=True)
        self._bars.advance(self._task, trial.number is not None)


def title(name: str) -> str:
    """Return what people call a trial or a reference."""
    known = {"family": "the unchanged settings", "family-again": "these with fresh seeds"}
    if name.isdigit():
        return f"trial {int(name)}"
    return known.get(name, "the best settings with fresh seeds")


def line(name: str, trial: Trial) -> str:
    """Return one line on what came of settings."""
    if trial.value is not None:
        told = f"{trial.value:.3f}"
    elif trial.failure is not None:
        told = f"failed: {escape(trial.failure)}"
    else:
        told = f"ended early, in its training {len(trial.cells)}"
    return f"{title(name)}: {told} ({trial.seconds:.1f} s)"
