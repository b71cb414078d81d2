"""Offline multi-step PPO: each member of an ensemble improves on itself, under offline evaluation.

Notation
    n           members; π_i member i, π_i^old the policy that it improves on
    A(s, a)     advantage: min(Q₁, Q₂)(s, a) - V(s) of a critic that stays fixed
    ρ           π_i(a|s) / π_i^old(a|s)
    ε           clip range

    repeat
        s ~ D,  a ~ π_i^old(·|s)
        maximise  E[min(ρ A, clip(ρ, 1 - ε, 1 + ε) A)]              (Uni-O4; BPPO)
        at every check:  score π_i and π_i^old without an environment;
                         π_i^old ← π_i if the gate finds it better, or if π_i is still so near to
                         where it began that the critic is believed; else π_i goes on, held near
                         π_i^old by the clip, and goes back to it when its KL budget is spent

Sources: Zhuang et al., BPPO (ICLR 2023); Lei et al., Uni-O4 (ICLR 2024). What is ours: actions are
enumerated where there are few; members that move farther from where they began than a KL budget
allows go back; the gate compares scores from the same starts in the same worlds; and near the
beginning the model may only object. There a larger A means a better policy, up to an error that
grows with the distance (Kakade and Langford 2002), while a model fitted to falling gaits is slow
to believe that one stays up: on Hopper it doubted, after 100 steps, policies three times as good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rltransfer.training.global_state import own_global_state
from rltransfer.training.head_start import HeadStart
from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.offline.gate import BestSoFar, Gate, PairedGate
from rltransfer.training.offline.improving import Improving
from rltransfer.training.offline.scorers import AMQ, ModelReturn, Scorer
from rltransfer.training.offline.stage import OfflineStage
from rltransfer.training.offline.strides import Strides
from rltransfer.training.offline.view import DataView
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.segments import Segments
from rltransfer.training.stage import StageResult

__all__ = ["Improvement", "published"]

CHECKS = 4
"""Between two boundaries at which the improvement may be kept; see `strides`."""


@dataclass(frozen=True)
class Improvement(OfflineStage):
    """Improves the members of an ensemble and chooses one of them.

    Attributes:
        view: how the data are looked at.
        scorer: decides at the gate, and at the end which member is chosen.
        witnesses: scorers that are asked, too, and only written down.
        gate: says which members have become better.
        steps: gradient steps of each member.
        check_every: steps between two checks.
        batch: states of a minibatch.
        starts: states from which policies are tried in the model.
        learning_rate: of Adam, falling linearly to 0.
        clip_range: ε.
        kl_budget: the largest mean KL(π_i ‖ π_i at the beginning), in nats per number of an
            action; a member beyond it goes back to what was accepted last. None: no budget.
        trust: within this KL, in the same unit, the critic is believed, and a member accepted
            if `objection` lets it pass and it scores no less than where it began. 0: nowhere.
        objection: the gate within the trusted distance.
    """

    view: DataView = DataView()
    scorer: Scorer = ModelReturn()
    witnesses: tuple[Scorer, ...] = (AMQ(),)
    gate: Gate = PairedGate()
    steps: int = 1_500
    check_every: int = 50
    batch: int = 512
    starts: int = 32
    learning_rate: float = 1e-4
    clip_range: float = 0.2
    kl_budget: float | None = 0.5
    trust: float = 0.035
    objection: Gate = PairedGate(margin=-2.0)

    @property
    def name(self) -> str:
        """A word for tables."""
        return "offline PPO"

    def run_all(
        self,
        problems: Sequence[TrainingProblem],
        starts: Sequence[HeadStart],
        seeds: Sequence[np.random.SeedSequence],
        monitor: TrainingMonitor,
        segments: Segments | None = None,
    ) -> list[StageResult]:
        """Improve; see `OfflineStage.run_all`."""
        samples, strides = self.view.samples(problems, starts, self.name), Strides(seeds, segments)
        with own_global_state():
            work = Improving(self, samples, starts, strides.rngs)
            self.improve(work, strides, monitor)
            chosen = work.choice()
            findings = work.findings(chosen)
        seconds = strides.seconds
        parts = zip(starts, work.members(), chosen, findings, strict=True)
        return [
            StageResult(
                start.having(policy=members[best], members=members), 0, seconds, findings=facts
            )
            for start, members, best, facts in parts
        ]

    def improve(self, work: Improving, strides: Strides, monitor: TrainingMonitor) -> None:
        """Take all steps, and all checks between them."""
        for stride in strides.of(self.steps, CHECKS * self.check_every, work=work):
            for done in stride:
                work.step(self.learning_rate * (1.0 - done / self.steps))
                if (done + 1) % self.check_every == 0:
                    work.check()
                    monitor.working(self.name, done + 1, self.steps)


def published(view: DataView) -> Improvement:
    """Return the stage as Uni-O4 describes it: AM-Q alone decides, no KL budget."""
    return Improvement(
        view,
        scorer=AMQ(),
        witnesses=(ModelReturn(),),
        gate=BestSoFar(),
        clip_range=0.25,
        kl_budget=None,
        trust=0.0,
    )
