"""Files of a run beside its trials in the dashboard, served from where they lie.

The study keeps what a file is called; the bytes stay in the run's folder and are read when somebody
asks. So nothing is copied, and a study that is made again names the same files.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from uuid import NAMESPACE_URL, uuid5

from rltransfer.files import Unreadable, read_bytes

if TYPE_CHECKING:
    import optuna

__all__ = ["REPORT", "SOURCE_FILES", "STUDY_FILES", "ShownFiles", "attach", "id_of", "run_files"]

LARGEST = 100_000_000  # bytes

SOURCE_FILES = ("learning.csv", "result.json", "policy.json", "policy.safetensors")
"""Of a committed source, beside its trial."""

STUDY_FILES = ("gaps.csv", "rounds.csv", "experiment.toml")
"""Of the run, beside its studies."""

REPORT = "report.html"
"""Of the experiment; it is saved and not shown, for a stranger's page has no place in ours."""

TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".toml": "text/plain",
}


def id_of(name: str) -> str:
    """Return the identifier of a file by its name in the run: always the same."""
    return str(uuid5(NAMESPACE_URL, f"rltransfer:{name}"))


def attach(study_or_trial: optuna.Study | optuna.Trial, name: str) -> None:
    """Show a file beside a study or a trial.

    Args:
        study_or_trial: where.
        name: of the file in the run, such as "gaps.csv" or "<key>/learning.csv".
    """
    from optuna import Study

    kind = TYPES.get(Path(name).suffix, "application/octet-stream")
    about = {"artifact_id": id_of(name), "filename": Path(name).name, "mimetype": kind,
             "encoding": None}  # fmt: skip
    attribute = f"artifacts:{about['artifact_id']}"
    if isinstance(study_or_trial, Study):
        storage, number = study_or_trial._storage, study_or_trial._study_id
        storage.set_study_system_attr(number, attribute, json.dumps(about))
    else:
        storage, number = study_or_trial.storage, study_or_trial._trial_id
        storage.set_trial_system_attr(number, attribute, json.dumps(about))


class ShownFiles:
    """An artifact store of Optuna's that can be read only.

    Args:
        files: returns where the files lie now, by their names in the run.
    """

    def __init__(self, files: Callable[[], Mapping[str, Path]]) -> None:
        self._files = files

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """Open a file.

        Raises:
            ArtifactNotFound: if it is not there, or is no plain file.
        """
        from optuna.artifacts.exceptions import ArtifactNotFound

        known = {id_of(name): path for name, path in self._files().items()}
        try:
            return io.BytesIO(read_bytes(known[artifact_id], LARGEST))
        except (KeyError, Unreadable) as error:
            raise ArtifactNotFound(f"{artifact_id} is not there yet: {error}") from None

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Refuse."""
        raise PermissionError("these files are shown only; the run itself writes them.")

    def remove(self, artifact_id: str) -> None:
        """Refuse."""
        raise PermissionError("these files are shown only; the run itself writes them.")


def run_files(path: Path, sources: Mapping[str, Path]) -> dict[str, Path]:
    """Return the files of a run that are shown, by name.

    Args:
        path: of the run.
        sources: the committed folders by key.
    """
    files = {name: path / name for name in STUDY_FILES} | {REPORT: path.parent / REPORT}
    for key, folder in sources.items():
        files |= {f"{key}/{name}": folder / name for name in SOURCE_FILES}
    return files
