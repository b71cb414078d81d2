"""How much there is to train and to evaluate, counted from the description of a study.

Notation
    S    seeds, each a run of its own, one after another
    K    rounds of a lane, one after another
    M    targets
"""

from __future__ import annotations

from dataclasses import dataclass

from rltransfer.experiment.agenda import Agenda
from rltransfer.experiment.lanes import make_lanes
from rltransfer.experiment.spec import Experiment

__all__ = ["Workload"]


@dataclass(frozen=True)
class Workload:
    """The amounts of one seed, and how many seeds there are.

    Attributes:
        seeds: S.
        rounds: K, the policies that are trained one after another in each lane.
        singles: policies of one context: the fewest, where all lanes pick the same sources, and
            the most, where no two do.
        many: policies of all contexts.
        known: policies from elsewhere, which are only measured.
        steps: environment steps of the training on one context, at most.
        targets: that each policy of one context is measured on.
        everywhere: M, that all others are measured on.
        episodes: in each target.
        horizon: environment steps of an episode, at most.
    """

    seeds: int
    rounds: int
    singles: tuple[int, int]
    many: int
    known: int
    steps: int
    targets: int
    everywhere: int
    episodes: int
    horizon: int

    @classmethod
    def of(cls, experiment: Experiment) -> Workload:
        """Count; the study's known policies must be gathered, one by one."""
        agenda = Agenda(experiment, make_lanes(experiment, experiment.seeds[0]), {})
        many, rounds = len(agenda.many), experiment.selection.rounds
        rule, everywhere = experiment.measuring, len(experiment.targets())
        alone = everywhere if agenda.independent else 0
        shared = max(0, rounds - 1) if experiment.inherits and alone else 0
        fewest = alone + shared if alone else rounds
        return cls(
            seeds=len(experiment.seeds),
            rounds=rounds,
            singles=(fewest, agenda.planned.policies - many),
            many=many,
            known=len(experiment.known or ()),
            steps=experiment.training_defaults().steps,
            targets=everywhere if rule is None else rule.count,
            everywhere=everywhere,
            episodes=experiment.evaluation.episodes,
            horizon=experiment.environment.spec.horizon,
        )

    @property
    def policies(self) -> int:
        """Policies to train, of all seeds, at most."""
        return self.seeds * (self.singles[1] + self.many)

    @property
    def training_steps(self) -> int:
        """Environment steps of all trainings, at most, but for whole rollouts."""
        return self.seeds * (self.singles[1] + self.many * self.rounds) * self.steps

    @property
    def evaluation_episodes(self) -> int:
        """Episodes of all policies in all targets that they are measured on, at most."""
        cells = self.singles[1] * self.targets + (self.many + self.known) * self.everywhere
        return self.seeds * cells * self.episodes

    @property
    def evaluation_steps(self) -> int:
        """Environment steps of these episodes, if none ends early."""
        return self.evaluation_episodes * self.horizon
