"""How much of what a report says was measured, and how much is forecast."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rltransfer.reports.study import Study
from rltransfer.reports.words import percent
from rltransfer.selection.serving import serve

__all__ = ["Measured"]


@dataclass(frozen=True)
class Measured:
    """What was measured of the study's own selector, after the last round that all seeds have.

    Attributes:
        returns: share of the returns of its policies on the targets that were measured.
        served: share of the targets that are served by a policy that was measured on them; the
            others are served by a forecast. Both are means over seeds.
    """

    returns: float
    served: float

    @classmethod
    def of(cls, study: Study) -> Measured:
        """Count it."""
        matrices = [replicate.matrix.after(study.rounds) for replicate in study.replicates]
        return cls(
            returns=float(np.mean([matrix.measured.mean() for matrix in matrices])),
            served=float(np.mean([serve(matrix).measured.mean() for matrix in matrices])),
        )

    @property
    def sentence(self) -> str:
        """What to keep in mind where not everything was measured; empty where it was."""
        if self.returns == 1.0:
            return ""
        return (
            f"{percent(self.returns)} of the returns were measured. {percent(self.served)} of the "
            "contexts are served by a policy that was measured there; elsewhere mean return and "
            "covered share count what matrix-gp forecasts of the policy that is expected to do "
            "best. Gaps and regrets are over what was measured."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)
