"""What a report is made from: the runs of one experiment, one per seed, each read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context, ContextSpace
from rltransfer.envs.spec import EnvironmentSpec
from rltransfer.errors import InvalidExperiment, RLTransferError, SourceFailed
from rltransfer.experiment.agenda import Agenda
from rltransfer.experiment.checks import MULTI_TASK
from rltransfer.experiment.keys import Lineage
from rltransfer.experiment.lanes import LaneState, learned
from rltransfer.experiment.spec import Experiment
from rltransfer.experiment.tables import best_known, gap_reports
from rltransfer.runs import Failure, Run, SourceRecord
from rltransfer.transfer import GapReport, TransferMatrix

__all__ = ["Replicate", "Study"]


@dataclass(frozen=True, eq=False)
class Replicate:
    """One seed's run: what is trained, and how far each selector has come on it.

    Attributes:
        run: the folder.
        experiment: what it holds, with its one seed.
        pool: every committed policy, by key.
        states: the selectors' sequences by name, the experiment's own first.
        failures: what has failed, by key.
    """

    run: Run
    experiment: Experiment
    pool: Mapping[str, SourceRecord]
    states: Mapping[str, LaneState]
    failures: Mapping[str, Failure] = field(default_factory=dict)

    @classmethod
    def read(cls, run: Run) -> Replicate:
        """Read a run and replay its selectors over what is trained.

        Raises:
            CorruptRun: if something in the folder is damaged.
            InvalidExperiment: if its description does not say something that can be run.
        """
        agenda = Agenda.read(run)
        states = {state.lane.name: state for state in agenda.states}
        return cls(run, agenda.experiment, agenda.pool, states, agenda.failures)

    @property
    def seed(self) -> int:
        """The run's root seed."""
        return self.experiment.seeds[0]

    @property
    def own(self) -> LaneState:
        """The sequence of the experiment's own selector."""
        return next(iter(self.states.values()))

    @property
    def matrix(self) -> TransferMatrix:
        """What the experiment's own selector has learnt."""
        return self.own.transfer

    @cached_property
    def known(self) -> TransferMatrix:
        """A policy of every trained context: the own selector's first, then others' first."""
        known = self.matrix
        trained = {known.sources[index] for index in known.trained}
        for record in self.pool.values():
            if record.origin is not None:  # its row is in the matrix from the beginning
                continue
            if record.context is not None and record.context not in trained:
                trained.add(record.context)
                known = learned(known, known.problem.source_index(record.context), record)
        return known

    @cached_property
    def alone(self) -> tuple[SourceRecord, ...]:
        """The policies of the candidates that inherit nothing, as far as they are trained."""
        keys = (Lineage(source).key for source in self.matrix.sources)
        return tuple(self.pool[key] for key in keys if key in self.pool)

    @cached_property
    def truth(self) -> NDArray[np.float64] | None:
        """Returns of every source, shape (N, M, E), or None while some are not trained.

        Of policies that inherit nothing: another's returns depend on those before it.
        """
        if len(self.alone) < len(self.matrix.sources):
            return None
        return np.stack([record.returns for record in self.alone])

    @cached_property
    def best_known(self) -> NDArray[np.float64]:
        """The best mean return of any policy of the run on each target, shape (M,), or NaN."""
        return best_known(self.pool)

    @cached_property
    def gaps(self) -> tuple[GapReport, ...]:
        """The gaps after each round, as the run's tables hold them."""
        return tuple(gap_reports(self.own, self.pool, self.seed))

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not trained yet, in words; nothing where the run is finished."""
        behind = [
            f"{name} has {len(state.picks)} of {state.lane.rounds} sources"
            for name, state in self.states.items()
            if state.remaining
        ]
        compare = self.experiment.selection.compare
        over = {*self.pool, *self.failures}
        behind += [f"{name} is not trained" for name in MULTI_TASK
                   if name in compare and name not in over]  # fmt: skip
        if "independent" in compare and {Lineage(x).key for x in self.matrix.sources} - over:
            every, how = len(self.matrix.sources), " from nothing" * self.experiment.inherits
            behind.append(f"{len(self.alone)} of {every} contexts are trained{how}")
        return tuple(behind)


@dataclass(frozen=True, eq=False)
class Study:
    """The replicates of one experiment, by seed.

    Attributes:
        path: the folder that was read, of the experiment or of one seed.
        replicates: the runs in which the experiment's own selector has a trained source.
        waiting: seeds of runs that have none yet.
        failures: what has failed, each with its seed.
    """

    path: Path
    replicates: tuple[Replicate, ...]
    waiting: tuple[int, ...] = ()
    failures: tuple[tuple[int, Failure], ...] = ()

    @classmethod
    def read(cls, path: Path) -> Study:
        """Read a run, or all runs of an experiment.

        Raises:
            CorruptRun: if there is no run, or one is damaged.
            InvalidExperiment: if the runs belong to different experiments, or repeat a seed.
            SourceFailed: if nothing is trained because it has failed.
            RLTransferError: if nothing is trained yet.
        """
        read = sorted((Replicate.read(run) for run in Run.find(path)), key=lambda r: r.seed)
        require_one_experiment(path, read)
        begun = tuple(replicate for replicate in read if replicate.own.picks)
        failures = tuple((r.seed, failure) for r in read for failure in r.failures.values())
        if not begun and failures:
            raise SourceFailed(
                f"{path} holds no trained source: {len(failures)} failed, the first because "
                f"{failures[0][1].sentence}. Mend the cause, then train them again with "
                f"`rltransfer resume {path} --retry-failed`."
            )
        if not begun:
            raise RLTransferError(
                f"{path} holds no trained source of {read[0].own.lane.name!r} yet, so there is "
                f"nothing to report. Train some with `rltransfer resume {path}`."
            )
        waiting = tuple(r.seed for r in read if not r.own.picks and r.own.remaining)
        return cls(path, begun, waiting, failures)

    @property
    def experiment(self) -> Experiment:
        """What all runs share."""
        return self.replicates[0].experiment

    @property
    def spec(self) -> EnvironmentSpec:
        """The environment family's description."""
        return self.experiment.environment.spec

    @property
    def space(self) -> ContextSpace:
        """The features that vary."""
        return self.replicates[0].matrix.space

    @property
    def targets(self) -> tuple[Context, ...]:
        """The M target contexts."""
        return self.replicates[0].matrix.targets

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that are reported."""
        return tuple(replicate.seed for replicate in self.replicates)

    @property
    def selector(self) -> str:
        """The name of the experiment's own selector."""
        return self.replicates[0].own.lane.name

    @property
    def rounds(self) -> int:
        """K, the rounds of the own selector that every reported seed has finished."""
        return min(len(replicate.own.picks) for replicate in self.replicates)

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not trained yet, a sentence without its full stop per seed."""
        begun = [f"Seed {r.seed}: {', '.join(r.missing)}" for r in self.replicates if r.missing]
        return (*begun, *(f"Seed {seed}: nothing to report yet" for seed in self.waiting))


def require_one_experiment(path: Path, replicates: list[Replicate]) -> None:
    """Refuse to average over different experiments, or over one run twice."""
    first = replicates[0]
    for previous, replicate in pairwise(replicates):
        if replicate.experiment.digest != first.experiment.digest:
            raise InvalidExperiment(
                f"{path} holds different experiments: compare {first.run.experiment_file} with "
                f"{replicate.run.experiment_file}. Report on each folder by itself."
            )
        if replicate.seed == previous.seed:
            raise InvalidExperiment(
                f"{path} holds seed {replicate.seed} twice, in {previous.run.path} and "
                f"{replicate.run.path}. Remove the copy."
            )
