"""The run's Optuna study: what people watch in optuna-dashboard while sources are chosen.

One study per selector, all in one journal file. A trial is a selected source: its parameters are
the context, its intermediate values the learning curve, its value the coverage V after it.
The study is a projection of the committed sources, made again whenever a run is resumed; one
controller writes it.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rltransfer.contexts import Context, ContextSpace
from rltransfer.files import storage_errors, write_atomically
from rltransfer.runs.artifacts import REPORT, SOURCE_FILES, STUDY_FILES, attach
from rltransfer.runs.plots import expectation_plot, gap_plot, matrix_plot
from rltransfer.transfer import TransferMatrix, trials

if TYPE_CHECKING:
    import optuna

__all__ = ["Entry", "Ledger", "journal"]

METRIC = "V"
"""Name of the trials' value: the mean over targets of the best return so far."""

NOTHING: Mapping[str, float] = MappingProxyType({})
"""What a selector tells that predicts nothing."""


@dataclass(frozen=True)
class Entry:
    """What a trial shows of one selected source.

    Attributes:
        context: the source.
        value: the coverage V after it, in raw returns.
        gain: by how much it raised V.
        own: the policy's mean return on its own context.
        returns: its mean return per target, length M; None where it was not measured.
        curve: (step, score) while it was trained.
        note: why it was chosen, and what came of it.
        predicted: what was expected of it before it was trained, by name.
        steps, seconds: what its training cost.
        key: the policy's name in the run, by which its files are found; empty for none.
    """

    context: Context
    value: float
    gain: float
    own: float
    returns: tuple[float | None, ...]
    curve: tuple[tuple[int, float], ...]
    note: str
    steps: int
    seconds: float
    predicted: Mapping[str, float] = field(default_factory=dict)
    key: str = ""

    @property
    def attributes(self) -> dict[str, Any]:
        """The trial's user attributes, plain data."""
        return {
            "gain": self.gain,
            "own": self.own,
            "returns": list(self.returns),
            "steps": self.steps,
            "seconds": self.seconds,
            **self.predicted,
        }


class Ledger:
    """The studies of one run, opened for writing by its controller.

    Args:
        path: the journal file.
        space: the features that vary.
    """

    def __init__(self, path: Path, space: ContextSpace) -> None:
        self._path = path
        self._space = space
        self._studies: dict[str, optuna.Study] = {}
        self._running: dict[str, optuna.Trial] = {}
        self._reported: dict[str, set[int]] = {}  # steps of the running trials' learning curves

    @classmethod
    def rebuilt(
        cls, path: Path, space: ContextSpace, lanes: Mapping[str, Sequence[Entry]]
    ) -> Ledger:
        """Replace the journal by one that holds exactly these trials, and open it.

        Raises:
            StorageError: if it cannot be written; the old journal is unchanged.
        """

        def write(temporary: Path) -> None:
            fresh = cls(temporary, space)
            for name, entries in lanes.items():
                fresh.study(name)
                for entry in entries:
                    fresh.add(name, entry)

        Path(f"{path}.lock").unlink(missing_ok=True)  # a killed owner's; the run's lock is ours
        write_atomically(path, write)
        return cls(path, space)

    def study(self, lane: str) -> optuna.Study:
        """Return the study of one selector, created at the first use."""
        if lane not in self._studies:
            import optuna

            with quiet():
                study = optuna.create_study(
                    storage=journal(self._path),
                    study_name=lane,
                    direction="maximize",
                    load_if_exists=True,
                )
                study.set_metric_names([METRIC])
                for name in (REPORT, *STUDY_FILES):
                    attach(study, name)
            self._studies[lane] = study
        return self._studies[lane]

    def begin(
        self, lane: str, context: Context, note: str, predicted: Mapping[str, float] = NOTHING
    ) -> None:
        """Show that a source was chosen: a running trial with its context and the reason.

        Args:
            lane: the selector.
            context: the source.
            note: the reason.
            predicted: what is expected of the source, by name.
        """
        with storage_errors(self._path), quiet():
            study = self.study(lane)
            study.enqueue_trial(trials.parameters(context))
            self._running[lane] = study.ask(trials.distributions(self._space))
            self._reported[lane] = set()
            for name, value in predicted.items():
                self._running[lane].set_user_attr(name, value)
            save_note(self._running[lane], note)

    def report(self, lane: str, step: int, score: float) -> None:
        """Add a point to the running trial's learning curve, unless it is there."""
        if lane in self._running and step not in self._reported[lane]:
            with storage_errors(self._path), quiet():
                self._running[lane].report(score, step)
            self._reported[lane].add(step)

    def finish(self, lane: str, entry: Entry) -> None:
        """Complete the lane's running trial."""
        with storage_errors(self._path), quiet():
            trial = self._running.pop(lane)
            for name, value in entry.attributes.items():
                trial.set_user_attr(name, value)
            save_note(trial, entry.note)
            for name in SOURCE_FILES if entry.key else ():
                attach(trial, f"{entry.key}/{name}")
            self.study(lane).tell(trial, entry.value)

    def add(self, lane: str, entry: Entry) -> None:
        """Add a trained source, with all of it that was not shown before."""
        if lane not in self._running:
            self.begin(lane, entry.context, entry.note, entry.predicted)
        for step, score in entry.curve:
            self.report(lane, step, score)
        self.finish(lane, entry)

    def fail(self, lane: str, context: Context, note: str) -> None:
        """Show that a source has failed; the note says why."""
        if lane not in self._running:
            self.begin(lane, context, note)
        from optuna.trial import TrialState

        with storage_errors(self._path), quiet():
            trial = self._running.pop(lane)
            save_note(trial, note)
            self.study(lane).tell(trial, state=TrialState.FAIL)

    def show(self, lane: str, transfer: TransferMatrix, note: str = "") -> None:
        """Show the matrix so far, the gaps, and what was expected beside the lane's study.

        Args:
            lane: the selector.
            transfer: what its sources have shown, at least one.
            note: how far it is, in Markdown.
        """
        with storage_errors(self._path), quiet():
            study = self.study(lane)
            save_figure(study, matrix_plot(transfer), "transfer-matrix")
            save_figure(study, gap_plot(transfer), "gaps")
            save_figure(study, expectation_plot(study.get_trials(deepcopy=False)), "expectation")
            save_note(study, note)
            study.set_user_attr("so far", " ".join(note.replace("**", "").split()))


def journal(path: Path) -> optuna.storages.JournalStorage:
    """Open a journal file as Optuna storage."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    name = os.fspath(path)
    return JournalStorage(JournalFileBackend(name, lock_obj=JournalFileOpenLock(name)))


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Optuna's notices of what is still experimental, and its log of every trial."""
    import optuna

    optuna.logging.set_verbosity(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield


def save_note(study_or_trial: optuna.Study | optuna.Trial, note: str) -> None:
    """Show Markdown beside a study or a trial in the dashboard."""
    from optuna_dashboard import save_note as save

    save(study_or_trial, note)


def save_figure(study: optuna.Study, figure: Any, name: str) -> None:
    """Show a figure beside the study in the dashboard, in place of the one of this name."""
    from optuna_dashboard import save_plotly_graph_object

    save_plotly_graph_object(study, figure, graph_object_id=name)
