"""Rates measured in a moment: short trainings of the study's own kind, here and now."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from rltransfer.contexts import Context
from rltransfer.experiment.attempt import train_and_evaluate
from rltransfer.experiment.job import Job
from rltransfer.experiment.keys import Lineage
from rltransfer.experiment.planning.rates import Rates
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import SourceRecord

__all__ = ["calibrated"]

LEAST = 1.0
"""Seconds that a training must take to be measured."""

GROWTH = 4
"""A training that was shorter is repeated with so many times the steps."""

MOST_TARGETS = 50
"""Targets that a policy is played in to be measured."""

INHERITING = (
    "Only trainings from nothing were measured. Later sources of {recipe} begin with stages on "
    "recorded data, which may take minutes each: give --like a run that has trained some."
)


def calibrated(experiment: Experiment) -> Rates:
    """Train for a few seconds in this process, in the middle and at both ends of the contexts.

    Raises:
        SourceFailed, MissingDependency: if the study cannot be trained here.
    """
    sources = experiment.sources()
    places = (sources[len(sources) // 2], sources[0], sources[-1])
    with tempfile.TemporaryDirectory(prefix="rltransfer-") as scratch:
        steps, first = lengthened(experiment, places[0], Path(scratch))
        records = [first, *(sample(experiment, x, steps, Path(scratch)) for x in places[1:])]
    took = sum(record.finished - record.started for record in records)
    rates = Rates.of_records(
        records, f"{len(records)} trainings of {first.steps:,} steps here, {took:.0f} s in all"
    )
    if experiment.inherits:
        return replace(rates, cautions=(INHERITING.format(recipe=experiment.training.recipe),))
    return rates


def lengthened(experiment: Experiment, context: Context, scratch: Path) -> tuple[int, SourceRecord]:
    """Train ever longer until it takes long enough; the first time warms up and does not count."""
    steps, budget = 1, experiment.training_defaults().steps
    steps = sample(experiment, context, steps, scratch).steps  # a whole rollout
    while True:
        record = sample(experiment, context, steps, scratch)
        if record.seconds >= LEAST or steps >= budget:
            return steps, record
        steps = min(GROWTH * steps, budget)


def sample(experiment: Experiment, context: Context, steps: int, scratch: Path) -> SourceRecord:
    """Train with so many steps, and evaluate in some of the targets."""
    targets = len(experiment.targets())
    pace = max(1, targets // MOST_TARGETS)
    lineage = Lineage(context, measured=tuple(range(0, targets, pace)))
    training = experiment.training.model_copy(update={"steps": steps, "stop": None})
    short = experiment.model_copy(update={"training": training})
    with tempfile.TemporaryDirectory(dir=scratch) as working:
        job = Job.on_source(short, lineage, Path(working), parents={}, record=0)
        record, _ = train_and_evaluate(job)
    return record
