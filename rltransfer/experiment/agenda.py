"""What is trained, and what is to be trained next: a value made again after every commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from rltransfer.contexts import Context
from rltransfer.experiment.events import Work
from rltransfer.experiment.lanes import Lane, LaneState, make_lanes
from rltransfer.experiment.spec import MULTI_TASK, Experiment
from rltransfer.runs import Run, SourceRecord

__all__ = ["Agenda", "lane_states"]


@dataclass(frozen=True)
class Agenda:
    """All lanes of a run, replayed over its pool of trained policies.

    Attributes:
        experiment: the study.
        lanes: its selectors, the study's own first.
        pool: the committed policies by key.
    """

    experiment: Experiment
    lanes: tuple[Lane, ...]
    pool: Mapping[str, SourceRecord]

    @classmethod
    def read(cls, run: Run) -> Agenda:
        """Read a run.

        Raises:
            CorruptRun: if something in the folder is damaged.
            InvalidExperiment: if its description does not say something that can be run.
        """
        experiment = Experiment.of_run(run)
        return cls(experiment, make_lanes(experiment, experiment.seeds[0]), run.sources())

    def after(self, record: SourceRecord) -> Agenda:
        """Return the agenda with one more trained policy."""
        return replace(self, pool={**self.pool, record.key: record})

    @property
    def seed(self) -> int:
        """The run's root seed."""
        return self.experiment.seeds[0]

    @cached_property
    def states(self) -> tuple[LaneState, ...]:
        """How far each lane has come."""
        return tuple(lane.replay(self.pool) for lane in self.lanes)

    @cached_property
    def many(self) -> tuple[str, ...]:
        """The multi-task policies that the study is compared with."""
        return tuple(name for name in MULTI_TASK if name in self.experiment.selection.compare)

    @property
    def independent(self) -> bool:
        """Whether every source is trained."""
        return "independent" in self.experiment.selection.compare

    @cached_property
    def wanted(self) -> tuple[Context | str, ...]:
        """What can be trained now: the own lane's source, the long multi-task ones, the rest."""
        singles = [s.wanted.context for s in self.states if s.wanted is not None]
        singles += self.experiment.sources() if self.independent else ()
        missing = [x for x in dict.fromkeys(singles) if x.digest not in self.pool]
        return (*missing[:1], *(m for m in self.many if m not in self.pool), *missing[1:])

    @property
    def done(self) -> Work:
        """What is trained."""
        return Work(len(self.pool), sum(record.steps for record in self.pool.values()))

    @property
    def planned(self) -> Work:
        """What the finished run will hold, at most: lanes may share sources."""
        singles = len(self.experiment.sources())
        if not self.independent:
            known = sum(record.context is not None for record in self.pool.values())
            singles = known + sum(state.remaining for state in self.states)
        steps = self.experiment.training_defaults().steps
        rounds = self.experiment.selection.rounds
        return Work(singles + len(self.many), (singles + rounds * len(self.many)) * steps)


def lane_states(run: Run) -> dict[str, LaneState]:
    """Replay all lanes of a run over its committed sources; the experiment's own is the first."""
    return {state.lane.name: state for state in Agenda.read(run).states}
