"""How fast one core trains and plays: measured, with the range that was seen and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import Run, SourceRecord

__all__ = ["Range", "Rates", "rates_of"]

MIDDLE = (10, 90)
"""Percentiles between which most trainings of a run lie: the first in a worker takes longer."""


class Range(NamedTuple):
    """From the least to the most that is to be expected."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Range:
        """Return where most of the values lie."""
        low, high = np.percentile(values, MIDDLE)
        return cls(float(low), float(high))

    def times(self, factor: float) -> Range:
        """Return so many times the range."""
        return Range(self.low * factor, self.high * factor)

    def plus(self, other: Range) -> Range:
        """Return the range of the sum."""
        return Range(self.low + other.low, self.high + other.high)


@dataclass(frozen=True)
class Rates:
    """What one core does.

    Attributes:
        train: seconds for each environment step of a training, looks at the policy included.
        play: seconds for each environment step of an evaluation.
        episode: environment steps of an evaluation's episode.
        source: where the figures come from, a sentence.
        cautions: what they leave out, sentences.
    """

    train: Range
    play: Range
    episode: Range
    source: str
    cautions: tuple[str, ...] = ()

    @classmethod
    def of_records(cls, records: Sequence[SourceRecord], source: str) -> Rates:
        """Measure committed, or just finished, trainings."""
        lengths = [record.lengths[record.measured] for record in records]
        spent = [record.finished - record.started - record.seconds for record in records]
        played = zip(spent, lengths, strict=True)
        return cls(
            train=Range.of([record.seconds / record.steps for record in records]),
            play=Range.of([max(seconds, 0.0) / length.sum() for seconds, length in played]),
            episode=Range.of([float(length.mean()) for length in lengths]),
            source=source,
        )


def rates_of(path: Path, experiment: Experiment) -> Rates:
    """Measure what a run has trained.

    Args:
        path: of a run or an experiment, of the same family and algorithm.
        experiment: the study that is planned.

    Raises:
        InvalidExperiment: if it trained something else, or nothing yet.
        CorruptRun: if there is no run, or it is damaged.
    """
    records = []
    for run in Run.find(path):
        other = Experiment.of_run(run)
        require_alike(path, other, experiment)
        records += [r for r in run.sources().values() if r.origin is None and r.context is not None]
    if not records:
        raise InvalidExperiment(f"{path} has trained nothing yet, so nothing can be told from it.")
    return Rates.of_records(records, f"{len(records)} trainings of {path}")


def require_alike(path: Path, other: Experiment, experiment: Experiment) -> None:
    """Refuse rates of another family, algorithm or recipe."""
    for what in ("env", "algorithm"):
        theirs, ours = getattr(other, what), getattr(experiment, what)
        if theirs != ours:
            raise InvalidExperiment(
                f"{path} has {what} {theirs}, and this study {ours}: their rates differ. Name a "
                "run that is like it, or leave out --like and let a moment be measured."
            )
    if other.training.recipe != experiment.training.recipe:
        raise InvalidExperiment(
            f"{path} trains {other.training.recipe}, and this study {experiment.training.recipe}: "
            "their rates differ. Name a run that is like it."
        )
