"""The transfer loop: select, train, evaluate, record; until every lane has its sources.

    while a lane wants a source that is not trained:
        propose    x_k = selector(transfer)            a pure function of the matrix
        train      π = trainer(task at x_k)             in a worker process
        evaluate   J(π, y) for all targets y            in the same worker
        commit     the source folder, by one rename     the truth of the run
        show       the study in the dashboard           made from the committed sources

The controller is the only process that writes. It may be killed anywhere: resuming replays the
lanes over the committed sources and trains what is missing.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rltransfer.errors import RLTransferError, SourceFailed
from rltransfer.experiment.events import Events, Silent, Work
from rltransfer.experiment.job import Job, Progress, train_and_evaluate
from rltransfer.experiment.lanes import Lane, LaneState, make_lanes
from rltransfer.experiment.spec import MULTI_TASK, Experiment
from rltransfer.experiment.tables import write_tables
from rltransfer.experiment.workers import worker_pool
from rltransfer.runs import Run, SourceRecord
from rltransfer.runs.ledger import Ledger

if TYPE_CHECKING:
    from rltransfer.training.policy import Policy

__all__ = ["continue_run", "run_experiment"]

POLL = 0.25
"""Seconds between two looks at the workers' progress."""


def run_experiment(
    experiment: Experiment, runs: Path | str, *, jobs: int = 1, events: Events | None = None
) -> list[Run]:
    """Run an experiment, one run per seed, or continue where it was interrupted.

    Args:
        experiment: the study.
        runs: the folder of all experiments; this one goes to `runs/<name>/seed-N`.
        jobs: worker processes.
        events: told what happens; see `Events`.

    Returns:
        the finished runs, one per seed. A run that was finished before is left untouched.

    Raises:
        InvalidExperiment: if a folder holds another experiment of this name.
        RunLocked: if another process works in one of the runs.
        SourceFailed: if a training or an evaluation fails.
        StorageError: if results cannot be written.
    """
    made = []
    for seed in experiment.seeds:
        single = experiment.model_copy(update={"seeds": [seed]}).resolved()
        run = Run.create(Path(runs) / experiment.name / f"seed-{seed}", single.to_toml())
        continue_run(run, jobs=jobs, events=events)
        made.append(run)
    return made


def continue_run(run: Run, *, jobs: int = 1, events: Events | None = None) -> None:
    """Bring one run to its end, wherever it was interrupted; a finished one is left untouched.

    Args, Raises: see `run_experiment`.
    """
    experiment = Experiment.checked(run.description(), str(run.experiment_file))
    Controller(run, experiment, events or Silent()).work(jobs)


@dataclass
class Flight:
    """A job in a worker's hands."""

    job: Job
    lanes: list[str]
    lines_read: int = 0


@dataclass
class Controller:
    """Owns one run while it is worked on: hands out jobs, commits what comes back."""

    run: Run
    experiment: Experiment
    events: Events
    scratch: Path = Path()
    lanes: tuple[Lane, ...] = ()
    pool: dict[str, SourceRecord] = field(default_factory=dict)
    flights: dict[Future[Any], Flight] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)

    def work(self, jobs: int) -> None:
        """Bring the run to its end; a finished run is only read."""
        self.lanes = make_lanes(self.experiment, self.experiment.seeds[0])
        self.pool = self.run.sources()
        if not self.unfinished():
            self.events.unchanged(self.run)
            return
        with self.run.working(), tempfile.TemporaryDirectory(prefix="rltransfer-") as scratch:
            self.pool = self.run.sources()
            self.scratch = Path(scratch)
            self.ledger = self.open_ledger()
            self.events.began(self.run, self.done(), self.planned())
            with worker_pool(jobs) as executor:
                self.drive(executor, jobs)
            write_tables(self.run.path, self.states(), self.pool, self.seed)
        self.events.ended(self.run)

    # -- what is to be done --------------------------------------------------------------------

    @property
    def seed(self) -> int:
        """The run's root seed."""
        return self.experiment.seeds[0]

    def states(self) -> list[LaneState]:
        """Replay the lanes over what is trained."""
        return [lane.replay(self.pool) for lane in self.lanes]

    def wanted(self) -> list[Job]:
        """Return the jobs that can start now: the own lane's, the long ones, the rest."""
        study, compare = self.experiment, self.experiment.selection.compare
        contexts = [s.wanted.context for s in self.states() if s.wanted is not None]
        contexts += study.sources() if "independent" in compare else ()
        singles = [Job.on_source(study, x, self.scratch) for x in contexts]
        many = [Job.on_all(study, name, self.scratch) for name in MULTI_TASK if name in compare]
        jobs = [*singles[:1], *many, *singles[1:]]
        unique = {job.key: job for job in jobs if job.key not in self.pool}
        return list(unique.values())

    def unfinished(self) -> bool:
        """Say whether anything is still to be trained."""
        return bool(self.wanted())

    def done(self) -> Work:
        """Return what is trained."""
        return Work(len(self.pool), sum(record.steps for record in self.pool.values()))

    def planned(self) -> Work:
        """Return what the finished run will hold, at most: lanes may share sources."""
        compare = self.experiment.selection.compare
        if "independent" in compare:
            singles = len(self.experiment.sources())
        else:
            known = sum(record.context is not None for record in self.pool.values())
            singles = known + sum(state.remaining for state in self.states())
        many = sum(name in compare for name in MULTI_TASK)
        steps = self.experiment.training_defaults().steps
        return Work(singles + many, (singles + many * self.experiment.selection.rounds) * steps)

    # -- handing out and taking back -----------------------------------------------------------

    def drive(self, executor: Executor, jobs: int) -> None:
        """Keep the workers busy until nothing is wanted."""
        while True:
            self.hand_out(executor, jobs)
            if not self.flights:
                return
            done, _ = wait(self.flights, timeout=POLL, return_when=FIRST_COMPLETED)
            self.listen()
            for future in done:
                self.take_back(future)

    def hand_out(self, executor: Executor, jobs: int) -> None:
        """Give free workers the next jobs."""
        flying = {flight.job.key for flight in self.flights.values()}
        ready = [job for job in self.wanted() if job.key not in flying]
        for job in ready[: jobs - len(self.flights)]:
            self.flights[executor.submit(train_and_evaluate, job)] = Flight(job, self.begin(job))
            self.events.started(job)

    def begin(self, job: Job) -> list[str]:
        """Show in the ledger which lanes wait for the job; return their names."""
        waiting = [s for s in self.states() if s.wanted and s.wanted.context == job.context]
        for state in waiting:
            assert state.wanted is not None
            self.ledger.begin(
                state.lane.name, state.wanted.context, f"**Why:** {state.wanted.reason}"
            )
        return [state.lane.name for state in waiting]

    def listen(self) -> None:
        """Pass on what the workers have written since the last look."""
        for flight in self.flights.values():
            for point in read_progress(flight):
                self.events.progressed(flight.job, point)
                if point.score is not None:
                    for lane in flight.lanes:
                        self.ledger.report(lane, point.steps, point.score)

    def take_back(self, future: Future[tuple[SourceRecord, Policy]]) -> None:
        """Commit what a worker returns, or say what went wrong in it."""
        flight = self.flights.pop(future)
        try:
            record, policy = future.result()
        except BrokenProcessPool as error:
            raise SourceFailed(
                f"the worker training {flight.job.label} died ({error}). What was committed is "
                f"intact; continue with `rltransfer resume {self.run.path}`."
            ) from error
        except RLTransferError:
            raise
        except Exception as error:
            raise SourceFailed(
                f"training {flight.job.label} failed: {type(error).__name__}: {error}"
            ) from error
        self.run.commit(record, policy, self.experiment.targets())
        self.pool[record.key] = record
        self.show()
        self.events.committed(flight.job, record)

    # -- what people see -----------------------------------------------------------------------

    def open_ledger(self) -> Ledger:
        """Make the study again from the committed sources."""
        states = self.states()
        self.written = {state.lane.name: len(state.picks) for state in states}
        entries: Mapping[str, Any] = {s.lane.name: s.entries(self.pool) for s in states}
        return Ledger.rebuilt(self.run.study_file, self.experiment.space, entries)

    def show(self) -> None:
        """Bring the study up to the committed sources."""
        for state in self.states():
            name = state.lane.name
            if self.written[name] == len(state.picks):
                continue
            for k in range(self.written[name], len(state.picks)):
                self.ledger.add(name, state.entry(k, self.pool))
            self.ledger.show(name, state.transfer)
            self.written[name] = len(state.picks)


def read_progress(flight: Flight) -> list[Progress]:
    """Return the points that a job's worker has written since the last call."""
    try:
        lines = flight.job.progress.read_text(encoding="utf-8").split("\n")[:-1]
    except FileNotFoundError:
        return []
    new, flight.lines_read = lines[flight.lines_read :], len(lines)
    return [Progress(*json.loads(line)) for line in new]
