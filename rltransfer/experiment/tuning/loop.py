"""Tuning: propose settings, train them in every context, keep what came of it.

    measure    the family's own settings               a reference, outside the study
    for trial n:
        propose    θ_n = TPE(trials before n)           seeded by n
        train      context by context, seed by seed     in worker processes; ended when hopeless
        commit     trials/n.json                        the truth of the tuning
    measure    the best settings and the family's own   with fresh seeds: the best of many is
                                                        partly luck

The process that tunes is the only one that writes. It may be killed anywhere: the same command goes
on with the trainings that are kept, and comes to the same result.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rltransfer.errors import SourceFailed
from rltransfer.experiment.tuning.board import show
from rltransfer.experiment.tuning.events import TuningEvents
from rltransfer.experiment.tuning.folder import TuningFolder
from rltransfer.experiment.tuning.outcome import FAMILY, Outcome, again
from rltransfer.experiment.tuning.record import Cell, Trial
from rltransfer.experiment.tuning.spec import Tuning
from rltransfer.experiment.tuning.storage import (
    in_database,
    in_journal,
    own_database,
    reachable,
    without_password,
)
from rltransfer.experiment.tuning.study import TuningStudy
from rltransfer.experiment.tuning.trainings import Settings, Trainings
from rltransfer.experiment.workers import worker_pool

if TYPE_CHECKING:
    import optuna

__all__ = ["retrain", "tune"]


def tune(
    tuning: Tuning,
    path: Path,
    *,
    jobs: int = 1,
    storage: str | None = None,
    events: TuningEvents | None = None,
) -> Outcome:
    """Tune, or go on where it was interrupted; the result does not depend on the workers.

    Args:
        tuning: what to tune.
        path: its folder.
        jobs: worker processes.
        storage: a database's URL for the Optuna study; a journal in the folder by default.
        events: told what happens.

    Raises:
        InvalidExperiment: if the folder holds another tuning, or the storage another study.
        RunLocked: if another process works in the folder.
        SourceFailed: if a worker dies, or no settings can be trained.
        StorageError: if something cannot be written.
    """
    tuning, folder = tuning.resolved(), TuningFolder(Path(path))
    base = None if storage is None else own_database(storage, tuning)
    with folder.working(tuning):
        trials = folder.trials()[: tuning.trials]
        study = TuningStudy(tuning, trials)
        if base is None:
            shown = in_journal(folder.journal, tuning, study.optuna)
        else:
            shown = in_database(base, tuning, study.optuna)
        place = without_password(storage) if storage else str(folder.journal)
        with reachable(place), worker_pool(jobs) as executor:
            heard = events or TuningEvents()
            return Controller(tuning, folder, study, shown, executor, jobs, heard).work(trials)


def retrain(tuning: Tuning, trial: Trial, scratch: Path, *, jobs: int = 1) -> Trial:
    """Train a finished trial's settings again, with the same seeds.

    Args:
        tuning: as its folder holds it.
        trial: complete, or ended early.
        scratch: an empty folder to work in.
        jobs: worker processes.

    Returns:
        a record that equals the trial's, if trainings are reproducible; see `Trial.equals`.
    """
    settings = Settings("again", trial.values, hopeless=lambda step, value: step == trial.ended)
    with worker_pool(jobs) as executor:
        work = Trainings(tuning, TuningFolder(scratch), settings, executor, jobs)
        cells, ended = work.run(lambda done, count: None)
    return concluded(tuning, trial.model_copy(update={"cells": cells, "ended": ended}))


@dataclass(frozen=True)
class Controller:
    """Owns one tuning while it is worked on."""

    tuning: Tuning
    folder: TuningFolder
    study: TuningStudy
    shown: optuna.Study
    executor: Executor
    jobs: int
    events: TuningEvents

    def work(self, trials: list[Trial]) -> Outcome:
        """Bring the tuning to its end."""
        self.events.began(self.folder.path, len(trials), self.tuning.trials)
        references = {FAMILY: self.reference(FAMILY, {})}
        found = Outcome(self.tuning, tuple(trials), references)
        for number in range(len(trials), self.tuning.trials):
            found = found.after(self.trial(number))
            show(self.shown, found)
        best = require_best(found)
        fresh = self.tuning.objective.cells
        for name, values in ((again(best), best.values), (again(None), {})):
            found = found.having(name, self.reference(name, values, fresh))
        found.write(self.folder)
        show(self.shown, found)
        self.folder.clear_unfinished()
        self.events.ended(found)
        return found

    def trial(self, number: int) -> Trial:
        """Propose, train and commit one trial."""
        name, params = f"{number:03d}", self.study.propose(number)
        values = self.tuning.search_space.values(params)
        self.events.proposed(name, values)
        cells, ended = self.measured(Settings(name, values, hopeless=self.study.hopeless))
        trial = concluded(
            self.tuning,
            Trial(number=number, params=params, values=values, cells=cells, ended=ended,
                  marks=self.study.marks),
        )  # fmt: skip
        self.folder.commit(name, trial)
        self.study.finish(trial)
        self.shown.add_trial(self.study.frozen(trial))
        self.events.finished(name, trial)
        return trial

    def reference(self, name: str, values: Mapping[str, Any], first: int = 0) -> Trial:
        """Return the record of settings outside the study; measure them if it is missing.

        Raises:
            SourceFailed: if a training fails.
        """
        found = self.folder.trial(name)
        if found is None:
            self.events.proposed(name, values)
            cells, _ = self.measured(Settings(name, values, first))
            found = concluded(self.tuning, Trial(number=None, values=dict(values), cells=cells))
            if found.failure is not None:
                raise SourceFailed(f"{name}: {found.failure}")
            self.folder.commit(name, found)
            self.events.finished(name, found)
        return found

    def measured(self, settings: Settings) -> tuple[tuple[Cell, ...], int | None]:
        """Train settings in every cell, or until they are hopeless."""
        work = Trainings(self.tuning, self.folder, settings, self.executor, self.jobs)
        return work.run(lambda done, count: self.events.progressed(settings.name, done, count))


def concluded(tuning: Tuning, trial: Trial) -> Trial:
    """Return a trial with what it is worth; None if it was ended or has failed."""
    complete = trial.ended is None and trial.failure is None
    scores = [tuning.objective.score(cell.mean) for cell in trial.cells if cell.mean is not None]
    return trial.model_copy(update={"value": tuning.objective.value(scores) if complete else None})


def require_best(found: Outcome) -> Trial:
    """Return the best trial.

    Raises:
        SourceFailed: if there is none.
    """
    if found.best is None:
        why = next((t.failure for t in found.trials if t.failure is not None), "all were ended")
        raise SourceFailed(
            f"none of {len(found.trials)} trials came to its end: {why.rstrip('.')}. Narrow the "
            "space, for example to lower learning rates, under another --out."
        )
    return found.best
