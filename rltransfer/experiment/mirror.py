"""A run's study in a database, beside its own journal, where others may watch several at once.

The journal in the run's folder stays the run's own: one controller writes it. The database is a
copy for dashboards: each run copies the studies of its own selectors there, under names that tell
the run, so that controllers on many machines may share one database and never write the same
study. A copy that does not agree with the journal is made again; one that cannot be written is
made up for at the next source.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rltransfer.experiment.events import Events, Work
from rltransfer.runs import Run
from rltransfer.runs.ledger import Entry, journal, quiet
from rltransfer.selection import Proposal

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

__all__ = ["Audience", "Mirror", "copy_study"]


class Audience(Events):
    """Several listeners, each told of everything in turn."""

    def __init__(self, *listeners: Events) -> None:
        self._listeners = listeners

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(Events, name):
            return object.__getattribute__(self, name)
        return told([getattr(listener, name) for listener in self._listeners])


def told(listeners: Sequence[Callable[..., None]]) -> Callable[..., None]:
    """Return what tells all of them."""

    def tell(*said: Any) -> None:
        for listener in listeners:
            listener(*said)

    return tell


class Mirror(Events):
    """Copies a run's studies into a database when something is new in them.

    Args:
        url: of the database, such as sqlite:///studies.db or postgresql://user@host/name.

    Raises:
        InvalidExperiment: if the URL is none.
        MissingDependency: if the database's library is not installed.
        StorageError: if the database does not answer.
    """

    def __init__(self, url: str) -> None:
        from rltransfer.experiment.tuning.storage import database, without_password

        self._name = without_password(url)
        self._database = database(url)

    def began(self, run: Run, done: Work, planned: Work) -> None:
        """Copy what the run has so far."""
        self._run, self._journal = run, journal(run.study_file)
        self._copy()

    def unchanged(self, run: Run) -> None:
        """Copy a run that was finished before."""
        self._run, self._journal = run, journal(run.study_file)
        self._copy()

    def learned(self, selector: str, pick: Proposal, entry: Entry) -> None:
        """Copy what a selector has learned."""
        self._copy()

    def ended(self, run: Run) -> None:
        """Copy the last figures."""
        self._copy()

    def _copy(self) -> None:
        """Bring every study of the run up to date; a database's trouble is no run's trouble."""
        from rltransfer.experiment.tuning.storage import first_line

        try:
            for study in self._journal.get_all_studies():
                copy_study(self._journal, study.study_name, self._database, self._title(study))
        except Exception as error:  # whatever its driver raises
            logging.getLogger(__name__).warning(
                "%s could not be written (%s); the run goes on, and the copy is made up for at "
                "its next source.", self._name, first_line(error),
            )  # fmt: skip

    def _title(self, study: Any) -> str:
        """Return what a study is called where there are those of other runs."""
        folder: Path = self._run.path.resolve()
        return f"{folder.parent.name}/{folder.name}/{study.study_name}"


def copy_study(here: BaseStorage, name: str, there: BaseStorage, title: str) -> None:
    """Add to a study's copy the finished trials that it lacks; make it again if it disagrees.

    Args:
        here: holds the study.
        name: of it.
        there: holds the copy, or will.
        title: of the copy.
    """
    import optuna

    with quiet():
        study = optuna.load_study(study_name=name, storage=here)
        finished = [trial for trial in study.get_trials() if trial.state.is_finished()]
        copy = agreeing_copy(finished, there, title)
        for trial in finished[len(copy.get_trials(deepcopy=False)) :]:
            copy.add_trial(trial)
        copied = there.get_study_system_attrs(copy._study_id)
        for key, value in here.get_study_system_attrs(study._study_id).items():
            if copied.get(key) != value:
                there.set_study_system_attr(copy._study_id, key, value)


def agreeing_copy(finished: Sequence[FrozenTrial], there: BaseStorage, title: str) -> optuna.Study:
    """Return the copy so far, empty if there was none or one that disagrees."""
    import optuna

    if title in optuna.get_all_study_names(there):
        copy = optuna.load_study(study_name=title, storage=there)
        copied = copy.get_trials(deepcopy=False)
        if [said(t) for t in copied] == [said(t) for t in finished[: len(copied)]]:
            return copy
        optuna.delete_study(study_name=title, storage=there)
    return optuna.create_study(study_name=title, storage=there, direction="maximize")


def said(trial: FrozenTrial) -> tuple[Any, ...]:
    """Return what must agree."""
    return trial.params, trial.value, trial.user_attrs
