"""What to keep in mind about the numbers of a gap study, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rltransfer.experiment.gap_study.findings import Findings

__all__ = ["FEW", "notes_on"]

FEW = 5
"""Trainings from which on an interval over them is worth something."""

COVERED = {2: 51, 3: 74, 4: 79}
"""How many of 100 such intervals hold the truth, of trainings drawn from a normal distribution."""


def notes_on(findings: Sequence[Findings]) -> Iterator[str]:
    """Yield what limits the numbers."""
    trainings = {len(found.method.trainings) for found in findings}
    if trainings == {1}:
        yield (
            "One training: intervals are over episodes only and say nothing about other "
            f"trainings. At least {FEW} seeds make an interval over trainings."
        )
    elif min(trainings - {1}) < FEW:
        least = min(trainings - {1})
        yield (
            f"With {least} trainings, intervals are too narrow: about {COVERED[least]} of 100 hold "
            f"the truth, where 95 should. At least {FEW}, better 10, are needed."
        )
    if unknown := [f.method.name for f in findings if not f.method.knows_home]:
        yield (
            f"Where {' and '.join(unknown)} learnt is not known, so it has no set point and no "
            "gap; --train-contexts tells it."
        )
    if any(len(t.rows) > 1 for f in findings for t in f.method.trainings):
        yield (
            "Each context is served by the policy of a training that returns most there, on the "
            "episodes that choose it: with few episodes this is a little too high for all alike."
        )
    if len(findings) > 2:
        yield f"{len(findings) - 1} comparisons are made; their p are not corrected for that."
    if any(found.method.returns.shape[2] == 1 for found in findings):
        yield "One episode per context: there is no interval over episodes."
