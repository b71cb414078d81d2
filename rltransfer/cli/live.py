"""`rltransfer dashboard`: studies of a run, a tuning or a database, on loopback only."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rltransfer.cli.output import console, print_json
from rltransfer.errors import CorruptRun, StorageError
from rltransfer.experiment.database import is_sqlite, studies_in
from rltransfer.runs import Run

if TYPE_CHECKING:
    from optuna.storages import BaseStorage, JournalStorage

    from rltransfer.runs.artifacts import ShownFiles

__all__ = ["Shown", "serve", "shown"]

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Shown:
    """What the dashboard shows.

    Attributes:
        name: of the run, the tuning or the database.
        storage: its study, which cannot be written.
        files: beside its trials, which cannot be written either.
    """

    name: str
    storage: BaseStorage
    files: ShownFiles


def serve(place: str, port: int, as_json: bool) -> None:
    """Serve a study until Ctrl-C; of an experiment, the first run's.

    Args:
        place: a run, a tuning, or a database by its URL or, if it is SQLite's, by its file.
        port: of this machine.
        as_json: whether to tell the address as a document.

    Raises:
        CorruptRun: if there is no study yet.
        InvalidExperiment: if there is no such database.
        StorageError: if the port is taken.
    """
    found = shown(place)
    from optuna_dashboard import run_server

    url = f"http://{LOOPBACK}:{port}/dashboard/"
    if as_json:
        print_json({"run": found.name, "url": url})
    else:
        console.print(f"{found.name}: {url} (Ctrl-C ends it)", soft_wrap=True)
    try:
        with suppress(KeyboardInterrupt):  # the way to end it
            run_server(found.storage, host=LOOPBACK, port=port, artifact_store=found.files)
    except OSError as error:
        raise StorageError(f"port {port} cannot be used ({error}). Try another --port.") from None


def shown(place: str) -> Shown:
    """Return what is to be shown of a folder or a database; raises as `serve` does."""
    path = Path(place)
    if "://" in place or is_sqlite(path):
        return shown_database(place if "://" in place else f"sqlite:///{path}")
    return shown_tuning(path) if (path / "tuning.toml").is_file() else shown_run(Run.find(path)[0])


def shown_database(url: str) -> Shown:
    """Return a database's studies as they are now; files beside their trials are elsewhere."""
    from rltransfer.experiment.tuning.storage import without_password
    from rltransfer.runs.artifacts import ShownFiles

    name = f"{without_password(url)} as it is now"
    return Shown(name, studies_in(url), ShownFiles(dict))


def shown_run(run: Run) -> Shown:
    """Return a run's study with the files of its sources."""
    from rltransfer.runs.artifacts import ShownFiles, run_files
    from rltransfer.runs.result_file import read_result

    if not run.study_file.is_file():
        raise CorruptRun(
            f"{run.path} has no study yet; it appears when the first source is chosen. "
            f"Make it with `rltransfer resume {run.path}`."
        )

    def files() -> dict[str, Path]:
        sources = {read_result(folder).key: folder for folder in run.source_folders()}
        return run_files(run.path, sources)

    return Shown(str(run.path), watched(run.study_file), ShownFiles(files))


def shown_tuning(path: Path) -> Shown:
    """Return a tuning's study: its journal, or a copy made of its trials if a database has it."""
    from rltransfer.experiment.tuning import TuningFolder
    from rltransfer.experiment.tuning.board import copy_of
    from rltransfer.experiment.tuning.folder import SHOWN
    from rltransfer.runs.artifacts import ShownFiles

    folder = TuningFolder(path)
    storage = watched(folder.journal) if folder.journal.is_file() else copy_of(folder)
    return Shown(str(path), storage, ShownFiles(lambda: {name: path / name for name in SHOWN}))


def watched(path: Path) -> JournalStorage:
    """Open a study to be looked at while others write it.

    The dashboard has no login and can delete studies; here it cannot write.
    """
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    class Watched(JournalFileBackend):
        """A journal that nothing is appended to."""

        def append_logs(self, logs: list[dict[str, Any]]) -> None:
            """Refuse."""
            raise PermissionError(f"{path} is shown only; the run itself writes it.")

    return JournalStorage(Watched(str(path)))
