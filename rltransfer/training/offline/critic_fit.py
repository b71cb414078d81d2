"""What all ways to fit a critic have in common: random weights, minibatches, a slow target for Q.

Notation
    G, B    problems; rows of a minibatch
    Q̄       the target: Q̄ ← (1 - κ) Q̄ + κ Q after every step
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch import Tensor

from rltransfer.training.global_state import own_global_state
from rltransfer.training.head_start import HeadStart
from rltransfer.training.kept import Together, Tree
from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.offline.critic import Critic, CriticStack
from rltransfer.training.offline.critic_spec import CriticSpec
from rltransfer.training.offline.effort import Effort, steps_of
from rltransfer.training.offline.minibatches import minibatches
from rltransfer.training.offline.samples import Batch, ProblemData, Samples
from rltransfer.training.offline.stack import StackAdam
from rltransfer.training.offline.stage import OfflineStage
from rltransfer.training.offline.strides import Strides
from rltransfer.training.offline.view import DataView
from rltransfer.training.policy_spec import plain_space
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.segments import Segments
from rltransfer.training.stage import StageResult
from rltransfer.training.torch_state import ModuleState

__all__ = ["CriticLearner", "CriticLoss", "FitCritic", "discounts"]

REPORT = 500
"""Steps between two reports of progress."""

SEGMENT = 1_000
"""Steps between two boundaries at which a fit may be kept; see `strides`."""

LARGEST_REVIEW = 4096
"""Transitions that the final losses are measured on."""


class CriticLoss(Protocol):
    """What a critic is fitted by."""

    def __call__(
        self, critic: CriticStack, target: CriticStack, batch: Batch
    ) -> tuple[Tensor, Tensor]:
        """Return L_Q and L_V, each of shape (G,)."""


class CriticLearner:
    """A critic, its target, and gradient steps on both losses at once.

    Args:
        critic: changed in place.
        loss: see `CriticLoss`.
        learning_rate: of Adam.
        polyak: κ.
    """

    def __init__(
        self, critic: CriticStack, loss: CriticLoss, learning_rate: float, polyak: float
    ) -> None:
        self.critic, self.target = critic, copy.deepcopy(critic)
        self._loss, self._polyak = loss, polyak
        self._adam = StackAdam(critic.parameters(), learning_rate)
        self._fast: list[Tensor] = list(critic.q.parameters())
        self._slow: list[Tensor] = list(self.target.q.parameters())
        self._parts = Together(
            critic=ModuleState(self.critic), target=ModuleState(self.target), adam=self._adam
        )

    def losses(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return L_Q and L_V, each of shape (G,)."""
        return self._loss(self.critic, self.target, batch)

    def step(self, batch: Batch) -> None:
        """Go one step down both losses, then move the target."""
        q, v = self.losses(batch)
        self._adam.step((q + v).sum())
        with torch.no_grad():
            torch._foreach_lerp_(self._slow, self._fast, self._polyak)

    def state(self) -> Tree:
        """Return critic, target and Adam's memory; see `kept.Kept`."""
        return self._parts.state()

    def restore(self, state: Tree) -> None:
        """Become as it was."""
        self._parts.restore(state)


@dataclass(frozen=True)
class FitCritic(OfflineStage):
    """Fits Q and V to the data of each problem, from random weights.

    Attributes:
        view: how the data are looked at.
        hidden: widths of the hidden layers.
        steps: gradient steps, on a fresh minibatch each. A critic of 100,000 transitions of
            Hopper is not yet right after 12,000 steps, and is after 30,000.
        batch: rows of a minibatch.
        learning_rate: of Adam.
        polyak: κ.
        q_count: Q-functions of a critic, of which the least counts.
    """

    view: DataView = DataView()
    hidden: tuple[int, ...] = (128, 128)
    steps: int | Effort = Effort(share=0.4, least=12_000, most=40_000)
    batch: int = 256
    learning_rate: float = 3e-4
    polyak: float = 0.005
    q_count: int = 2

    @property
    @abstractmethod
    def kind(self) -> Literal["iql", "sarsa"]:
        """As the critic's spec says."""

    @abstractmethod
    def loss(self, samples: Samples) -> CriticLoss:
        """Return what the critics are fitted by."""

    def run_all(
        self,
        problems: Sequence[TrainingProblem],
        starts: Sequence[HeadStart],
        seeds: Sequence[np.random.SeedSequence],
        monitor: TrainingMonitor,
        segments: Segments | None = None,
    ) -> list[StageResult]:
        """Fit a critic to each problem's data; see `OfflineStage.run_all`.

        A result's seconds are its share of the time that all problems took together.

        Raises:
            InvalidPolicy: if a fit diverges.
        """
        samples, strides = self.view.samples(problems, starts, self.name), Strides(seeds, segments)
        rngs = strides.rngs
        with own_global_state():
            critic = CriticStack.of(
                [self.fresh(part, rng) for part, rng in zip(samples.parts, rngs, strict=True)]
            )
            learner = CriticLearner(critic, self.loss(samples), self.learning_rate, self.polyak)
            steps = self.fit(learner, samples, strides, monitor)
            facts = self.review(learner, samples.batch(samples.draw(LARGEST_REVIEW, rngs)), steps)
        seconds = strides.seconds
        return [
            StageResult(start.having(critic=own), 0, seconds, findings=found)
            for start, own, found in zip(starts, critic.critics(), facts, strict=True)
        ]

    def fresh(self, part: ProblemData, rng: np.random.Generator) -> Critic:
        """Return a critic with random weights that sees what the data say."""
        env = part.problem.env
        spec = CriticSpec(
            kind=self.kind,
            hidden=self.hidden,
            q_count=self.q_count,
            action_space=plain_space(env.spaces.action, "the action space"),
            gamma=part.gamma,
            normalization=part.normalization,
            features=part.features,
        )
        return Critic.random(spec, rng)

    def fit(
        self,
        learner: CriticLearner,
        samples: Samples,
        strides: Strides,
        monitor: TrainingMonitor,
    ) -> int:
        """Take all steps; return how many."""
        steps = steps_of(self.steps, samples)
        for stride in strides.of(steps, SEGMENT, learner=learner):
            batches = minibatches(samples, len(stride), self.batch, strides.rngs)
            for step, batch in zip(stride, batches, strict=True):
                if step % REPORT == 0:
                    monitor.working(self.name, step, steps)
                learner.step(batch)
        monitor.working(self.name, steps, steps)
        return steps

    def review(self, learner: CriticLearner, batch: Batch, steps: int) -> list[dict[str, Any]]:
        """Return the findings of each problem; `unit` is the return that a value of 1 means."""
        critic = learner.critic
        with torch.no_grad():
            q = critic.q_min(batch.z, batch.c, batch.actions)
            advantage = q - critic.v(batch.z, batch.c)
            loss_q, loss_v = learner.losses(batch)
        columns = {
            "loss_q": loss_q,
            "loss_v": loss_v,
            "mean_q": q.mean(dim=1),
            "mean_advantage": advantage.mean(dim=1),
            "unit": torch.tensor([spec.reward_scale for spec in critic.specs]),
        }
        return [
            {"steps": steps} | {name: float(column[g]) for name, column in columns.items()}
            for g in range(len(critic.specs))
        ]


def discounts(samples: Samples) -> Tensor:
    """Return γ of each problem, shape (G, 1)."""
    return torch.tensor([[part.gamma] for part in samples.parts], dtype=torch.float32)
