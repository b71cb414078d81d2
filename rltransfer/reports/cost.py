"""What the selected sources cost to train, and what one policy per context would have cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from rltransfer.reports.study import Replicate, Study
from rltransfer.runs import SourceRecord

__all__ = ["Cost", "from_nothing"]


@dataclass(frozen=True)
class Cost:
    """The training of one seed's sources, averaged over seeds.

    Attributes:
        policies: sources that the own selector has trained.
        contexts: how many policies one for each context would be.
        steps, seconds: environment steps and wall-clock time of training the sources.
        monitor_steps: environment steps of the episodes that made their learning curves, which
            are not in `steps`; None where a folder of an older version did not count them.
        alone: environment steps of a training that inherits nothing, on average over those that
            the runs hold.
        saving: share of the steps saved against one policy for each context from nothing, if
            that took `alone` steps for every context; negative where nothing is saved.
    """

    policies: int
    contexts: int
    steps: float
    seconds: float
    monitor_steps: float | None
    alone: float
    saving: float

    @classmethod
    def of(cls, study: Study) -> Cost:
        """Add up the rounds that all seeds have."""
        records = [
            replicate.pool[key]
            for replicate in study.replicates
            for key in replicate.own.keys[: study.rounds]
        ]
        seeds, contexts = len(study.replicates), len(study.targets)
        steps = sum(record.steps for record in records) / seeds
        alone = mean_steps(record for r in study.replicates for record in from_nothing(r))
        return cls(
            policies=study.rounds,
            contexts=contexts,
            steps=steps,
            seconds=sum(record.seconds for record in records) / seeds,
            monitor_steps=monitor_steps(records, seeds),
            alone=alone,
            saving=1.0 - steps / (contexts * alone),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)


def from_nothing(replicate: Replicate) -> list[SourceRecord]:
    """Return the policies of one context that the run has trained and that inherit nothing."""
    trained = [record for record in replicate.pool.values() if record.origin is None]
    return [record for record in trained if record.context is not None and not record.parents]


def mean_steps(records: Iterable[SourceRecord]) -> float:
    """Return the mean of the training steps."""
    steps = [record.steps for record in records]
    return sum(steps) / len(steps)


def monitor_steps(records: Iterable[SourceRecord], seeds: int) -> float | None:
    """Return what the learning curves cost per seed, if every record knows it."""
    counted = [record.monitor_steps for record in records]
    known = [steps for steps in counted if steps is not None]
    return sum(known) / seeds if len(known) == len(counted) else None
