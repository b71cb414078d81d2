"""Where a tuning lies on the disk, so that a kill at any moment loses at most a training.

NAME/
├── tuning.toml            the resolved tuning, every value in force
├── provenance.json        commit, library versions, machine, command
├── trials/000.json        one sealed file per finished trial: the truth of the tuning
├── references/            the same of settings that are not searched: the family's own, and the
│                          best and these again with fresh seeds
├── working/000-2.json     finished trainings of the trial under way
├── study.journal          the Optuna study, made from the trials
├── best.toml              the training table of the best trial, for `rltransfer run --training`
├── trials.csv             a row per trial
└── report.html            figures
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rltransfer.errors import CorruptRun, InvalidExperiment
from rltransfer.experiment.tuning.record import Cell, Trial
from rltransfer.experiment.tuning.spec import Tuning
from rltransfer.files import seal_json, seal_text, sweep, write_text
from rltransfer.runs.lock import locked
from rltransfer.runs.provenance import provenance

__all__ = ["SHOWN", "TuningFolder"]

SHOWN = ("best.toml", "trials.csv", "report.html", "tuning.toml")
"""Files that the dashboard shows beside the study."""


@dataclass(frozen=True)
class TuningFolder:
    """The files of one tuning.

    Attributes:
        path: the folder.
    """

    path: Path

    # -- places --------------------------------------------------------------------------------

    @property
    def description(self) -> Path:
        """The resolved tuning; its presence says that there is one."""
        return self.path / "tuning.toml"

    @property
    def journal(self) -> Path:
        """The Optuna study."""
        return self.path / "study.journal"

    @property
    def best(self) -> Path:
        """The best trial's training table."""
        return self.path / "best.toml"

    @property
    def table(self) -> Path:
        """All trials."""
        return self.path / "trials.csv"

    @property
    def report(self) -> Path:
        """The page."""
        return self.path / "report.html"

    @property
    def unfinished(self) -> Path:
        """Finished trainings of the trial under way."""
        return self.path / "working"

    def trial_file(self, name: str) -> Path:
        """Return where a trial's record is, by its number in three digits, or a reference's."""
        return self.path / ("trials" if name.isdigit() else "references") / f"{name}.json"

    def cell_file(self, name: str, k: int) -> Path:
        """Return where a finished training of an unfinished trial is."""
        return self.unfinished / f"{name}-{k}.json"

    # -- reading -------------------------------------------------------------------------------

    def tuning(self) -> Tuning:
        """Read the description.

        Raises:
            CorruptRun: if the folder holds no tuning.
            InvalidExperiment: if it was changed or cannot be read.
        """
        if not self.description.is_file():
            raise CorruptRun(
                f"{self.path} is not a tuning: it has no tuning.toml. Begin one with "
                "`rltransfer tune ENV --vary FEATURE`."
            )
        return Tuning.read(self.description)

    def trials(self) -> list[Trial]:
        """Read the finished trials in order, up to the first that is missing.

        Raises:
            CorruptRun: if one was changed or cannot be read.
        """
        found: list[Trial] = []
        while (path := self.trial_file(f"{len(found):03d}")).is_file():
            found.append(Trial.read(path))
        return found

    def trial(self, name: str) -> Trial | None:
        """Read one record; None if it is not there."""
        path = self.trial_file(name)
        return Trial.read(path) if path.is_file() else None

    def cell(self, name: str, k: int) -> Cell | None:
        """Read a finished training of an unfinished trial; None if it is not there."""
        path = self.cell_file(name, k)
        return Cell.read(path) if path.is_file() else None

    # -- writing -------------------------------------------------------------------------------

    @contextmanager
    def working(self, tuning: Tuning) -> Iterator[None]:
        """Hold the folder while the block runs; make it first if it is not there.

        Raises:
            InvalidExperiment: if it holds another tuning, naming what differs, or is a file.
            RunLocked: if another process works in it.
        """
        if self.path.exists() and not self.path.is_dir():
            raise InvalidExperiment(f"{self.path} is a file; a tuning needs a folder. Use --out.")
        if self.description.is_file():
            require_same(self.path, self.tuning(), tuning)
        with locked(self.path):
            for place in (self.path, self.path / "trials", self.path / "references"):
                sweep(place)
            if not self.description.is_file():
                write_text(self.path / "provenance.json", seal_json(provenance()))
            write_text(self.description, seal_text(tuning.to_toml()))
            yield

    def commit(self, name: str, trial: Trial) -> None:
        """Keep a finished trial, and drop what was kept of its trainings meanwhile."""
        trial.write(self.trial_file(name))
        for leftover in self.unfinished.glob(f"{name}-*.json"):
            leftover.unlink()

    def clear_unfinished(self) -> None:
        """Remove what is kept of trials under way."""
        shutil.rmtree(self.unfinished, ignore_errors=True)


def require_same(path: Path, before: Tuning, now: Tuning) -> None:
    """Refuse to continue with another tuning; more or fewer trials make no other.

    Raises:
        InvalidExperiment: naming the first value that differs.
    """
    if before.digest == now.digest:
        return
    old, new = before.model_dump(mode="json"), now.model_dump(mode="json")
    field = next(name for name in old if name != "trials" and old[name] != new[name])
    raise InvalidExperiment(
        f"{path} holds another tuning: {field} was {short(old[field])} and is now "
        f"{short(new[field])}. Use another --out, or continue the old one with "
        f"`rltransfer tune {path}`."
    )


def short(value: object) -> str:
    """Return a value for a sentence."""
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}…"
