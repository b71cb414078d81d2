"""What is trained, and what is to be trained next: a value made again after every commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from rltransfer.contexts import Context
from rltransfer.experiment.checks import MULTI_TASK
from rltransfer.experiment.events import Work
from rltransfer.experiment.keys import Lineage
from rltransfer.experiment.known import known_rows
from rltransfer.experiment.lanes import NO_FAILURES, Lane, LaneState, make_lanes
from rltransfer.experiment.sections import Known
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import Failure, Run, SourceRecord

__all__ = ["Agenda", "lane_states"]


@dataclass(frozen=True)
class Agenda:
    """All lanes of a run, replayed over its pool of trained policies.

    Attributes:
        experiment: the study.
        lanes: its selectors, the study's own first.
        pool: the committed policies by key.
        failures: what has failed, by key.
        begun: how far the lanes have come at least; they go on from there. By default nowhere.
        left: at most these are still to be trained by themselves, by key; None: any.
    """

    experiment: Experiment
    lanes: tuple[Lane, ...]
    pool: Mapping[str, SourceRecord]
    failures: Mapping[str, Failure] = field(default_factory=lambda: NO_FAILURES)
    begun: tuple[LaneState, ...] = ()
    left: Mapping[str, Lineage] | None = None

    @classmethod
    def read(cls, run: Run) -> Agenda:
        """Read a run.

        Raises:
            CorruptRun: if something in the folder is damaged.
            InvalidExperiment: if its description does not say something that can be run.
        """
        experiment, pool = Experiment.of_run(run), run.sources()
        lanes = make_lanes(experiment, experiment.seeds[0], known_rows(experiment, pool))
        return cls(experiment, lanes, pool, run.failures())

    def after(self, record: SourceRecord) -> Agenda:
        """Return the agenda with one more trained policy."""
        pool = {**self.pool, record.key: record}
        return replace(self, pool=pool, begun=self.states, left=self.alone)

    def without(self, failure: Failure) -> Agenda:
        """Return the agenda with one more failure."""
        failures = {**self.failures, failure.key: failure}
        return replace(self, failures=failures, begun=self.states, left=self.alone)

    def over(self, key: str) -> bool:
        """Say whether a policy is trained, or given up."""
        return key in self.pool or key in self.failures

    @property
    def seed(self) -> int:
        """The run's root seed."""
        return self.experiment.seeds[0]

    @property
    def targets(self) -> tuple[Context, ...]:
        """The contexts in which every policy is evaluated."""
        return self.lanes[0].empty.targets

    @property
    def unmeasured(self) -> tuple[Known, ...]:
        """The policies from elsewhere that are to be measured before the first round."""
        return tuple(x for x in self.experiment.known or () if x.key not in self.pool)

    @cached_property
    def trained(self) -> Sequence[SourceRecord]:
        """The policies of the pool that this run has trained."""
        return [record for record in self.pool.values() if record.origin is None]

    @cached_property
    def states(self) -> tuple[LaneState, ...]:
        """How far each lane has come."""
        begun = self.begun or tuple(lane.replay({}) for lane in self.lanes)
        return tuple(state.onward(self.pool, self.failures) for state in begun)

    @cached_property
    def many(self) -> tuple[str, ...]:
        """The multi-task policies that the study is compared with."""
        return tuple(name for name in MULTI_TASK if name in self.experiment.selection.compare)

    @property
    def independent(self) -> bool:
        """Whether every source is trained from nothing, by itself."""
        return "independent" in self.experiment.selection.compare

    @cached_property
    def wanted(self) -> tuple[Lineage | str, ...]:
        """What can be trained now: the own lane's source, the long multi-task ones, the rest."""
        picked = {s.next.key: s.next for s in self.states if s.next is not None}
        missing = [x for key, x in {**picked, **self.alone}.items() if not self.over(key)]
        return (*missing[:1], *(m for m in self.many if not self.over(m)), *missing[1:])

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to measure or to train."""
        return not (self.unmeasured or self.wanted)

    @cached_property
    def firsts(self) -> frozenset[str]:
        """Keys of the sources with which the lanes begin: what their others may inherit from."""
        beginnings = (lane.replay({}, self.failures).next for lane in self.lanes)
        return frozenset(first.key for first in beginnings if first is not None)

    def keeps_data(self, lineage: Lineage) -> bool:
        """Say whether later sources may be trained from this one, or nobody inherits at all.

        Of a source that is trained by itself for comparison only, nothing is kept for others.
        """
        if not self.experiment.inherits:
            return True
        return bool(lineage.parents) or lineage.key in self.firsts

    def same_training(self, wanted: Lineage) -> str | None:
        """Return the key of a policy that differs in where it was measured only; None if none."""
        alike = (x.key for x in self.trained if x.context == wanted.context)
        return next(alike, None) if wanted.measured else None

    @property
    def done(self) -> Work:
        """What is trained, each policy counted with its whole budget."""
        many = sum(record.context is None for record in self.trained)
        return self.budget(len(self.trained) - many, many)

    @property
    def planned(self) -> Work:
        """What the finished run will hold, at most: lanes may share, trainings may stop early."""
        singles = sum(record.context is not None for record in self.trained)
        singles += len(self.alone) + sum(map(self.ahead, self.states))
        return self.budget(singles, len(self.many))

    @cached_property
    def alone(self) -> Mapping[str, Lineage]:
        """Sources that are still to be trained by themselves, for comparison, by key, in order."""
        if not self.independent:
            return {}
        left = self.left
        if left is None:
            left = {x.key: x for x in map(Lineage, self.lanes[0].empty.sources)}
        return {key: x for key, x in left.items() if not self.over(key)}

    def ahead(self, state: LaneState) -> int:
        """Return how many policies a lane will want that are not trained by themselves anyway."""
        if self.independent and not self.experiment.inherits:
            return 0
        return state.remaining - (state.next is not None and state.next.key in self.alone)

    def budget(self, singles: int, many: int) -> Work:
        """Return so many policies of one context, and of many, with all their steps."""
        steps = self.experiment.training_defaults().steps
        return Work(singles + many, (singles + many * self.experiment.selection.rounds) * steps)


def lane_states(run: Run) -> dict[str, LaneState]:
    """Replay all lanes of a run over its committed sources; the experiment's own is the first."""
    return {state.lane.name: state for state in Agenda.read(run).states}
