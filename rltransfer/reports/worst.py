"""The largest generalization gap: where a study's policies disappoint most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rltransfer.contexts import Context, ContextSpace
from rltransfer.reports.study import Study
from rltransfer.reports.words import context_text

__all__ = ["Worst"]


@dataclass(frozen=True)
class Worst:
    """The largest gap of all targets and seeds, after the last round that all seeds have.

    Attributes:
        gap: ΔJ, in units of the return.
        target: where it is.
        source: the source whose policy serves the target; None where it is not known.
        seed: in which run.
        known: the name of the policy, where it comes from elsewhere.
    """

    gap: float
    target: Context
    source: Context | None
    seed: int
    known: str | None = None

    @classmethod
    def of(cls, study: Study) -> Worst:
        """Find it; ties: the first seed, the first target."""
        reports = {r.seed: r.gaps[study.rounds - 1] for r in study.replicates}
        seed = max(reports, key=lambda seed: reports[seed].worst_gap)
        report = reports[seed]
        at = int(np.nanargmax(report.gap))
        target, source, known = report.targets[at], report.sources[at], report.known[at]
        return cls(report.worst_gap, target, source, seed, known)

    def server(self, space: ContextSpace) -> str:
        """Return who serves the target, such as `the policy of 0.4 m`."""
        if self.known is not None or self.source is None:
            return f"the known policy {self.known}"
        return f"the policy of {context_text(space, self.source)}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "gap": self.gap,
            "target": dict(self.target),
            "source": None if self.source is None else dict(self.source),
            "known": self.known,
            "seed": self.seed,
        }
