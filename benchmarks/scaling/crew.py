"""Workers that train nothing: they wait, then bring back made-up returns."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rltransfer.experiment.backends import Workers
from rltransfer.experiment.job import Job
from rltransfer.experiment.spec import Experiment
from rltransfer.experiment.workers import Crew
from rltransfer.runs import SourceRecord

WEIGHTS = bytes(40_000)
"""As large as the weights of two networks of 64 × 64."""


@dataclass(frozen=True)
class Simulated:
    """A backend of so many workers, whose trainings take so long.

    Attributes:
        workers: how many.
        seconds: of each training, on average; between half and one and a half of it.
        experiment: the study, to say what a policy returns.
    """

    workers: int
    seconds: float
    experiment: Experiment

    @contextmanager
    def open(self, run: Path) -> Iterator[Workers]:
        """Yield the workers."""
        crew = WaitingCrew(self.seconds, Landscape(self.experiment))
        try:
            yield Workers(crew, self.workers)
        finally:
            crew.shutdown()


class WaitingCrew(Crew):
    """Settles each future when its time has come, in a thread."""

    def __init__(self, seconds: float, landscape: Landscape) -> None:
        self._seconds, self._landscape = seconds, landscape
        self._rng, self._count = np.random.default_rng(0), itertools.count()
        self._due: list[tuple[float, int, Future[Any], Any]] = []
        self._changed, self._open = threading.Condition(), True
        threading.Thread(target=self._settle, daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return what will be settled when the training would be over."""
        future: Future[Any] = Future()
        due = time.monotonic() + self._seconds * self._rng.uniform(0.5, 1.5)
        with self._changed:
            heapq.heappush(self._due, (due, next(self._count), future, args[0]))
            self._changed.notify()
        return future

    def _settle(self) -> None:
        while self._open:
            with self._changed:
                wait = self._due[0][0] - time.monotonic() if self._due else 1.0
                if wait > 0:
                    self._changed.wait(wait)
                    continue
                _, _, future, job = heapq.heappop(self._due)
            future.set_result(self._landscape.outcome(job))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the thread end."""
        self._open = False


class Landscape:
    """Returns that fall with distance from a source whose own return varies over the family."""

    def __init__(self, experiment: Experiment) -> None:
        self._targets = experiment.targets()
        self._units = experiment.space.to_unit(self._targets)
        self._index = {target: i for i, target in enumerate(self._targets)}
        self._episodes = experiment.evaluation.episodes

    def outcome(self, job: Job) -> tuple[SourceRecord, Weights]:
        """Return what a training of the job comes to."""
        own = self._units[self._index[job.context]]
        peak = 400.0 + 80.0 * np.sin(7.0 * own).sum()
        mean = peak - 300.0 * np.abs(self._units - own).sum(axis=1)
        noise = np.random.default_rng(self._index[job.context]).normal(size=self._episodes)
        returns = mean[:, None] + 5.0 * noise
        curve = tuple((500 * k, float(peak)) for k in range(1, 21))
        record = SourceRecord(
            key=job.key, context=job.context, returns=returns,
            lengths=np.full(returns.shape, 500), curve=curve,
            steps=job.steps, seconds=1.0, seed=1, started=0.0, finished=1.0, stages=("simulated",),
            parents=tuple(job.parents), monitor_steps=0,
        )  # fmt: skip
        return record, Weights()


class Weights:
    """What is written of a policy."""

    def save(self, folder: Path) -> None:
        """Write as much as a policy would."""
        (folder / "policy.json").write_text("{}")
        (folder / "policy.safetensors").write_bytes(WEIGHTS)
