"""What the trainings of `offline-to-online` come to: quantities by arm, and their curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rltransfer.data import Dataset
from rltransfer.data.info import ReferenceReturns
from rltransfer.experiment.solo.record import SoloRecord
from rltransfer.reproductions.measurements import Curve, Measurements, Picture, estimated
from rltransfer.transfer.adaptation import LearningCurve, compared

__all__ = ["mean_curve", "online_curves", "quantities", "summary"]


def summary(seeds: Sequence[Mapping[str, SoloRecord]], data: Dataset) -> Measurements:
    """Put all seeds together.

    Args:
        seeds: of each, the trainings by arm.
        data: what they began with.
    """
    reference = data.info.contexts[0].reference
    assert reference is not None, "only random data have none"
    curves = [online_curves(records, reference) for records in seeds]
    rng = np.random.default_rng(0)
    numbers = [quantities(r, c, reference) for r, c in zip(seeds, curves, strict=True)]
    found = estimated(numbers, rng)
    recorded = data.info.contexts[0].score
    offline = {arm: found[f"{arm}.final"].value for arm in seeds[0] if arm not in curves[0]}
    picture = Picture(
        x_label="environment steps online",
        y_label="score: 0 random, 100 expert",
        curves={arm: mean_curve([each[arm] for each in curves]) for arm in curves[0]},
        levels={**offline, **({} if recorded is None else {"the data": recorded})},
    )
    return Measurements(found, picture, facts=facts_of(seeds, data))


def online_curves(
    records: Mapping[str, SoloRecord], reference: ReferenceReturns
) -> dict[str, LearningCurve]:
    """Return the scores of every arm that learns online, over the steps that all of them have."""
    return compared(
        {
            arm: LearningCurve.of(
                (step, float(reference.score(score))) for step, score in record.curve
            )
            for arm, record in records.items()
            if len(record.curve) > 1
        }
    )


def quantities(
    records: Mapping[str, SoloRecord],
    curves: Mapping[str, LearningCurve],
    reference: ReferenceReturns,
) -> dict[str, float]:
    """Return the quantities of one seed."""
    found = {f"{arm}.final": float(reference.score(record.final.mean))
             for arm, record in records.items()}  # fmt: skip
    for arm, curve in curves.items():
        found |= {f"{arm}.start": curve.start, f"{arm}.mean": curve.mean()}
        if curve.start > 0.0:
            found[f"{arm}.worst"] = float(curve.scores.min()) / curve.start
    return found


def mean_curve(curves: Sequence[LearningCurve]) -> Curve:
    """Return the mean of curves over the steps that all have."""
    first = curves[0]
    last = min(float(curve.steps[-1]) for curve in curves)
    steps = [*first.steps[first.steps < last].tolist(), last]
    scores = np.mean([np.interp(steps, curve.steps, curve.scores) for curve in curves], axis=0)
    return Curve(tuple(steps), tuple(scores.tolist()))


def facts_of(seeds: Sequence[Mapping[str, SoloRecord]], data: Dataset) -> dict[str, Any]:
    """Return what was recorded and trained, as plain data."""
    records = [record for each in seeds for record in each.values()]
    return {
        "transitions": len(data.transitions),
        "quality": data.info.quality,
        "score_of_the_data": data.info.contexts[0].score,
        "seeds": len(seeds),
        "policies": len(records),
        "training_steps": sum(record.steps for record in records),
        "training_hours": round(sum(record.seconds for record in records) / 3600.0, 4),
        "versions": dict(records[0].versions),
    }
