"""What a study must fulfil as a whole, beyond the type of each of its fields.

A check raises `InvalidExperiment`, or the error of the package that cannot do what is asked, in a
sentence that names the field.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rltransfer.contexts.space import MOST_CONTEXTS
from rltransfer.errors import InvalidExperiment, did_you_mean
from rltransfer.experiment.worth import predicts
from rltransfer.selection import DEFAULT_SELECTOR, SELECTORS
from rltransfer.selection.measuring import measured_in_part
from rltransfer.training.algorithms import resolve
from rltransfer.training.context_samplers import CONTEXT_SAMPLERS
from rltransfer.training.recipes import RECIPES
from rltransfer.transfer import TransferMatrix

if TYPE_CHECKING:
    from rltransfer.experiment.spec import Experiment

__all__ = ["COMPARISONS", "FORMAT", "MULTI_TASK", "check"]

FORMAT = 1
NAME = re.compile(r"[a-z0-9](?:[a-z0-9_.-]{0,62}[a-z0-9_-])?")
MULTI_TASK = {"multi-task": True, "multi-task-hidden": False}
"""One policy on all contexts, and whether it sees which one it is in."""

COMPARISONS = (*SELECTORS, *MULTI_TASK, "independent")
"""What a study can be compared with: another selector, one policy for all, one policy for each."""


def check(study: Experiment) -> None:
    """Refuse a study that could not be run to its end."""
    check_words(study)
    check_contexts(study)
    check_training(study)
    check_evaluation(study)
    check_selection(study)


def check_words(study: Experiment) -> None:
    """Check format, names and words that stand for things."""
    if study.format != FORMAT:
        raise InvalidExperiment(
            f"format {study.format} is not known; this version writes and reads {FORMAT}."
        )
    if not NAME.fullmatch(study.name):
        raise InvalidExperiment(
            f"name must be 1 to 64 of a-z, 0-9, '_', '.', '-', beginning with a letter or "
            f"digit and not ending in '.'; got {study.name[:80]!r}."
        )
    if len(set(study.seeds)) != len(study.seeds):
        raise InvalidExperiment(f"seeds must not repeat; got {study.seeds}.")
    require_known("selection.selector", study.selection.selector, SELECTORS)
    for name in study.selection.compare:
        require_known("selection.compare", name, COMPARISONS)


def check_contexts(study: Experiment) -> None:
    """Check that there are contexts, and neither too many nor too few."""
    space = study.space
    if sorted(study.contexts.targets) != sorted(study.contexts.vary):
        raise InvalidExperiment(
            f"contexts.targets must give a grid size for each of {study.contexts.vary}; "
            f"got {dict(study.contexts.targets)}."
        )
    if study.contexts.digest not in (None, space.digest):
        raise InvalidExperiment(
            f"the features {', '.join(space.names)} of {study.env} are described otherwise "
            "than when this run began; continue it with the version that made it, or begin "
            "another run under another name."
        )
    size = math.prod(study.contexts.targets.values())
    if size > MOST_CONTEXTS:
        raise InvalidExperiment(
            f"contexts.targets ask for {size:,} contexts; at most {MOST_CONTEXTS:,} are "
            "possible. Use a coarser grid, or vary fewer features."
        )
    if study.selection.rounds > size:
        raise InvalidExperiment(
            f"selection.rounds must be at most the number of sources, {size}; "
            f"got {study.selection.rounds}."
        )


def check_training(study: Experiment) -> None:
    """Check recipe, algorithm and hyperparameters."""
    require_known("training.recipe", study.training.recipe, RECIPES)
    if study.training.recipe in COMPARISONS:
        raise InvalidExperiment(
            f"training.recipe says how one source is trained, such as 'from-scratch'; write "
            f"{study.training.recipe!r} into selection.compare."
        )
    if study.training.contexts is not None:
        check_context_sampler(study, study.training.contexts)
    if study.training.origin is not None and study.training.steps is None:
        raise InvalidExperiment(
            "training.origin marks a table that says everything, so it needs training.steps"
        )
    resolve(study.algorithm, study.training_defaults(), study.environment)
    if study.inherits:
        study.recipe().warm_trainer(study.environment)  # says what it cannot train
    if study.record == 0 and study.recipe().needs_data:
        raise InvalidExperiment(
            f"training.record must be above 0 for the trainer {study.training.recipe!r}: each "
            "source learns from the transitions of those before it."
        )


def check_context_sampler(study: Experiment, name: str) -> None:
    """Check how one policy of all contexts gets those of its episodes."""
    require_known("training.contexts", name, CONTEXT_SAMPLERS)
    if not MULTI_TASK.keys() & set(study.selection.compare):
        raise InvalidExperiment(
            f"training.contexts = {name!r} says how one policy of all contexts gets those of "
            "its episodes, and this study trains none. Add 'multi-task' to selection.compare, "
            "or leave it out."
        )


def check_evaluation(study: Experiment) -> None:
    """Check that policies may be measured on a part of the targets."""
    if study.measuring is None:
        return
    if study.inherits:
        raise InvalidExperiment(
            f"evaluation.measure does not go with the trainer {study.training.recipe!r}: each "
            "source inherits from the policies that do best on it, so all must be measured "
            "everywhere. Leave it out, or train from scratch."
        )
    if "independent" in study.selection.compare:
        raise InvalidExperiment(
            "evaluation.measure does not go with 'independent' in selection.compare, which "
            "trains every source and measures it everywhere. Leave out one of the two."
        )


def check_selection(study: Experiment) -> None:
    """Check that every selector can do with these contexts and rows."""
    transfer = study.nothing_trained(study.some_known())
    for selector in study.selectors(seed=0).values():
        first = selector.propose(transfer)  # says what it cannot do with these contexts
        if study.measuring is not None:
            selector.propose(measured_in_part(transfer, first.index, study.measuring))
    if study.selection.stop_gain is not None:
        check_stop_gain(study, transfer)


def check_stop_gain(study: Experiment, empty: TransferMatrix) -> None:
    """Check that the selector says what the study is to be stopped by."""
    name, rounds = study.selection.selector, study.selection.rounds
    if rounds > 1 and not predicts(study.selectors(seed=0)[name], empty, rounds):
        raise InvalidExperiment(
            f"selection.stop_gain needs a selector that says how much it expects to win, and "
            f"{name!r} does not in {rounds} rounds. Leave it out, or use "
            f"{DEFAULT_SELECTOR!r}."
        )


def require_known(field: str, name: str, known: tuple[str, ...] | Mapping[str, Any]) -> None:
    """Refuse a word that is in no table, and name the closest one."""
    if name not in known:
        raise InvalidExperiment(
            f"{field} {name!r} is unknown{did_you_mean(name, known)} Known: {', '.join(known)}."
        )
