"""A trial in the workers' hands: its trainings side by side, its value as they come in.

Trainings run in parallel and are counted in order. What is reported of a trial, and where it is
ended, depends on its trainings alone and not on which of them happened to be ahead: a later one
that was begun meanwhile does not count. So the result does not depend on the number of workers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rltransfer.errors import RLTransferError, SourceFailed, WorkerDied
from rltransfer.experiment.tuning.folder import TuningFolder
from rltransfer.experiment.tuning.job import CellJob, looks_of, train_cell
from rltransfer.experiment.tuning.record import Cell
from rltransfer.experiment.tuning.spec import Tuning

__all__ = ["Settings", "Trainings"]

POLL = 0.25
"""Seconds between two looks at the workers' progress."""


def never(step: int, value: float) -> bool:
    """End no trial."""
    return False


@dataclass(frozen=True)
class Settings:
    """What is to be measured.

    Attributes:
        name: of its record; a trial's number in three digits.
        values: hyperparameters by dotted name.
        first: the first of its cells; 0, or beyond a trial's for fresh seeds.
        hopeless: hears of intermediate values, and says whether to end.
    """

    name: str
    values: Mapping[str, Any]
    first: int = 0
    hopeless: Callable[[int, float], bool] = never


@dataclass
class Trainings:
    """One trial's trainings.

    Attributes:
        tuning: the tuning.
        folder: where finished trainings are kept.
        settings: what is measured.
        executor: does the work.
        jobs: how much of it at a time.
    """

    tuning: Tuning
    folder: TuningFolder
    settings: Settings
    executor: Executor
    jobs: int
    cells: dict[int, Cell] = field(default_factory=dict)
    flights: dict[Future[Cell], tuple[int, CellJob]] = field(default_factory=dict)
    ended: int | None = None
    reported: int = 0

    def run(self, tell: Callable[[int, int], None]) -> tuple[tuple[Cell, ...], int | None]:
        """Train all cells; return them, and the step at which the trial was ended, or None.

        Args:
            tell: hears how many trainings are finished, of how many.
        """
        count = self.tuning.objective.cells
        for k in range(count):
            if (cell := self.folder.cell(self.settings.name, k)) is not None:
                self.cells[k] = cell
        with tempfile.TemporaryDirectory(prefix="rltransfer-") as scratch:
            while True:
                tell(len(self.cells), count)
                self.report()
                self.hand_out(Path(scratch))
                if not self.flights:
                    return self.counted, self.ended
                done, _ = wait(self.flights, timeout=POLL, return_when=FIRST_COMPLETED)
                for future in done:
                    self.take_back(future)

    @property
    def finished(self) -> list[Cell]:
        """The trainings that came to a good end, up to the first that has not."""
        found: list[Cell] = []
        while (cell := self.cells.get(len(found))) is not None and cell.mean is not None:
            found.append(cell)
        return found

    @property
    def failed(self) -> Cell | None:
        """The training after those, if it has failed."""
        following = self.cells.get(len(self.finished))
        return following if following is not None and following.failure is not None else None

    @property
    def failures(self) -> list[int]:
        """Which trainings have failed: none after them counts."""
        return [k for k, cell in self.cells.items() if cell.failure is not None]

    @property
    def over(self) -> bool:
        """Whether no training is wanted any more."""
        return self.ended is not None or self.failed is not None

    @property
    def so_far(self) -> list[Cell]:
        """The trainings in order, the last as far as it is."""
        found, failed = self.finished, self.failed
        if failed is not None:
            return [*found, failed]
        under_way = [job for k, job in self.flights.values() if k == len(found)]
        return found + [Cell(looks=looks_of(j), mean=None, steps=0, seconds=0.0) for j in under_way]

    @property
    def counted(self) -> tuple[Cell, ...]:
        """The trainings that count: in order, up to where the trial was ended or one failed."""
        if self.ended is None:
            return tuple(self.so_far)
        cells = [self.cells[k] for k in sorted(self.cells)]
        return self.tuning.objective.until(cells, self.ended, self.tuning.steps)

    def report(self) -> None:
        """Report what is new of the trainings in order, until the trial is hopeless."""
        for step, value in self.tuning.objective.values(self.so_far, self.tuning.steps):
            if self.ended is None and step > self.reported:
                self.reported = step
                if self.settings.hopeless(step, value) and step < self.tuning.objective.steps:
                    self.ended = step

    def hand_out(self, scratch: Path) -> None:
        """Give free workers the next trainings, or end those under way if none is wanted."""
        if self.over:
            for _, job in self.flights.values():
                job.stop.touch()
            return
        flying = {k for k, _ in self.flights.values()}
        wanted = range(min([self.tuning.objective.cells, *self.failures]))
        missing = [k for k in wanted if k not in {*flying, *self.cells}]
        for k in missing[: self.jobs - len(self.flights)]:
            number = self.settings.first + k
            job = CellJob.of(self.tuning, self.settings.values, number, scratch)
            self.flights[self.executor.submit(train_cell, job)] = (k, job)

    def take_back(self, future: Future[Cell]) -> None:
        """Keep what a worker returns; a training that was ended is kept only here."""
        k, _ = self.flights.pop(future)
        try:
            cell = future.result()
        except WorkerDied as error:
            raise death(self.folder) from error
        except RLTransferError:
            raise
        except Exception as error:
            raise SourceFailed(
                f"training {self.settings.name} failed: {type(error).__name__}: {error}"
            ) from error
        self.cells[k] = cell
        if cell.finished:
            cell.write(self.folder.cell_file(self.settings.name, k))


def death(folder: TuningFolder) -> WorkerDied:
    """Say that a worker process died, and how to go on."""
    return WorkerDied(
        "a worker process died: killed, or out of memory. What was finished is kept; continue "
        f"with `rltransfer tune {folder.path}`."
    )
