"""The value function that online training begins with, fitted to the data beforehand.

An online training that begins with a good actor and a random V first unlearns: its advantages are
noise until V has caught up. So V is regressed on the data, in the unit that it is used in. The
arithmetic is in `value_regression`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rltransfer.training.global_state import own_global_state
from rltransfer.training.head_start import HeadStart
from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.offline.samples import Samples
from rltransfer.training.offline.stack import StackAdam
from rltransfer.training.offline.stage import OfflineStage
from rltransfer.training.offline.strides import Strides
from rltransfer.training.offline.value_regression import ValueRegression
from rltransfer.training.offline.value_targets import CriticValues, Returns, ValueTarget
from rltransfer.training.offline.view import DataView
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.segments import Segments
from rltransfer.training.stage import StageResult

__all__ = ["CriticValues", "FitValue", "Returns"]

REFRESHES = 4
"""Of the targets between two boundaries at which a fit may be kept; see `strides`."""


@dataclass(frozen=True)
class FitValue(OfflineStage):
    """Fits the value function inside the policy that the stages before have made.

    Attributes:
        view: how the data are looked at.
        target: what V is regressed on.
        steps: gradient steps, on a fresh minibatch each.
        batch: rows of a minibatch.
        learning_rate: of Adam, falling linearly to 0.
        refresh_every: steps after which the targets are made again from V as it is then.
    """

    view: DataView = DataView()
    target: ValueTarget = field(default_factory=CriticValues)
    steps: int = 4_000
    batch: int = 256
    learning_rate: float = 1e-3
    refresh_every: int = 250

    @property
    def name(self) -> str:
        """A word for tables."""
        return "value function"

    def run_all(
        self,
        problems: Sequence[TrainingProblem],
        starts: Sequence[HeadStart],
        seeds: Sequence[np.random.SeedSequence],
        monitor: TrainingMonitor,
        segments: Segments | None = None,
    ) -> list[StageResult]:
        """Fit V of each head start's policy; see `OfflineStage.run_all`.

        Raises:
            InvalidExperiment: if there is no policy, no data, or no critic where one is needed.
            InvalidPolicy: if the policies differ in more than weights, or the fit diverges.
        """
        strides = Strides(seeds, segments)
        policies = [start.need_policy(self.name) for start in starts]
        samples = self.view.samples(problems, starts, self.name)
        targets = [
            self.target.of(part, start, self.name)
            for part, start in zip(samples.parts, starts, strict=True)
        ]
        with own_global_state():
            regression = ValueRegression(policies, samples, targets)
            self.fit(regression, samples, strides, monitor)
        seconds = strides.seconds
        facts = [{"steps": self.steps, **regression.findings(g)} for g in range(len(starts))]
        return [
            StageResult(start.having(policy=policy), 0, seconds, findings=found)
            for start, policy, found in zip(starts, regression.policies(), facts, strict=True)
        ]

    def fit(
        self,
        regression: ValueRegression,
        samples: Samples,
        strides: Strides,
        monitor: TrainingMonitor,
    ) -> None:
        """Take all steps."""
        adam = StackAdam(regression.values.parameters(), self.learning_rate)
        length = REFRESHES * self.refresh_every
        for stride in strides.of(self.steps, length, regression=regression, adam=adam):
            for step in stride:
                if step % self.refresh_every == 0:
                    regression.refresh()
                    monitor.working(self.name, step, self.steps)
                adam.set_learning_rate(self.learning_rate * (1.0 - step / self.steps))
                adam.step(regression.loss(samples.draw(self.batch, strides.rngs)).sum())
        monitor.working(self.name, self.steps, self.steps)
