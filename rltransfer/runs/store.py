"""The folder where an experiment with one seed happened, and the object that continues it."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rltransfer.contexts import Context
from rltransfer.errors import CorruptRun, InvalidExperiment
from rltransfer.files import (
    Unreadable,
    commit_folder,
    open_json,
    open_text,
    parse_toml,
    read_bytes,
    require_no_links,
    seal_json,
    seal_text,
    sweep,
    write_text,
)
from rltransfer.runs.absent import no_run
from rltransfer.runs.failure import Failure
from rltransfer.runs.lock import locked
from rltransfer.runs.provenance import provenance
from rltransfer.runs.result_file import read_result
from rltransfer.runs.source import SavablePolicy, SourceRecord

__all__ = ["Run"]


class Run:
    """`runs/<experiment>/seed-N`: the committed sources and what is made from them.

    The committed source folders are the truth of a run: the study, the tables and the report can
    be made again from them. Opening a run reads data only.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    # -- making and finding --------------------------------------------------------------------

    @classmethod
    def create(cls, path: Path, description: str) -> Run:
        """Make the folder, or find it made with the same description before.

        Args:
            path: the run directory.
            description: the experiment as TOML, with the one seed of this run.

        Raises:
            InvalidExperiment: if the folder holds a run of another experiment; names a difference.
            StorageError: if nothing can be written there.
        """
        run = cls(path)
        if run.experiment_file.exists():
            run.require_same(description)
            return run
        if path.exists() and not path.is_dir():
            raise InvalidExperiment(f"{path} is a file; a run needs a folder. Use another --runs.")
        write_text(run.provenance_file, seal_json(provenance()))
        # last: its presence says that the run exists
        write_text(run.experiment_file, seal_text(description))
        return run

    @classmethod
    def open(cls, path: Path) -> Run:
        """Return the run in an existing folder.

        Raises:
            CorruptRun: if the folder holds no run.
        """
        run = cls(path)
        if not run.experiment_file.is_file():
            raise CorruptRun(no_run(path))
        return run

    @staticmethod
    def find(path: Path | str) -> list[Run]:
        """Return the runs in a folder: itself if it is one, or its `seed-*` folders, by seed.

        Raises:
            CorruptRun: if there is none.
        """
        path = Path(path)
        if (path / "experiment.toml").is_file():
            return [Run(path)]
        folders = [folder.parent for folder in path.glob("seed-*/experiment.toml")]
        if not folders:
            return [Run.open(path)]  # raises, with the sentence for it
        return [Run(folder) for folder in sorted(folders, key=lambda f: (len(f.name), f.name))]

    # -- places --------------------------------------------------------------------------------

    @property
    def experiment_file(self) -> Path:
        """The resolved experiment."""
        return self.path / "experiment.toml"

    @property
    def provenance_file(self) -> Path:
        """The conditions under which the run began."""
        return self.path / "provenance.json"

    @property
    def sources_folder(self) -> Path:
        """Where the committed sources lie."""
        return self.path / "sources"

    @property
    def failed_folder(self) -> Path:
        """Where it is recorded which sources have failed, a file per key."""
        return self.path / "failed"

    @property
    def unfinished_folder(self) -> Path:
        """Where trainings in progress keep the results of their stages, a folder per key."""
        return self.path / "working"

    @property
    def study_file(self) -> Path:
        """The Optuna study that people watch."""
        return self.path / "study.journal"

    # -- what is in it -------------------------------------------------------------------------

    def description(self) -> dict[str, Any]:
        """Return the experiment as plain data.

        Raises:
            CorruptRun: if the file is damaged.
        """
        try:
            return parse_toml(open_text(read_bytes(self.experiment_file)))
        except Unreadable as error:
            raise CorruptRun(
                f"{self.experiment_file} cannot be read: {error}. Put it back from a copy; what "
                "is to be changed belongs into another run, under another name."
            ) from None

    def provenance(self) -> dict[str, Any]:
        """Return the conditions under which the run began.

        Raises:
            CorruptRun: if the file is missing or damaged.
        """
        try:
            return open_json(read_bytes(self.provenance_file))
        except Unreadable as error:
            raise CorruptRun(
                f"{self.provenance_file} cannot be read: {error}. Put it back from a copy; or "
                "write {} into it, and the run goes on without knowing how it began."
            ) from None

    def source_folders(self) -> list[Path]:
        """Return the committed source folders in the order of their commit."""
        found = self.sources_folder.glob("[0-9]*")
        folders = [folder for folder in found if folder.name.isdigit() and folder.is_dir()]
        return sorted(folders, key=lambda folder: int(folder.name))

    def sources(self) -> dict[str, SourceRecord]:
        """Read every committed source, by key, in the order of their commit.

        Raises:
            CorruptRun: if one is damaged.
        """
        records = [SourceRecord.read(folder) for folder in self.source_folders()]
        return {record.key: record for record in records}

    def failures(self) -> dict[str, Failure]:
        """Read what has failed, by key, in the order in which it was given up.

        Raises:
            CorruptRun: if a record is damaged.
        """
        found = [Failure.read(path) for path in self.failed_folder.glob("*.json")]
        return {failure.key: failure for failure in sorted(found, key=lambda f: f.moment)}

    def policy_folder(self, key: str) -> Path:
        """Return the folder that holds the policy of this key.

        Raises:
            KeyError: if no source of this key is committed.
            CorruptRun: if a source is damaged.
        """
        for folder in self.source_folders():
            if read_result(folder).key == key:
                return folder
        raise KeyError(key)

    # -- changing it ---------------------------------------------------------------------------

    @contextmanager
    def working(self) -> Iterator[None]:
        """Hold the run's lock, and begin by removing what a killed process left unfinished.

        Raises:
            RunLocked: if another process works here.
            CorruptRun: if there is a link in the folder.
        """
        require_no_links(self.path)
        with locked(self.path):
            sweep(self.path)
            sweep(self.sources_folder)
            sweep(self.failed_folder)
            yield

    def commit(
        self, record: SourceRecord, policy: SavablePolicy, targets: tuple[Context, ...]
    ) -> Path:
        """Add a trained source by one rename; return its folder.

        Raises:
            StorageError: if it cannot be written; nothing that was committed is touched.
        """
        names = os.listdir(self.sources_folder) if self.sources_folder.is_dir() else []
        taken = [int(name) for name in names if name.isdigit()]
        final = self.sources_folder / f"{max(taken, default=-1) + 1:02d}"
        commit_folder(final, lambda folder: record.write(folder, policy, targets))
        shutil.rmtree(self.unfinished_folder / record.key, ignore_errors=True)
        return final

    def record(self, failure: Failure) -> None:
        """Record that a source has failed; what its training kept stays for another attempt.

        Raises:
            StorageError: if it cannot be written.
        """
        failure.write(self.failed_folder / f"{failure.key}.json")

    def forget_failures(self) -> None:
        """Have what has failed tried again when the run is continued.

        Raises:
            RunLocked: if another process works here.
        """
        if self.failed_folder.is_dir():
            with self.working():
                shutil.rmtree(self.failed_folder)

    def clear_unfinished(self) -> None:
        """Remove what trainings kept while they were in progress, once none is.

        What failed trainings kept stays: it saves another attempt the work.
        """
        failed = self.failures()
        for folder in self.unfinished_folder.glob("*"):
            if folder.name not in failed:
                shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # it is not empty, or not there
            self.unfinished_folder.rmdir()

    def require_same(self, description: str) -> None:
        """Refuse to continue a run with another experiment.

        Raises:
            InvalidExperiment: naming the first value that differs.
        """
        before, now = flat(self.description()), flat(tomllib.loads(description))

        def telling(field: str) -> tuple[bool, bool, str]:
            return field.endswith("digest"), field not in before or field not in now, field

        for field in sorted({*before, *now}, key=telling):
            if before.get(field) != now.get(field):
                raise InvalidExperiment(
                    f"{self.path} holds another experiment: {field} was {before.get(field)!r} "
                    f"and is now {now.get(field)!r}. Use another --name, or resume the old one "
                    f"with `rltransfer resume {self.path}`."
                )

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"


def flat(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested tables as one, keys joined by dots."""
    items: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, Mapping):
            items |= flat(value, f"{prefix}{key}.")
        else:
            items[f"{prefix}{key}"] = value
    return items
