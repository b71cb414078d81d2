"""Where a family is covered: the targets on which some policy does well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.envs.spec import ScoreRange
from rltransfer.reports.estimate import Estimate
from rltransfer.reports.study import Study
from rltransfer.selection.serving import serve

__all__ = ["THRESHOLD", "Covered", "Stretch", "threshold_return"]

THRESHOLD = 0.9
"""The score, on the family's scale from 0 to 1, from which on a target counts as covered."""

Stretch = tuple[Context, Context]
"""The first and the last of neighbouring targets."""


def threshold_return(score: ScoreRange) -> float:
    """Return the raw return that counts as covered."""
    return score.low + THRESHOLD * (score.high - score.low)


@dataclass(frozen=True)
class Covered:
    """The part of a family that is covered after the last round of all seeds.

    Attributes:
        threshold: the return that counts as covered.
        share: the covered share of the targets.
        stretches: runs of neighbouring targets that are covered in every seed; empty where more
            than one feature varies.
    """

    threshold: float
    share: Estimate
    stretches: tuple[Stretch, ...]

    @classmethod
    def of(cls, study: Study, rng: np.random.Generator) -> Covered:
        """Find what the study's own selector has covered."""
        threshold = threshold_return(study.spec.score)
        matrices = [replicate.matrix.after(study.rounds) for replicate in study.replicates]
        masks = np.array([serve(matrix).returns >= threshold for matrix in matrices])
        in_line = study.targets if len(study.space) == 1 else ()
        return cls(
            threshold=threshold,
            share=Estimate.of_seeds(masks.mean(axis=1), rng),
            stretches=stretches(in_line, np.asarray(masks.all(axis=0))),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "score": THRESHOLD,
            "return": self.threshold,
            "share": self.share.to_dict(),
            "stretches": [[dict(first), dict(last)] for first, last in self.stretches],
        }


def stretches(targets: Sequence[Context], mask: NDArray[np.bool_]) -> tuple[Stretch, ...]:
    """Return the ends of the runs of true entries of a mask over the targets."""
    found = []
    for inside, run in groupby(zip(mask, targets, strict=False), key=lambda pair: bool(pair[0])):
        members = [target for _, target in run]
        if inside:
            found.append((members[0], members[-1]))
    return tuple(found)
