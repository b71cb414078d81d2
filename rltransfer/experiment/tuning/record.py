"""What a trial has shown: its settings and its trainings, one sealed JSON file each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError

from rltransfer.errors import CorruptRun, explain_validation
from rltransfer.files import Unreadable, open_json, read_bytes, seal_json, write_text
from rltransfer.schema import Table

__all__ = ["Cell", "Trial"]

ADVICE = "Remove it and give the same command again: what it held is trained again."


class Sealed(Table):
    """A table that is a file of its own."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote.

        Raises:
            CorruptRun: if the file is missing, was changed, or holds something else.
        """
        try:
            return cls.model_validate_json(json.dumps(open_json(read_bytes(path))))
        except Unreadable as error:
            raise CorruptRun(f"{path} cannot be read: {error}. {ADVICE}") from None
        except ValidationError as error:
            raise CorruptRun(f"{explain_validation(error, str(path))} {ADVICE}") from None

    def write(self, path: Path) -> None:
        """Write the file whole, with its seal."""
        write_text(path, seal_json(self.model_dump(mode="json")))


class Cell(Sealed):
    """One training of a trial: in one context, with one seed.

    Attributes:
        looks: (environment steps, mean return) while it was trained.
        mean: mean return of the policy that was kept, over fresh episodes; None where the
            training failed or was ended early.
        steps: environment steps that it took.
        seconds: of wall-clock time.
        failure: why it failed, in a sentence.
    """

    looks: tuple[tuple[int, float], ...]
    mean: float | None
    steps: int
    seconds: float
    failure: str | None = None

    @property
    def finished(self) -> bool:
        """Whether it came to its end, good or bad."""
        return self.mean is not None or self.failure is not None


class Trial(Sealed):
    """Settings, and what came of them.

    Attributes:
        number: in the study; None for settings that are not searched, such as the family's own.
        params: what Optuna chose, by name.
        values: the hyperparameters that this means, by dotted name.
        cells: the trainings in order; of a trial that was ended the last is cut off there.
        value: what it is worth; None unless it is complete.
        ended: the step after which it was pruned.
        marks: what Optuna's pruner has noted of it.
    """

    number: int | None
    params: dict[str, float | int | str | bool | None] = Field(default_factory=dict)
    values: dict[str, Any]
    cells: tuple[Cell, ...]
    value: float | None = None
    ended: int | None = None
    marks: dict[str, float] = Field(default_factory=dict)

    @property
    def state(self) -> str:
        """Whether it is complete, was pruned, or has failed."""
        if self.failure is not None:
            return "failed"
        return "complete" if self.ended is None else "pruned"

    @property
    def seconds(self) -> float:
        """Of all its trainings."""
        return sum(cell.seconds for cell in self.cells)

    @property
    def failure(self) -> str | None:
        """Why a training failed, or None."""
        return next((cell.failure for cell in self.cells if cell.failure is not None), None)

    def equals(self, other: Trial) -> bool:
        """Say whether two records tell the same, but for the time it took."""
        return timeless(self.cells) == timeless(other.cells) and self.value == other.value


def timeless(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Return what cells hold without the time they took."""
    return [cell.model_dump(exclude={"seconds"}) for cell in cells]
