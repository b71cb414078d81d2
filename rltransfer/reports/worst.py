"""The largest generalization gap: where a study's policies disappoint most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rltransfer.contexts import Context
from rltransfer.reports.study import Study

__all__ = ["Worst"]


@dataclass(frozen=True)
class Worst:
    """The largest gap of all targets and seeds, after the last round that all seeds have.

    Attributes:
        gap: ΔJ, in units of the return.
        target: where it is.
        source: the source whose policy serves the target.
        seed: in which run.
    """

    gap: float
    target: Context
    source: Context
    seed: int

    @classmethod
    def of(cls, study: Study) -> Worst:
        """Find it; ties: the first seed, the first target."""
        reports = {r.seed: r.gaps[study.rounds - 1] for r in study.replicates}
        seed = max(reports, key=lambda seed: reports[seed].worst_gap)
        report = reports[seed]
        at = int(report.gap.argmax())
        return cls(report.worst_gap, report.worst_target, report.sources[at], seed)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "gap": self.gap,
            "target": dict(self.target),
            "source": dict(self.source),
            "seed": self.seed,
        }
