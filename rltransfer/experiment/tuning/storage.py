"""Where the Optuna study of a tuning is kept: a journal in its folder, or a database by URL.

Optuna's own storages. What is kept there is to be looked at: a copy, trial by trial, of the study
in memory, which is itself made from the finished trials. When a tuning goes on, the copy is made
again: a journal as a whole; in a database the study of this tuning alone, and only if it differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rltransfer.errors import InvalidExperiment, MissingDependency, StorageError
from rltransfer.experiment.tuning.folder import SHOWN
from rltransfer.experiment.tuning.spec import Tuning
from rltransfer.experiment.tuning.study import METRIC
from rltransfer.files import write_atomically
from rltransfer.runs.artifacts import attach
from rltransfer.runs.ledger import journal, quiet

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage

__all__ = [
    "OWNER",
    "copied",
    "database",
    "in_database",
    "in_journal",
    "own_database",
    "reachable",
    "without_password",
]

OWNER = "rltransfer.tuning"
"""The study's attribute with the digest of the tuning that it belongs to."""


def in_journal(path: Path, tuning: Tuning, study: optuna.Study) -> optuna.Study:
    """Copy a study into a journal file, in place of what is there.

    Raises:
        StorageError: if it cannot be written.
    """
    import optuna

    Path(f"{path}.lock").unlink(missing_ok=True)  # a killed owner's; the folder's lock is ours
    write_atomically(path, lambda temporary: copied(study, journal(temporary), tuning))
    with quiet():
        return optuna.load_study(study_name=tuning.name, storage=journal(path))


def in_database(storage: BaseStorage, tuning: Tuning, study: optuna.Study) -> optuna.Study:
    """Open the copy of a study in a database; it is made again if it differs."""
    import optuna

    if tuning.name not in (found.study_name for found in storage.get_all_studies()):
        return copied(study, storage, tuning)
    with quiet():
        there = optuna.load_study(study_name=tuning.name, storage=storage)
    if agree(there, study):
        return there
    storage.delete_study(there._study_id)
    return copied(study, storage, tuning)


def own_database(url: str, tuning: Tuning) -> BaseStorage:
    """Open a database by its URL.

    Raises:
        InvalidExperiment: if the URL is none, or the database has another study of this name.
        MissingDependency: if the database's library is not installed.
        StorageError: if the database does not answer.
    """
    storage = database(url)
    for found in storage.get_all_studies():
        if found.study_name == tuning.name and found.user_attrs.get(OWNER) != tuning.digest:
            raise InvalidExperiment(
                f"{without_password(url)} has another study called {tuning.name!r}. Use another "
                "--name, or delete that study if nobody needs it."
            )
    return storage


def copied(study: optuna.Study, storage: BaseStorage, tuning: Tuning) -> optuna.Study:
    """Return a new study in a storage, with the trials of another."""
    import optuna

    with quiet():
        made = optuna.create_study(storage=storage, study_name=tuning.name, direction="maximize")
        made.set_metric_names([METRIC])
        made.set_user_attr(OWNER, tuning.digest)
        for name in SHOWN:
            attach(made, name)
        made.add_trials(study.get_trials(deepcopy=False))
    return made


def agree(there: optuna.Study, study: optuna.Study) -> bool:
    """Say whether two studies hold the same trials."""
    here, found = study.get_trials(deepcopy=False), there.get_trials(deepcopy=False)
    return [(t.state, t.params, t.value) for t in here] == [
        (t.state, t.params, t.value) for t in found
    ]


def database(url: str, name: str | None = None) -> BaseStorage:
    """Connect to a database; raises as `own_database`.

    Args:
        url: of it.
        name: what it is called in messages; the URL by default.
    """
    import sqlalchemy
    from optuna.storages import RDBStorage

    name = without_password(url if name is None else name)
    try:
        with quiet():
            return RDBStorage(url)
    except (sqlalchemy.exc.ArgumentError, sqlalchemy.exc.NoSuchModuleError) as error:
        raise InvalidExperiment(
            "a database's URL looks like sqlite:///tuning.db or postgresql://user@host/name; "
            f"{name} is none that SQLAlchemy knows ({first_line(error)})."
        ) from None
    except ImportError as error:
        raise MissingDependency(
            f"{name} needs a database driver that is not installed. "
            "For PostgreSQL: pip install psycopg2-binary."
        ) from error
    except (sqlalchemy.exc.SQLAlchemyError, RuntimeError) as error:
        raise StorageError(
            f"{name} cannot be used: {first_line(error)}. Mend it, then give the "
            "same command again; what is finished is kept."
        ) from None


@contextmanager
def reachable(place: str) -> Iterator[None]:
    """Turn the refusal of a storage into a sentence.

    Args:
        place: a journal's path, or a URL as it may be shown.

    Raises:
        StorageError: if what is within the block cannot be written.
    """
    from optuna.exceptions import StorageInternalError

    try:
        yield
    except (OSError, StorageInternalError) as error:
        raise StorageError(
            f"the study in {place} could not be written: {first_line(error)}. Finished trials are "
            "kept; mend it, then give the same command again."
        ) from error


def without_password(url: str) -> str:
    """Return a URL as it may be shown."""
    import sqlalchemy

    with suppress(sqlalchemy.exc.ArgumentError):
        return sqlalchemy.engine.make_url(url).render_as_string(hide_password=True)
    return repr(url.partition("@")[2] or url)


def first_line(error: BaseException) -> str:
    """Return what an error says first."""
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
