"""The transfer loop: select, train, evaluate, record; until every lane has its sources.

    measure    J(π, y) of policies from elsewhere    if the study begins with some; committed
    while a lane wants a source that is not trained:
        propose    x_k = selector(transfer)            a pure function of the matrix; or stop
        inherit    from x_1 … x_{k-1} of its lane       where the recipe does; their folders
        train      π = trainer(task at x_k)             in a worker process
        evaluate   J(π, y) for all targets y, or some   in the same worker; see `Measuring`
        commit     the source folder, by one rename     the truth of the run
        show       the study in the dashboard           made from the committed sources

The controller is the only process that writes results; a worker keeps its training's finished
stages in a folder of its own until it is committed. Either may be killed anywhere: resuming
replays the lanes over the committed sources and trains what is missing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rltransfer.errors import RLTransferError, SourceFailed
from rltransfer.experiment.agenda import Agenda
from rltransfer.experiment.events import Events
from rltransfer.experiment.job import Job, train_and_evaluate
from rltransfer.experiment.keys import Lineage, key_of
from rltransfer.experiment.known import gathered, measured, require_unchanged
from rltransfer.experiment.progress import Progress, StageProgress, read_progress
from rltransfer.experiment.spec import Experiment
from rltransfer.experiment.tables import rounds_in_tables, write_tables
from rltransfer.experiment.workers import worker_pool
from rltransfer.experiment.worth import predictions
from rltransfer.runs import Run, SourceRecord
from rltransfer.runs.ledger import Ledger, finished_trials

if TYPE_CHECKING:
    from rltransfer.training.policy import Policy

    Outcome = tuple[SourceRecord, Policy]

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
    made, experiment = [], gathered(experiment)
    for seed in experiment.seeds:
        single = experiment.model_copy(update={"seeds": [seed]}).resolved()
        path = Path(runs) / experiment.name / f"seed-{seed}"
        if Run(path).experiment_file.is_file():
            require_unchanged(Experiment.of_run(Run(path)))
        run = Run.create(path, single.to_toml())
        continue_run(run, jobs=jobs, events=events)
        made.append(run)
    return made


def continue_run(run: Run, *, jobs: int = 1, events: Events | None = None) -> None:
    """Bring one run to its end, wherever it was interrupted; a finished one is left untouched.

    Args, Raises: see `run_experiment`.
    """
    Controller(run, events or Events()).work(jobs)


@dataclass
class Flight:
    """A job in a worker's hands."""

    job: Job
    lanes: list[str]
    lines_read: int = 0


class Controller:
    """Owns one run while it is worked on: hands out jobs, commits what comes back."""

    def __init__(self, run: Run, events: Events) -> None:
        self.run = run
        self.events = events
        self.agenda = Agenda.read(run)
        self.flights: dict[Future[Outcome], Flight] = {}

    def work(self, jobs: int) -> None:
        """Bring the run to its end; a finished run is only read."""
        if self.is_finished():
            self.events.unchanged(self.run)
            return
        require_unchanged(self.agenda.experiment)
        with self.run.working(), tempfile.TemporaryDirectory(prefix="rltransfer-") as scratch:
            self.scratch = Path(scratch)
            self.measure_known(jobs)  # now that nobody else can change the run
            self.agenda = Agenda.read(self.run)
            self.ledger = rebuilt_ledger(self.agenda, self.run.study_file)
            self.events.began(self.run, self.agenda.done, self.agenda.planned)
            if self.agenda.wanted:
                with worker_pool(jobs) as executor:
                    self.drive(executor, jobs)
            self.tell_stops()
            write_tables(self.run.path, self.agenda.states, self.agenda.pool, self.agenda.seed)
            self.run.clear_unfinished()
        self.events.ended(self.run)

    def is_finished(self) -> bool:
        """Say whether there is nothing left to measure, to train, or to write."""
        agenda = self.agenda
        return not (agenda.unmeasured or agenda.wanted) and is_published(agenda, self.run)

    def measure_known(self, jobs: int) -> None:
        """Measure and commit the policies from elsewhere, before the first round."""
        agenda = Agenda.read(self.run)
        if not agenda.unmeasured:
            return
        plain = agenda.experiment.model_dump(exclude_none=True)
        with worker_pool(jobs) as executor:
            futures = {x.title: executor.submit(measured, x, plain) for x in agenda.unmeasured}
            for name, future in futures.items():
                self.events.met(self.commit_known(name, future))

    def commit_known(self, name: str, future: Future[Outcome]) -> SourceRecord:
        """Commit a measured policy from elsewhere."""
        try:
            record, policy = future.result()
        except RLTransferError:
            raise
        except Exception as error:
            raise SourceFailed(
                f"measuring the known policy {name} failed: {type(error).__name__}: {error}"
            ) from error
        self.run.commit(record, policy, self.agenda.experiment.targets())
        return record

    def drive(self, executor: Executor, jobs: int) -> None:
        """Keep the workers busy until nothing is wanted."""
        while True:
            self.hand_out(executor, jobs)
            if not self.flights:
                return
            done, _ = wait(self.flights, timeout=POLL, return_when=FIRST_COMPLETED)
            self.listen()
            failures = [failure for future in done if (failure := self.take_back(future))]
            if failures:
                raise failures[0]

    def hand_out(self, executor: Executor, jobs: int) -> None:
        """Give free workers the next jobs."""
        flying = {flight.job.key for flight in self.flights.values()}
        ready = [wanted for wanted in self.agenda.wanted if key_of(wanted) not in flying]
        for job in map(self.job, ready[: jobs - len(self.flights)]):
            try:
                future = executor.submit(train_and_evaluate, job)
            except BrokenProcessPool as error:
                raise self.death() from error
            self.flights[future] = Flight(job, self.begin(job))
            self.events.started(job)

    def job(self, wanted: Lineage | str) -> Job:
        """Describe the training of a source, or of a multi-task policy."""
        experiment, working = self.agenda.experiment, self.run.unfinished_folder / key_of(wanted)
        if isinstance(wanted, str):
            return Job.on_all(experiment, wanted, self.scratch, working)
        return Job.on_source(
            experiment,
            wanted,
            self.scratch,
            working,
            parents={key: self.run.policy_folder(key) for key in wanted.parents},
            record=experiment.record if self.agenda.keeps_data(wanted) else 0,
            trained=self.trained(wanted),
        )

    def trained(self, wanted: Lineage) -> Path | None:
        """Return where the same policy lies, measured on other targets; None if nowhere."""
        key = self.agenda.same_training(wanted)
        return None if key is None else self.run.policy_folder(key)

    def begin(self, job: Job) -> list[str]:
        """Show which lanes wait for the job; return their names."""
        waiting = []
        for state in self.agenda.states:
            if state.wanted is not None and state.next is not None and state.next.key == job.key:
                name, wanted = state.lane.name, state.wanted
                why = f"**Why:** {wanted.reason}"
                self.ledger.begin(name, wanted.context, why, predictions(wanted))
                self.events.proposed(name, wanted)
                waiting.append(name)
        return waiting

    def listen(self) -> None:
        """Pass on what the workers have written since the last look."""
        for flight in self.flights.values():
            for said in read_progress(flight.job.progress, flight.lines_read):
                flight.lines_read += 1
                if isinstance(said, StageProgress):
                    self.events.working(flight.job, said)
                else:
                    self.tell(flight, said)

    def tell(self, flight: Flight, point: Progress) -> None:
        """Show a point of a learning curve to whoever watches."""
        self.events.progressed(flight.job, point)
        if point.score is not None:
            for lane in flight.lanes:
                self.ledger.report(lane, point.steps, point.score)

    def take_back(self, future: Future[Outcome]) -> RLTransferError | None:
        """Commit what a worker returns, or return what went wrong in it."""
        failure = self.failure(future)
        flight = self.flights.pop(future)
        if failure is not None:
            return failure
        record, policy = future.result()
        folder = self.run.commit(record, policy, self.agenda.experiment.targets())
        record = SourceRecord.read(folder)  # what a resumed run would see
        before = {state.lane.name: len(state.picks) for state in self.agenda.states}
        self.agenda = self.agenda.after(record)
        self.events.committed(flight.job, record)
        self.show(before)
        return None

    def failure(self, future: Future[Outcome]) -> RLTransferError | None:
        """Return what a worker failed with, in a sentence that names the job; or None."""
        error = future.exception()
        if error is None or isinstance(error, RLTransferError):
            return error
        if isinstance(error, BrokenProcessPool):
            return self.death()
        label = self.flights[future].job.label
        return SourceFailed(f"training {label} failed: {type(error).__name__}: {error}")

    def death(self) -> SourceFailed:
        """Say that a worker process died, whichever it was."""
        labels = ", ".join(flight.job.label for flight in self.flights.values())
        return SourceFailed(
            f"a worker process died while training {labels or 'began'}: killed, or out of memory. "
            f"What was committed is intact; continue with `rltransfer resume {self.run.path}`."
        )

    def show(self, before: Mapping[str, int]) -> None:
        """Show what lanes have picked beyond what was shown before."""
        for state in self.agenda.states:
            name = state.lane.name
            for k in range(before[name], len(state.picks)):
                entry = state.entry(k, self.agenda.pool)
                self.ledger.add(name, entry)
                self.events.learned(name, state.picks[k], entry)
            if len(state.picks) > before[name]:
                self.ledger.show(name, state.transfer)

    def tell_stops(self) -> None:
        """Say which lanes have ended before their last round."""
        for state in self.agenda.states:
            if state.stopped is not None:
                self.events.stopped(state.lane.name, state.stopped)


def rebuilt_ledger(agenda: Agenda, path: Path) -> Ledger:
    """Make the study again from the committed sources."""
    entries = {state.lane.name: state.entries(agenda.pool) for state in agenda.states}
    ledger = Ledger.rebuilt(path, agenda.experiment.space, entries)
    for state in agenda.states:
        if state.picks:
            ledger.show(state.lane.name, state.transfer)
    return ledger


def is_published(agenda: Agenda, run: Run) -> bool:
    """Say whether the study and the tables hold every pick of every lane."""
    picks = {state.lane.name: len(state.picks) for state in agenda.states}
    return finished_trials(run.study_file) == picks == rounds_in_tables(run.path)
