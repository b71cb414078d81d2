"""The studies of a database as they are now, in memory, to be looked at and not written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.tuning.storage import database, without_password
from rltransfer.runs.ledger import quiet

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

__all__ = ["is_sqlite", "studies_in"]

SQLITE = b"SQLite format 3\0"
"""What every SQLite file begins with."""


def is_sqlite(path: Path) -> bool:
    """Say whether a path is an SQLite file."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE


def studies_in(url: str) -> BaseStorage:
    """Return a copy of all studies of a database.

    Args:
        url: as for Optuna, such as sqlite:///studies.db.

    Raises:
        InvalidExperiment: if the URL is none, or the database holds no study.
        MissingDependency: if the database's library is not installed.
        StorageError: if the database does not answer.
    """
    import optuna

    there, here = database(unwritten(url), url), optuna.storages.InMemoryStorage()
    names = optuna.get_all_study_names(there)
    if not names:
        raise InvalidExperiment(
            f"{without_password(url)} holds no study yet. `rltransfer run … --storage URL` and "
            "`rltransfer tune … --storage URL` put some there."
        )
    with quiet():
        for name in names:
            optuna.copy_study(from_study_name=name, from_storage=there, to_storage=here)
    return here


def unwritten(url: str) -> str:
    """Return a URL by which an SQLite file is only read; others as they are.

    Raises:
        InvalidExperiment: if there is no such file; SQLite would make one.
    """
    import sqlalchemy

    try:
        parts = sqlalchemy.make_url(url)
    except sqlalchemy.exc.ArgumentError:
        return url  # which is refused where it is opened
    if parts.get_backend_name() != "sqlite" or not parts.database:
        return url
    path = Path(parts.database)
    if not path.is_file():
        raise InvalidExperiment(
            f"{url} is no database: there is no file {path}. The path is that of a file here, "
            "with one slash more if it is absolute: sqlite:////home/me/studies.db."
        )
    return f"sqlite:///{path.resolve().as_uri()}?mode=ro&uri=true"
