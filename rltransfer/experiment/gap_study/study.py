"""What a gap study comes to: the numbers of every method, comparisons, and the law of the gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rltransfer.experiment.gap_study.comparison import MethodComparison
from rltransfer.experiment.gap_study.findings import Findings
from rltransfer.experiment.gap_study.ground import Ground
from rltransfer.experiment.gap_study.law import GapLaw
from rltransfer.experiment.gap_study.method import Method
from rltransfer.experiment.gap_study.notes import notes_on
from rltransfer.experiment.gap_study.row import PolicyRow
from rltransfer.experiment.gap_study.spec import GapSpec
from rltransfer.seeding import derive_seed

__all__ = ["GapStudy"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GapStudy:
    """What a gap study came to.

    Attributes:
        spec: the question.
        ground: the contexts.
        episodes: of each policy in each context.
        measured: whether policies were played; otherwise the numbers are those of their runs.
        findings: by method, in the order given.
        comparisons: the first method against each other.
        law: how the gap of all policies together grows with distance; None where too little is
            known.
        references: policies that only set the mark for the regret.
        notes: what to keep in mind, a sentence each.
    """

    spec: GapSpec
    ground: Ground
    episodes: int
    measured: bool
    findings: tuple[Findings, ...]
    comparisons: tuple[MethodComparison, ...]
    law: GapLaw | None
    references: tuple[PolicyRow, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        methods: Sequence[Method],
        ground: Ground,
        spec: GapSpec,
        measured: bool,
        references: tuple[PolicyRow, ...] = (),
        notes: Sequence[str] = (),
    ) -> GapStudy:
        """Find the numbers of methods that were measured in the same contexts."""
        rng = np.random.default_rng(derive_seed(spec.seed, "gap study"))
        rows = distinct(methods)
        best = np.max([row.mean for row in (*rows, *references)], axis=0)
        findings = tuple(Findings.of(m, ground, best, spec.worst, rng) for m in methods)
        return cls(
            spec=spec,
            ground=ground,
            episodes=methods[0].returns.shape[2],
            measured=measured,
            findings=findings,
            comparisons=tuple(MethodComparison.of(methods[0], m, rng) for m in methods[1:]),
            law=GapLaw.fit(rows, ground.space, ground.targets, rng),
            references=references,
            notes=(*notes, *notes_on(findings)),
        )

    @cached_property
    def rows(self) -> tuple[PolicyRow, ...]:
        """Every policy, once."""
        return distinct([found.method for found in self.findings])

    @property
    def tells_regret(self) -> bool:
        """Whether more than one policy is known, so that there is something to regret."""
        return len(self.rows) + len(self.references) > 1

    def __repr__(self) -> str:
        names = ", ".join(found.method.name for found in self.findings)
        where = f"{len(self.ground.targets)} contexts of {self.ground.env.spec.id}"
        return f"<GapStudy of {names} in {where}>"


def distinct(methods: Sequence[Method]) -> tuple[PolicyRow, ...]:
    """Return every policy of some methods once: selectors of a run share what is trained."""
    rows = {row.name: row for method in methods for row in method.rows}
    return tuple(rows.values())
