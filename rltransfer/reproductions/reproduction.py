"""A published benchmark and how we run it: what every protocol has in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field

from rltransfer.errors import UnknownName, did_you_mean
from rltransfer.experiment.events import Events
from rltransfer.experiment.sections import Seed
from rltransfer.experiment.solo.listener import Listener
from rltransfer.reproductions.measurements import Measurements
from rltransfer.reproductions.statements import Claim, Report
from rltransfer.schema import Table

__all__ = ["SIZES", "Budget", "Errand", "Reproduction", "Size", "Watch"]

Size = Literal["smoke", "desk", "paper"]
SIZES: tuple[str, ...] = get_args(Size)
"""Minutes, about an hour on two cores, and the published setting as a whole."""

Words = Annotated[str, Field(min_length=1)]


class Watch:
    """Shows progress; nothing by itself. A subclass opens a display of either kind."""

    def events(self) -> AbstractContextManager[Events]:
        """Return what shows the transfer loop while it is open."""
        return nullcontext(Events())

    def stages(self) -> AbstractContextManager[Listener]:
        """Return what shows single trainings while it is open."""
        return nullcontext(Listener())


class Budget(Table):
    """How much of the published setting is run.

    Attributes:
        seeds: root seeds; each repeats everything that is trained.
        hours: that it takes, on one core of the machine that `docs/reproductions.md` names.
        incomparable: why no number can be held against the published ones; None where they can.
        rehearsal: why not even statements can be judged: it shows only that everything runs.
    """

    seeds: list[Seed] = Field(min_length=1)
    hours: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    incomparable: Words | None = None
    rehearsal: Words | None = None


@dataclass(frozen=True)
class Errand:
    """One reproduction at one budget, and where and how it is done.

    Attributes:
        size: a name of `SIZES`.
        out: the folder of all experiments.
        jobs: worker processes.
        watch: shows progress.
    """

    size: str
    out: Path
    jobs: int
    watch: Watch


class Reproduction(Table):
    """A published benchmark.

    Attributes:
        name: of its file.
        protocol: how it is measured.
        title: one line for lists.
        source: the publication.
        setting: the published setting in a few sentences.
        differences: what we do otherwise, a sentence each.
        reports, claims: the publication's numbers and statements.
        budgets: by size.
    """

    name: str
    protocol: str
    title: Words
    source: Words
    setting: Words
    differences: list[Words] = Field(default_factory=list)
    reports: list[Report] = Field(default_factory=list)
    claims: list[Claim] = Field(default_factory=list)

    @property
    @abstractmethod
    def sizes(self) -> Mapping[str, Budget]:
        """The budgets by size."""

    @abstractmethod
    def measure(self, errand: Errand) -> Measurements:
        """Train what is missing and measure; a finished part is not trained again."""

    def budget(self, size: str) -> Budget:
        """Return the budget of a size.

        Raises:
            UnknownName: if there is none.
        """
        if size not in self.sizes:
            raise UnknownName(
                f"{self.name} has no budget {size!r}{did_you_mean(size, self.sizes)} "
                f"Known: {', '.join(self.sizes)}."
            )
        return self.sizes[size]

    def label(self, size: str) -> str:
        """Return the name of its folder at a size."""
        return f"{self.name}-{size}"
