"""`rltransfer dashboard`: a run's study in optuna-dashboard, on the loopback interface."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rltransfer.cli.output import console, print_json
from rltransfer.errors import CorruptRun, StorageError
from rltransfer.runs import Run

if TYPE_CHECKING:
    from optuna.storages import JournalStorage

__all__ = ["serve"]

LOOPBACK = "127.0.0.1"


def serve(path: Path, port: int, as_json: bool) -> None:
    """Serve the first run's study until Ctrl-C.

    Raises:
        CorruptRun: if the run has no study yet.
        StorageError: if the port is taken.
    """
    run = Run.find(path)[0]
    if not run.study_file.is_file():
        raise CorruptRun(
            f"{run.path} has no study yet; it appears when the first source is chosen. "
            f"Make it with `rltransfer resume {run.path}`."
        )
    from optuna_dashboard import run_server

    url = f"http://{LOOPBACK}:{port}/dashboard/"
    if as_json:
        print_json({"run": str(run.path), "url": url})
    else:
        console.print(f"{run.path}: {url} (Ctrl-C ends it)", soft_wrap=True)
    try:
        run_server(watched(run.study_file), host=LOOPBACK, port=port)
    except OSError as error:
        raise StorageError(f"port {port} cannot be used ({error}). Try another --port.") from None


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
