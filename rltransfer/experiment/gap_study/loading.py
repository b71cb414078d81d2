"""From what people name (a path, a policy, a function) to the methods of a gap study."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, cast

from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.envs import ContextualEnv, make
from rltransfer.errors import InvalidExperiment, InvalidPolicy
from rltransfer.evaluation import Actor
from rltransfer.experiment.fitting import require_fit
from rltransfer.experiment.gap_study.archive import SUFFIX, load_archive
from rltransfer.experiment.gap_study.contender import Candidate, Contender, FunctionActor
from rltransfer.experiment.gap_study.runs import contenders_of_run, is_run, runs_in
from rltransfer.experiment.gap_study.spec import GapSpec
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import Run
from rltransfer.training.policy import Policy
from rltransfer.training.policy_folder import DESCRIPTION

__all__ = ["Subject", "contenders_of", "family_of", "run_of", "run_path", "singles"]

Function = Callable[[NDArray[Any]], Any]
One = str | PathLike[str] | Actor | Function
Subject = One | Sequence[One]
"""A path, a policy or a function; several are trainings of one method."""

ELSEWHERE = "Measure it in a family with equal spaces, with --env."


# -- the family ----------------------------------------------------------------------------------


def family_of(subjects: Iterable[Subject], spec: GapSpec) -> ContextualEnv:
    """Return the family that a study is of: as asked for, or as the policies say.

    Raises:
        InvalidExperiment: if nobody says it, or two say different ones.
    """
    if spec.env is not None:
        return make(spec.env)
    said = {name: one for subject in subjects for one in singles(subject) if (name := said_by(one))}
    if len(said) != 1:
        found = "no policy says it" if not said else f"the policies say {' and '.join(said)}"
        raise InvalidExperiment(
            f"which environment is it? {found[0].upper()}{found[1:]}. Name it with --env, such as "
            "--env cartpole."
        )
    return make(next(iter(said)))


def said_by(one: One) -> str | None:
    """Return the family that a policy or run was made for; None where it does not say."""
    if isinstance(one, Policy):
        return one.spec.env
    if not isinstance(one, (str, PathLike)):
        return None
    if path := run_path(one):
        return Experiment.of_run(runs_in(path)[0]).env
    folders = [path for path in trainings_in(Path(one)) if path.suffix != SUFFIX]
    return Policy.load(folders[0]).spec.env if folders else None


# -- the methods ---------------------------------------------------------------------------------


def contenders_of(
    subjects: Mapping[str, Subject], spec: GapSpec, env: ContextualEnv
) -> list[Contender]:
    """Return the methods that are studied; of a run alone all, of several runs each one's own.

    Raises:
        InvalidPolicy, InvalidExperiment, InvalidContext, CorruptRun: if one cannot be read.
    """
    if len(subjects) == 1 and (path := run_path(next(iter(subjects.values())))):
        return contenders_of_run(path)
    return [contender(name, subject, spec, env) for name, subject in subjects.items()]


def contender(name: str, subject: Subject, spec: GapSpec, env: ContextualEnv) -> Contender:
    """Return one method."""
    if path := run_path(subject):
        own = contenders_of_run(path)[0]
        return Contender(name, own.seeds, own.trainings)
    ones = [one for single in singles(subject) for one in trainings(single)]
    names = [name if len(ones) == 1 else f"{name} {k}" for k in range(len(ones))]
    return Contender.alike(
        name, [candidate(n, one, spec, env) for n, one in zip(names, ones, strict=True)]
    )


def run_path(subject: Subject) -> Path | None:
    """Return the folder of a run, or None for all else."""
    path = Path(subject) if isinstance(subject, (str, PathLike)) else None
    return path if path is not None and is_run(path) else None


def singles(subject: Subject) -> list[One]:
    """Return what a method consists of."""
    if isinstance(subject, (list, tuple)):
        return list(subject)
    return [subject]  # type: ignore[list-item]


def trainings(one: One) -> list[One]:
    """Return the policies in a folder of several; what is one policy already, by itself."""
    return [*trainings_in(Path(one))] if isinstance(one, (str, PathLike)) else [one]


def trainings_in(path: Path) -> list[Path]:
    """Return the policies that a path stands for.

    Raises:
        InvalidPolicy: if there are none.
    """
    if path.suffix == SUFFIX or (path / DESCRIPTION).is_file():
        return [path]
    inside = sorted(path.iterdir()) if path.is_dir() else []
    found = [p for p in inside if p.suffix == SUFFIX or (p / DESCRIPTION).is_file()]
    if not found:
        raise InvalidPolicy(
            f"{path} holds no policy: give a policy's folder, a Stable-Baselines3 archive (.zip), "
            "a folder of such, one for each training, or a run."
        )
    return found


# -- one policy ----------------------------------------------------------------------------------


def candidate(name: str, one: One, spec: GapSpec, env: ContextualEnv) -> Candidate:
    """Return one policy, read and found to fit the family."""
    told = tuple(env.space.validate(x) for x in spec.train_contexts)
    actor = actor_of(one, spec, env, told)
    if isinstance(actor, Policy):
        require_fit(actor, env, name, ELSEWHERE)
    home = told or known_home(one, actor, env)
    return Candidate(name, home, partial(same, actor))


def actor_of(one: One, spec: GapSpec, env: ContextualEnv, home: Sequence[Context]) -> Actor:
    """Return what acts."""
    if hasattr(one, "act"):
        return cast(Actor, one)
    if callable(one):
        return FunctionActor(one)
    if not isinstance(one, (str, PathLike)):
        raise InvalidPolicy(
            f"a policy is a path, an object with `observe` and `act`, or a function from "
            f"observations to actions; got {type(one).__name__}."
        )
    path = Path(one)
    if path.suffix == SUFFIX:
        return load_archive(path, spec.algorithm, env, home)
    return Policy.load(path)


def known_home(one: One, actor: Actor, env: ContextualEnv) -> tuple[Context, ...]:
    """Return the contexts that a policy was trained in, as it says or as its run says."""
    if not isinstance(actor, Policy) or is_archive(one):
        return ()
    if actor.spec.context is not None:
        return (env.space.validate(actor.spec.context),)
    run = run_of(one)
    if run is None:
        return ()
    return tuple(env.space.validate(y) for y in Experiment.of_run(run).targets())


def is_archive(one: One) -> bool:
    """Say whether something is the path of an archive."""
    return isinstance(one, (str, PathLike)) and Path(one).suffix == SUFFIX


def run_of(one: One) -> Run | None:
    """Return the run that a policy's folder lies in; None where it does not."""
    if not isinstance(one, (str, PathLike)):
        return None
    run = Run(Path(one).resolve().parents[1])
    return run if run.experiment_file.is_file() else None


def same(actor: Actor) -> Actor:
    """Return the actor; a candidate loads late, and this one is loaded."""
    return actor
