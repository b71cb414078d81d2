"""Where one training happens, so that a kill at any moment loses at most the stage at work.

NAME/            the finished training, there as a whole or not at all
NAME.working/    while it is trained: training.json, stages/, scores.jsonl
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rltransfer.errors import CorruptRun, InvalidExperiment, RLTransferError
from rltransfer.experiment.solo.record import RESULT, SoloRecord
from rltransfer.files import (
    Unreadable,
    open_json,
    read_bytes,
    require_no_links,
    seal_json,
    sweep,
    write_text,
)
from rltransfer.runs.lock import locked

__all__ = ["SoloFolder"]

WRONG_INPUT = RLTransferError.exit_code


class SoloFolder:
    """The folder of one training, finished or not.

    Attributes:
        path: of the finished training.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    @property
    def unfinished(self) -> Path:
        """Where it is worked on."""
        return self.path.with_name(f"{self.path.name}.working")

    @property
    def stages(self) -> Path:
        """Where the results of finished stages are kept meanwhile."""
        return self.unfinished / "stages"

    @property
    def scores(self) -> Path:
        """Where scores of policies are kept meanwhile."""
        return self.unfinished / "scores.jsonl"

    @property
    def begun(self) -> bool:
        """Whether a training was interrupted here."""
        return (self.unfinished / "training.json").is_file()

    def finished(self, told: Mapping[str, Any]) -> SoloRecord | None:
        """Return what is finished here; None if nothing is.

        Args:
            told: what decides the result of the training that is wanted.

        Raises:
            InvalidExperiment: if another training lies here, or something else.
            CorruptRun: if it is damaged.
        """
        if not self.path.exists() or (self.path.is_dir() and not any(self.path.iterdir())):
            return None
        if not (self.path / RESULT).is_file():
            raise InvalidExperiment(
                f"{self.path} exists and holds no training. Choose another --out."
            )
        record = SoloRecord.read(self.path)
        require_same(self.path, record.training, told)
        shutil.rmtree(self.unfinished, ignore_errors=True)
        return record

    @contextmanager
    def working(self, told: Mapping[str, Any]) -> Iterator[None]:
        """Hold the lock of the unfinished training; on wrong input, leave nothing of it.

        Raises:
            InvalidExperiment: if another training was interrupted here.
            RunLocked: if another process works here.
            CorruptRun: if the folder holds a link.
        """
        if self.begun:
            require_same(self.unfinished, self.interrupted(), told)
        with locked(self.unfinished):
            require_no_links(self.unfinished)
            sweep(self.path.parent)
            write_text(self.unfinished / "training.json", seal_json(told))
            try:
                yield
            except RLTransferError as error:
                if error.exit_code == WRONG_INPUT:
                    shutil.rmtree(self.unfinished, ignore_errors=True)
                raise
            shutil.rmtree(self.unfinished, ignore_errors=True)

    def interrupted(self) -> dict[str, Any]:
        """Return what was being trained.

        Raises:
            CorruptRun: if that cannot be read.
        """
        path = self.unfinished / "training.json"
        try:
            return open_json(read_bytes(path))
        except Unreadable as error:
            raise CorruptRun(
                f"{path} cannot be read: {error}. Remove {self.unfinished} to begin again."
            ) from None


def require_same(folder: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse to take one training for another; name the first thing that differs."""
    now = json.loads(json.dumps(dict(now)))  # tuples as JSON has them
    for field in now:
        if before.get(field) != now[field]:
            raise InvalidExperiment(
                f"{folder} holds another training: its {field} was {before.get(field)!r} and is "
                f"now {now[field]!r}. Choose another --out, or remove that folder."
            )
