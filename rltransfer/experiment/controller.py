"""Who owns a run while it is worked on: hands out jobs, commits what comes back or why it fails.

The controller is the only process that writes results. It may be killed anywhere: what it knows,
it has read from the committed sources, and reads again when the run is resumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rltransfer.experiment.agenda import Agenda
from rltransfer.experiment.attempt import prepare, train_and_evaluate
from rltransfer.experiment.backends import Backend, Workers
from rltransfer.experiment.consequences import concerns_all, failure_of, not_measured
from rltransfer.experiment.events import Events
from rltransfer.experiment.flights import Flights, Landing
from rltransfer.experiment.job import Job
from rltransfer.experiment.keys import Lineage, key_of
from rltransfer.experiment.known import Measurement, measured, require_unchanged
from rltransfer.experiment.progress import StageProgress
from rltransfer.experiment.signals import PATIENCE
from rltransfer.experiment.spec import Experiment
from rltransfer.experiment.study_view import StudyView
from rltransfer.experiment.tables import write_tables
from rltransfer.experiment.workers import Crew
from rltransfer.runs import Run, SourceRecord
from rltransfer.runs.conditions import require_same_conditions
from rltransfer.runs.publication import is_published, publish, was_published

if TYPE_CHECKING:
    from rltransfer.training.policy import Policy

    Outcome = tuple[SourceRecord, Policy]

__all__ = ["Controller"]

POLL = 0.25
"""Seconds between two looks at the workers' progress."""


class Controller:
    """Brings one run to its end.

    Args:
        run: the run.
        events: told what happens.
        backend: where jobs are done.
        step_timeout: seconds without a sign of life after which a job counts as hung.
    """

    def __init__(self, run: Run, events: Events, backend: Backend, step_timeout: float) -> None:
        self.run, self.events = run, events
        self.backend, self.step_timeout = backend, step_timeout

    def work(self) -> None:
        """Bring the run to its end; a finished run is only read."""
        if was_published(self.run.path) and Agenda.read(self.run).finished:
            self.mend()
            return
        require_unchanged(Experiment.of_run(self.run))
        with self.run.working():
            with self.backend.open(self.run.path) as workers:
                self.train(workers)
            self.conclude()

    def mend(self) -> None:
        """Make study and tables of a finished run again, if they are not as they were made."""
        if is_published(self.run.path):
            self.events.unchanged(self.run)
            return
        with self.run.working():
            self.agenda = Agenda.read(self.run)
            self.begin()
            self.conclude()

    def train(self, workers: Workers) -> None:
        """Measure and train what is wanted."""
        workers.crew.warm(prepare, self.run.path)  # while the agenda is read
        self.agenda = Agenda.read(self.run)
        if not self.agenda.finished:
            require_same_conditions(self.run)
        self.measure_known(workers.crew)
        self.begin()
        flights = Flights[Job](workers.crew, self.step_timeout, self.events.repeated)
        with self.stopping_in_order(flights):
            self.drive(flights, workers.count)
        self.view.tell_stops(self.agenda)

    def begin(self) -> None:
        """Show what there is."""
        self.view = StudyView(self.run, self.agenda, self.events)
        self.events.began(self.run, self.agenda.done, self.agenda.planned)

    def conclude(self) -> None:
        """Write what is made from all sources, and that it is made."""
        write_tables(self.run.path, self.agenda.states, self.agenda.pool, self.agenda.seed)
        self.run.clear_unfinished()
        publish(self.run.path)
        self.events.ended(self.run)

    @contextmanager
    def stopping_in_order(self, flights: Flights[Any]) -> Iterator[None]:
        """Where the work is to stop, let the workers keep what they have; a second wish ends it.

        What they have finished by then is committed.
        """
        try:
            yield
        except (KeyboardInterrupt, SystemExit):
            if flights:
                self.events.stopping(PATIENCE)
            for landing in flights.stop(PATIENCE):
                self.commit(landing.result)
            raise

    # -- policies from elsewhere ---------------------------------------------------------------

    def measure_known(self, crew: Crew) -> None:
        """Measure and commit the policies from elsewhere, before the first round."""
        if not self.agenda.unmeasured:
            return
        flights = Flights[Measurement](crew, self.step_timeout, self.events.repeated)
        plain = self.agenda.experiment.model_dump(exclude_none=True)
        with self.stopping_in_order(flights):
            for known in self.agenda.unmeasured:
                working = self.run.unfinished_folder / known.key
                flights.launch(measured, Measurement(known, plain, working))
            while flights:
                flights.wait(POLL)
                for landing in flights.landed():
                    if landing.error is not None:
                        raise not_measured(landing, landing.error)
                    self.events.met(self.commit(landing.result))
        self.agenda = Agenda.read(self.run)  # its lanes begin with what is known

    # -- sources -------------------------------------------------------------------------------

    def drive(self, flights: Flights[Job], slots: int) -> None:
        """Keep the workers busy until nothing is wanted."""
        while True:
            self.hand_out(flights, slots)
            if not flights:
                return
            flights.wait(POLL)
            self.listen(flights)
            errors = [self.take_back(landing) for landing in flights.landed()]
            fatal = [error for error in errors if error is not None]
            if fatal:
                raise fatal[0]

    def hand_out(self, flights: Flights[Job], slots: int) -> None:
        """Give free workers the next jobs."""
        flying = {flight.job.key for flight in flights}
        ready = [wanted for wanted in self.agenda.wanted if key_of(wanted) not in flying]
        for job in map(self.job, ready[: slots - len(flights)]):
            flights.launch(train_and_evaluate, job)
            self.view.begin(job.key, self.agenda)
            self.events.started(job)

    def job(self, wanted: Lineage | str) -> Job:
        """Describe the training of a source, or of a multi-task policy."""
        experiment, working = self.agenda.experiment, self.run.unfinished_folder / key_of(wanted)
        if isinstance(wanted, str):
            return Job.on_all(experiment, wanted, working)
        return Job.on_source(
            experiment,
            wanted,
            working,
            parents={key: self.run.policy_folder(key) for key in wanted.parents},
            record=experiment.record if self.agenda.keeps_data(wanted) else 0,
            trained=self.trained(wanted),
        )

    def trained(self, wanted: Lineage) -> Path | None:
        """Return where the same policy lies, measured on other targets; None if nowhere."""
        key = self.agenda.same_training(wanted)
        return None if key is None else self.run.policy_folder(key)

    def listen(self, flights: Flights[Job]) -> None:
        """Pass on what the workers have written since the last look."""
        for flight, told in flights.reports():
            if isinstance(told, StageProgress):
                self.events.working(flight.job, told)
            else:
                self.events.progressed(flight.job, told)
                self.view.progressed(flight.job.key, told)

    def take_back(self, landing: Landing[Job]) -> BaseException | None:
        """Commit what a worker returns, or record that it failed; return what ends the run."""
        job, error = landing.flight.job, landing.error
        if error is None:
            record = self.commit(landing.result)
            self.agenda = self.agenda.after(record)
            self.events.committed(job, record)
        elif concerns_all(error):
            return error
        else:
            failure = failure_of(landing, error)
            self.run.record(failure)
            self.agenda = self.agenda.without(failure)
            self.events.failed(job, failure)
        self.view.show(self.agenda)
        return None

    def commit(self, outcome: Outcome) -> SourceRecord:
        """Commit a policy; return its record as a resumed run would see it."""
        record, policy = outcome
        folder = self.run.commit(record, policy, self.agenda.targets)
        return SourceRecord.read(folder)
