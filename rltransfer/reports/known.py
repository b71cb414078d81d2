"""What policies from elsewhere are good for: how many targets they still serve."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rltransfer.reports.study import Study
from rltransfer.runs import SourceRecord

__all__ = ["KnownShare"]


@dataclass(frozen=True)
class KnownShare:
    """A policy from elsewhere, after the last round that all seeds have.

    Attributes:
        name: of the policy.
        context: the complete context that it was trained in; None if in many.
        weights: sha256 of its weights.
        mean: its mean return over all targets, averaged over seeds.
        served: share of the targets on which no policy does better, averaged over seeds.
    """

    name: str
    context: dict[str, float] | None
    weights: str
    mean: float
    served: float

    @classmethod
    def of_study(cls, study: Study) -> tuple[KnownShare, ...]:
        """Return the study's known policies in their order."""
        pool = study.replicates[0].pool
        return tuple(cls.of(study, record) for record in pool.values() if record.origin is not None)

    @classmethod
    def of(cls, study: Study, record: SourceRecord) -> KnownShare:
        """Follow one policy through all seeds."""
        assert record.origin is not None
        name, origin = record.origin.name, record.origin
        reports = [replicate.gaps[study.rounds - 1] for replicate in study.replicates]
        served = [[policy == name for policy in report.known] for report in reports]
        means = [replicate.pool[record.key].returns.mean() for replicate in study.replicates]
        return cls(
            name, origin.context, origin.weights, float(np.mean(means)), float(np.mean(served))
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)
