"""Runs in a gap study: each selector with what its sources return, as the runs have measured it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from rltransfer.contexts import Context
from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.agenda import Agenda
from rltransfer.experiment.gap_study.contender import Candidate, Contender
from rltransfer.experiment.gap_study.ground import Ground
from rltransfer.experiment.gap_study.row import PolicyRow
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import Run, SourceRecord
from rltransfer.training.policy import Policy

__all__ = ["contenders_of_run", "ground_of_run", "is_run", "runs_in"]


def is_run(path: Path) -> bool:
    """Say whether a path is a run, or an experiment's folder of runs."""
    return (path / "experiment.toml").is_file() or any(path.glob("seed-*/experiment.toml"))


def runs_in(path: Path) -> list[Run]:
    """Return the runs of one experiment in a folder.

    Raises:
        InvalidExperiment: if they belong to different experiments.
    """
    runs = Run.find(path)
    experiments = {Experiment.of_run(run).digest for run in runs}
    if len(experiments) > 1:
        raise InvalidExperiment(f"{path} holds runs of different experiments; give each by itself.")
    return runs


def ground_of_run(path: Path) -> Ground:
    """Return the contexts that a run has measured its policies in."""
    experiment = Experiment.of_run(runs_in(path)[0])
    env = experiment.environment
    targets = tuple(env.space.validate(y) for y in experiment.targets())
    return Ground(env, experiment.space, targets)


def contenders_of_run(path: Path) -> list[Contender]:
    """Return a run's methods: its own selector first, then others, then policies of all contexts.

    A selector takes part with the sources that it picked in every seed; what no seed has finished
    a round of is left out.

    Raises:
        CorruptRun: if a run is damaged.
        InvalidExperiment: if nothing is trained yet.
    """
    agendas = [(run, Agenda.read(run)) for run in runs_in(path)]
    seeds = tuple(agenda.seed for _, agenda in agendas)
    methods = [lanes_of(run, agenda) for run, agenda in agendas]
    common = [name for name in methods[0] if all(name in others for others in methods)]
    if not common:
        raise InvalidExperiment(
            f"{path} holds no trained source in every seed yet. Train some with `rltransfer "
            f"resume {path}`."
        )
    return [Contender(name, seeds, tuple(lanes[name] for lanes in methods)) for name in common]


def lanes_of(run: Run, agenda: Agenda) -> dict[str, tuple[Candidate, ...]]:
    """Return the policies of each method of a run that has any; selectors have the known ones."""
    known = tuple(key for key, record in agenda.pool.items() if record.origin is not None)
    keys = {state.lane.name: (*state.keys, *known) for state in agenda.states if state.keys}
    keys |= {key: (key,) for key in agenda.many if key in agenda.pool}
    policies = {
        key: candidate(run, f"{k:02d}", agenda.experiment, record)
        for k, (key, record) in enumerate(agenda.pool.items())
    }
    return {name: tuple(policies[key] for key in chosen) for name, chosen in keys.items()}


def candidate(run: Run, number: str, experiment: Experiment, record: SourceRecord) -> Candidate:
    """Return a committed policy with what it returned in the run's targets."""
    home = home_of(record, experiment)
    name = f"{experiment.name}/seed-{experiment.seeds[0]}/{number}"
    recorded = recorded_row(name, record, home, experiment)
    return Candidate(name, home, partial(loaded, run, record.key), recorded)


def home_of(record: SourceRecord, experiment: Experiment) -> tuple[Context, ...]:
    """Return the complete contexts that a policy of a run was trained in."""
    space = experiment.environment.space
    if record.origin is not None:
        return () if record.origin.context is None else (space.validate(record.origin.context),)
    if record.context is not None:
        return (space.validate(record.context),)
    return tuple(space.validate(y) for y in experiment.targets())


def recorded_row(
    name: str, record: SourceRecord, home: Sequence[Context], experiment: Experiment
) -> PolicyRow | None:
    """Return what the run measured of a policy; None where that does not tell of its home."""
    space = experiment.environment.space
    places = {space.validate(y): m for m, y in enumerate(experiment.targets())}
    if record.own is not None:
        own = [record.own for _ in home]
    elif all(x in places for x in home):
        own = [record.returns[places[x]] for x in home]
    else:
        return None
    episodes = record.returns.shape[1]
    own_returns = np.array(own, dtype=np.float64).reshape(len(home), episodes)
    return PolicyRow(name, tuple(home), record.returns, own_returns)


def loaded(run: Run, key: str) -> Policy:
    """Read a committed policy."""
    return Policy.load(run.policy_folder(key))
