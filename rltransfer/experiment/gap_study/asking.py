"""From a question to its answer: `rltransfer.gap`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

from rltransfer.contexts import Context
from rltransfer.envs import ContextualEnv
from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.gap_study.contender import Contender
from rltransfer.experiment.gap_study.ground import Ground
from rltransfer.experiment.gap_study.loading import (
    Subject,
    contenders_of,
    family_of,
    run_of,
    run_path,
    singles,
)
from rltransfer.experiment.gap_study.runs import ground_of_run
from rltransfer.experiment.gap_study.spec import GapSpec
from rltransfer.experiment.gap_study.study import GapStudy

__all__ = ["gap"]

ONLY = "policy"
"""What the only method is called where it has no name."""

BEST = "reference"
"""What the policies are called that only set the mark."""


def gap(
    policies: Mapping[str, Subject] | Subject,
    spec: GapSpec | None = None,
    reference: Subject | None = None,
) -> GapStudy:
    """Measure how well policies generalise over the contexts of a family.

    Args:
        policies: by name, or one. Each is a path (a policy's folder, a Stable-Baselines3 archive,
            a folder of such, a run), a `Policy`, any object with `observe` and `act`, a function
            from observations (n, o) to actions, or a list of these: trainings of one method.
            A run that is studied alone takes part with each of its selectors.
        spec: the question; by default what the policies' run has measured.
        reference: policies that only set the mark: the regret is against the best of all.

    Raises:
        InvalidExperiment: if it is not said which family or contexts are meant.
        InvalidPolicy, InvalidContext, UnknownName, CorruptRun: if something cannot be read.
        SourceFailed: if the simulator fails.
    """
    spec = spec or GapSpec()
    subjects = named(policies)
    marks = {} if reference is None else {BEST: reference}
    env = family_of([*subjects.values(), *marks.values()], spec)
    contenders = contenders_of(subjects, spec, env)
    if not marks and (ground := recorded_ground(subjects, contenders, spec)):
        return GapStudy.of([c.as_recorded() for c in contenders], ground, spec, measured=False)
    ground, contenders, notes = laid_out(subjects, contenders, spec, env)
    methods = [c.measured(ground, spec.played, spec.seed) for c in contenders]
    references = tuple(
        row
        for c in contenders_of(marks, spec, env)
        for row in c.measured(ground, spec.played, spec.seed).rows
    )
    return GapStudy.of(methods, ground, spec, True, references, notes)


def named(policies: Mapping[str, Subject] | Subject) -> dict[str, Subject]:
    """Return what is studied by name.

    Raises:
        InvalidExperiment: if it is nothing.
    """
    if isinstance(policies, Mapping):
        found = dict(policies)
    else:
        is_path = isinstance(policies, (str, PathLike))
        found = {Path(policies).name or ONLY if is_path else ONLY: policies}  # type: ignore[arg-type]
    if not found or not all(singles(subject) for subject in found.values()):
        raise InvalidExperiment("a gap study needs at least one policy; got none.")
    return found


def recorded_ground(
    subjects: Mapping[str, Subject], contenders: Sequence[Contender], spec: GapSpec
) -> Ground | None:
    """Return the contexts in which runs have measured everything; None where they have not."""
    paths = [run_path(subject) for subject in subjects.values()]
    if spec.asks_anew or spec.train_contexts or not all(c.is_recorded for c in contenders):
        return None
    grounds = [ground_of_run(path) for path in paths if path is not None]
    if len(grounds) < len(paths) or any(not alike(g, grounds[0]) for g in grounds):
        return None
    return grounds[0]


def alike(one: Ground, other: Ground) -> bool:
    """Say whether two runs measured in the same contexts of the same space."""
    return (one.env, one.space, one.targets) == (other.env, other.space, other.targets)


def laid_out(
    subjects: Mapping[str, Subject],
    contenders: Sequence[Contender],
    spec: GapSpec,
    env: ContextualEnv,
) -> tuple[Ground, list[Contender], list[str]]:
    """Return where policies are measured, the policies with a home, and what was assumed."""
    homes = tuple(dict.fromkeys(x for c in contenders for x in c.homes))
    ground = asked_ground(subjects, spec, env, homes)
    if ground.split is None or all(x.home for c in contenders for x in c.candidates):
        return ground, list(contenders), []
    train = ground.targets[: len(ground.split.train)]
    note = (
        "Policies that do not say what they were trained in are taken to be trained in all "
        f"{len(train)} training contexts of the split {ground.split.name!r}."
    )
    return ground, [c.at_home_in(train) for c in contenders], [note]


def asked_ground(
    subjects: Mapping[str, Subject], spec: GapSpec, env: ContextualEnv, homes: Sequence[Context]
) -> Ground:
    """Return the contexts asked for; those of the policies' run where nothing is."""
    if not (spec.split or spec.vary) and (run := first_run(subjects)):
        if spec.targets is None:
            return ground_of_run(run)
        spec = replace(spec, vary=ground_of_run(run).space.names)
    return Ground.of(spec, env, homes)


def first_run(subjects: Mapping[str, Subject]) -> Path | None:
    """Return the first run that is studied, or that a policy lies in."""
    for one in (one for subject in subjects.values() for one in singles(subject)):
        if path := run_path(one):
            return path
        if run := run_of(one):
            return run.path
    return None
