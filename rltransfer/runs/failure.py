"""A source whose training or evaluation has failed: recorded, so that selectors go on without it.

`failed/<key>.json` says what failed and why, and tells its own sha256. Where a training had got
somewhere, what it kept is still in `working/<key>`, so that another attempt need not repeat it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from rltransfer.contexts import Context
from rltransfer.errors import CorruptRun, explain_validation
from rltransfer.files import Unreadable, open_json, read_bytes, seal_json, write_text
from rltransfer.runs.result_file import Count, Key
from rltransfer.schema import Table

__all__ = ["Failure"]

FORMAT = 1
ADVICE = "Remove it and resume: the source will be trained again."


class FailureFile(Table):
    """What the file says; see `Failure`."""

    format: Literal[1]
    key: Key
    context: dict[str, float] | None
    reason: str
    attempts: Count
    moment: float


@dataclass(frozen=True)
class Failure:
    """What became of a source that has no policy, or one that could not be measured.

    Attributes:
        key: the policy's name in the run.
        context: the source, in the varied features; None where it was to be trained on many.
        reason: what happened, in a sentence.
        attempts: how often it was tried.
        moment: when it was given up, in seconds since 1970.
    """

    key: str
    context: Context | None
    reason: str
    attempts: int
    moment: float

    @property
    def label(self) -> str:
        """A short text for tables."""
        return self.key if self.context is None else self.context.label

    @property
    def sentence(self) -> str:
        """What failed, and why."""
        return f"{self.label}: {self.reason}"

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all.

        Raises:
            StorageError: if it cannot be written.
        """
        table = {
            "format": FORMAT,
            "key": self.key,
            "context": None if self.context is None else dict(self.context),
            "reason": self.reason,
            "attempts": self.attempts,
            "moment": self.moment,
        }
        write_text(path, seal_json(table))

    @classmethod
    def read(cls, path: Path) -> Failure:
        """Read what `write` wrote.

        Raises:
            CorruptRun: if it is damaged, or says something else.
        """
        try:
            said = FailureFile.model_validate(open_json(read_bytes(path)))
        except Unreadable as error:
            raise CorruptRun(f"{path} cannot be read: {error}. {ADVICE}") from None
        except ValidationError as error:
            raise CorruptRun(f"{explain_validation(error, str(path))} {ADVICE}") from None
        context = None if said.context is None else Context(said.context)
        return cls(said.key, context, said.reason, said.attempts, said.moment)
