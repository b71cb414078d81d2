"""What a study asks of the place where its trainings happen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rltransfer.experiment.workers import Crew, worker_pool

__all__ = ["Backend", "Local", "Workers"]


@dataclass(frozen=True)
class Workers:
    """Open workers, and how many trainings they take at once."""

    crew: Crew
    count: int


class Backend(Protocol):
    """Opens the workers of a run; what they compute does not depend on which backend it is.

    Jobs are plain data and results are, too. A training keeps its finished stages in the run's
    folder, which every worker must see under the same path.
    """

    def open(self, run: Path) -> AbstractContextManager[Workers]:
        """Yield workers for a run; whatever ends the block, their trainings end with it.

        Args:
            run: the run's folder, locked by this process.

        Raises:
            MissingDependency: if an optional library is needed.
            InvalidExperiment: if a worker cannot take part, and why.
        """


@dataclass(frozen=True)
class Local:
    """Worker processes on this machine.

    Attributes:
        jobs: how many.
    """

    jobs: int = 1

    @contextmanager
    def open(self, run: Path) -> Iterator[Workers]:
        """Start the processes; see `Backend.open`."""
        with worker_pool(self.jobs) as crew:
            yield Workers(crew, self.jobs)
