"""`rltransfer dashboard`: the study of a run or a tuning in optuna-dashboard, on loopback only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rltransfer.cli.output import console, print_json
from rltransfer.errors import CorruptRun, StorageError
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
        path: of the run or the tuning.
        storage: its study, which cannot be written.
        files: beside its trials, which cannot be written either.
    """

    path: Path
    storage: BaseStorage
    files: ShownFiles


def serve(path: Path, port: int, as_json: bool) -> None:
    """Serve a study until Ctrl-C; of an experiment, the first run's.

    Raises:
        CorruptRun: if there is no study yet.
        StorageError: if the port is taken.
    """
    found = shown(path)
    from optuna_dashboard import run_server

    url = f"http://{LOOPBACK}:{port}/dashboard/"
    if as_json:
        print_json({"run": str(found.path), "url": url})
    else:
        console.print(f"{found.path}: {url} (Ctrl-C ends it)", soft_wrap=True)
    try:
        run_server(found.storage, host=LOOPBACK, port=port, artifact_store=found.files)
    except OSError as error:
        raise StorageError(f"port {port} cannot be used ({error}). Try another --port.") from None


def shown(path: Path) -> Shown:
    """Return what is to be shown of a folder; raises CorruptRun as `serve` does."""
    return shown_tuning(path) if (path / "tuning.toml").is_file() else shown_run(Run.find(path)[0])


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

    return Shown(run.path, watched(run.study_file), ShownFiles(files))


def shown_tuning(path: Path) -> Shown:
    """Return a tuning's study: its journal, or a copy made of its trials if a database has it."""
    from rltransfer.experiment.tuning import TuningFolder
    from rltransfer.experiment.tuning.board import copy_of
    from rltransfer.experiment.tuning.folder import SHOWN
    from rltransfer.runs.artifacts import ShownFiles

    folder = TuningFolder(path)
    storage = watched(folder.journal) if folder.journal.is_file() else copy_of(folder)
    return Shown(path, storage, ShownFiles(lambda: {name: path / name for name in SHOWN}))


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
