"""What the selected sources cost to train, and what one policy per context would have cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rltransfer.reports.study import Study

__all__ = ["Cost"]


@dataclass(frozen=True)
class Cost:
    """The training of one seed's sources, averaged over seeds.

    Attributes:
        policies: sources that the own selector has trained.
        contexts: how many policies one for each context would be.
        steps, seconds: environment steps and wall-clock time of training the sources.
        saving: share of the steps saved against one policy for each context, if that took for
            every context what it took for the sources on average.
    """

    policies: int
    contexts: int
    steps: float
    seconds: float
    saving: float

    @classmethod
    def of(cls, study: Study) -> Cost:
        """Add up the rounds that all seeds have."""
        records = [
            replicate.pool[pick.context.digest]
            for replicate in study.replicates
            for pick in replicate.own.picks[: study.rounds]
        ]
        seeds = len(study.replicates)
        return cls(
            policies=study.rounds,
            contexts=len(study.targets),
            steps=sum(record.steps for record in records) / seeds,
            seconds=sum(record.seconds for record in records) / seeds,
            saving=1.0 - study.rounds / len(study.targets),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)
