"""Jobs in workers' hands: handed out, watched, and handed out again where a worker is lost.

A worker is lost when its process dies, or when it is killed because its job has given no sign of
life for too long. Only that job is concerned. It begins again where it was kept last, with the same
seeds; a job whose workers are lost again and again is given up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from rltransfer.errors import Interrupted, WorkerDied, said
from rltransfer.experiment.progress import Progress, StageProgress, read_progress
from rltransfer.experiment.pulse import last_sign
from rltransfer.experiment.workers import Crew

__all__ = ["ATTEMPTS", "STEP_TIMEOUT", "Assignment", "Flight", "Flights", "Landing"]

ATTEMPTS = 3
"""How often a job is tried whose workers are lost."""

STEP_TIMEOUT = 300.0
"""Seconds without a sign of life after which a job counts as hung."""

TO_START = 60.0
"""Seconds that the first sign may take longer: a worker starts, and loads what it needs."""


class Assignment(Protocol):
    """What can be sent to a worker: plain data with a name and a file for its signs of life."""

    @property
    def key(self) -> str:
        """Tells it from the others under way."""

    @property
    def label(self) -> str:
        """A short text for people."""

    @property
    def progress(self) -> Path:
        """The file that changes while the job is done."""


J = TypeVar("J", bound=Assignment)

Repeated = Callable[[str, str], object]
"""Told the label of a job that begins again, and why."""


@dataclass
class Flight(Generic[J]):
    """A job under way.

    Attributes:
        job: what is done.
        work: does it.
        attempt: the number of this attempt, from 1.
        lines_read: of its progress file.
        sign: its last sign of life; see `last_sign`.
        heard: when that came, by this process's clock.
        hung: whether it was ended because no other came.
    """

    job: J
    work: Callable[[J], Any]
    attempt: int = 1
    lines_read: int = 0
    sign: int = 0
    heard: float = field(default_factory=lambda: time.monotonic())
    hung: bool = False

    def is_hung(self, begun: bool, timeout: float) -> bool:
        """Say whether it has given no sign for too long; not while it waits for a worker."""
        now, sign = time.monotonic(), last_sign(self.job.progress)
        if sign != self.sign or not (begun or sign):
            self.sign, self.heard = sign, now
        return now - self.heard > timeout + (0.0 if sign else TO_START)


class Landing(NamedTuple, Generic[J]):
    """A job that is over: its result, or what went wrong."""

    flight: Flight[J]
    result: Any
    error: BaseException | None


class Flights(Generic[J]):
    """All jobs under way.

    Args:
        crew: does them.
        step_timeout: see `STEP_TIMEOUT`.
        repeated: told of jobs that begin again.
    """

    def __init__(self, crew: Crew, step_timeout: float, repeated: Repeated) -> None:
        self._crew, self._step_timeout, self._repeated = crew, step_timeout, repeated
        self._flights: dict[Future[Any], Flight[J]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def __iter__(self) -> Iterator[Flight[J]]:
        return iter(list(self._flights.values()))

    def launch(self, work: Callable[[J], Any], job: J) -> None:
        """Hand a job out."""
        self._launch(Flight(job, work))

    def _launch(self, flight: Flight[J]) -> None:
        flight.job.progress.unlink(missing_ok=True)  # of an attempt before
        self._flights[self._crew.submit(flight.work, flight.job)] = flight

    def wait(self, seconds: float) -> None:
        """Wait, at most so long, until a job is over; end those that hang."""
        wait(self._flights, timeout=seconds, return_when=FIRST_COMPLETED)
        self._end_hung()

    def landed(self) -> list[Landing[J]]:
        """Return the jobs that are over, but for those that begin again."""
        done = [future for future in self._flights if future.done()]
        return [landing for future in done if (landing := self._land(future)) is not None]

    def _end_hung(self) -> None:
        """Take jobs from workers that have given no sign of life for too long."""
        for future, flight in self._flights.items():
            if not future.done() and flight.is_hung(future.running(), self._step_timeout):
                flight.hung = True
                self._crew.end(future)

    def _land(self, future: Future[Any]) -> Landing[J] | None:
        """Return what a job has come to; None where it begins again."""
        flight, error = self._flights.pop(future), self._error(future)
        if error is None:
            return Landing(flight, future.result(), None)
        if flight.hung:
            error = WorkerDied(f"it gave no sign of life for {self._step_timeout:g} s")
        if not isinstance(error, (Interrupted, WorkerDied)):
            return Landing(flight, None, error)
        if flight.attempt == ATTEMPTS:
            return Landing(flight, None, error)
        self._repeated(flight.job.label, said(error))
        self._launch(Flight(flight.job, flight.work, flight.attempt + 1))
        return None

    @staticmethod
    def _error(future: Future[Any]) -> BaseException | None:
        if future.cancelled():
            return WorkerDied("its worker was given up")
        return future.exception()

    def reports(self) -> Iterator[tuple[Flight[J], Progress | StageProgress]]:
        """Yield what the workers have written since the last call."""
        for flight in self:
            for told in read_progress(flight.job.progress, flight.lines_read):
                flight.lines_read += 1
                yield flight, told

    def stop(self, seconds: float) -> list[Landing[J]]:
        """Ask all jobs to stop, wait at most so long, and return those that are finished."""
        self._crew.ask_to_stop()
        done, _ = wait(self._flights, timeout=seconds)
        landed = [(self._flights.pop(future), future) for future in done]
        return [Landing(x, f.result(), None) for x, f in landed if self._error(f) is None]
