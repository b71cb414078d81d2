"""Behaviour cloning of an ensemble: several policies that act like the data, each in its own way.

Notation
    n        members of the ensemble
    π_i      member i; D the data
    L_i      -E_D[log π_i(a|s)] - α E_D[KL(π_i(·|s) ‖ π_j*(·|s))], j* the member closest to i

Source: Lei et al., Uni-O4 (ICLR 2024), eq. 6, with the disagreement written as the analytic KL.
The penalty of the authors' released code stops the gradient of the other members' likelihood, so
that all it does is scale -∇ log π_i by 1 + α, which Adam undoes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rltransfer.training.global_state import own_global_state
from rltransfer.training.head_start import HeadStart
from rltransfer.training.kept import Together
from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.offline.actors import ActorStack
from rltransfer.training.offline.compiled_cloning import can_compile, fit_compiled
from rltransfer.training.offline.fresh import fresh_policy, spec_for
from rltransfer.training.offline.groups import grouped, spread
from rltransfer.training.offline.heads import Categorical, Gaussian, Head
from rltransfer.training.offline.samples import Batch, ProblemData, Samples
from rltransfer.training.offline.stack import StackAdam
from rltransfer.training.offline.stage import OfflineStage
from rltransfer.training.offline.strides import Strides
from rltransfer.training.offline.view import DataView
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import NetworkSpec
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.segments import Segments
from rltransfer.training.stage import StageResult
from rltransfer.training.torch_state import ArrayState, ModuleState

__all__ = ["Cloning"]

REPORT = 200
"""Steps between two reports of progress."""

SEGMENT = 1_000
"""Steps between two boundaries at which a fit may be kept; see `strides`."""

LARGEST_NORM = 1.0
"""Of the gradient of a member."""

LARGEST_KL = 5.0
"""Of the disagreement that is rewarded: members should differ, not flee."""


@dataclass(frozen=True)
class Cloning(OfflineStage):
    """Fits n policies to the actions in the data.

    Attributes:
        network: of each member; the same as a policy from scratch has.
        view: how the data are looked at.
        members: n.
        steps: gradient steps, on a fresh minibatch each.
        batch: rows of a minibatch, the same for all members.
        learning_rate: of Adam, falling linearly to 0.
        diversity: α.
        log_std: of the fresh members.
    """

    network: NetworkSpec
    view: DataView = DataView()
    members: int = 4
    steps: int = 5_000
    batch: int = 256
    learning_rate: float = 1e-3
    diversity: float = 0.0
    log_std: float = -0.5

    @property
    def name(self) -> str:
        """A word for tables."""
        return "cloning"

    def run_all(
        self,
        problems: Sequence[TrainingProblem],
        starts: Sequence[HeadStart],
        seeds: Sequence[np.random.SeedSequence],
        monitor: TrainingMonitor,
        segments: Segments | None = None,
    ) -> list[StageResult]:
        """Clone; see `OfflineStage.run_all`."""
        samples, strides = self.view.samples(problems, starts, self.name), Strides(seeds, segments)
        actors = ActorStack(
            [
                p
                for part, rng in zip(samples.parts, strides.rngs, strict=True)
                for p in self.fresh(part, rng)
            ]
        )
        with own_global_state():
            loss = self.fit(actors, samples, strides, monitor)
        seconds = strides.seconds
        found = grouped(actors.policies(), self.members)
        return [
            StageResult(
                learned=start.having(policy=members[0], members=members),
                steps=0,
                seconds=seconds,
                findings={"members": self.members, "loss": [round(x, 4) for x in losses]},
            )
            for start, members, losses in zip(
                starts, found, grouped(loss.tolist(), self.members), strict=True
            )
        ]

    def fresh(self, part: ProblemData, rng: np.random.Generator) -> list[Policy]:
        """Return n policies with random weights that standardise as the data say."""
        spec = spec_for(part.problem, self.network, part.normalization)
        return [fresh_policy(spec, rng, self.log_std) for _ in range(self.members)]

    def fit(
        self,
        actors: ActorStack,
        samples: Samples,
        strides: Strides,
        monitor: TrainingMonitor,
    ) -> Tensor:
        """Minimise the sum of L_i; return the last minibatches' mean -log π_i, shape (G n,)."""
        fit = self.fit_in_torch if self.diversity or not can_compile(actors) else self.fit_fast
        return fit(actors, samples, strides, monitor) / (1.0 - 0.99**self.steps)

    def fit_fast(
        self,
        actors: ActorStack,
        samples: Samples,
        strides: Strides,
        monitor: TrainingMonitor,
    ) -> Tensor:
        """Fit without the disagreement; see `fit`."""
        return fit_compiled(
            actors,
            samples,
            strides,
            self.batch,
            self.learning_rate * (1.0 - np.arange(self.steps) / self.steps),
            LARGEST_NORM,
            lambda done: monitor.working(self.name, done, self.steps),
            (REPORT, SEGMENT),
        )

    def fit_in_torch(
        self,
        actors: ActorStack,
        samples: Samples,
        strides: Strides,
        monitor: TrainingMonitor,
    ) -> Tensor:
        """Fit with any loss and network; see `fit`."""
        adam = StackAdam(actors.parameters(), self.learning_rate, clip=LARGEST_NORM)
        recent = torch.zeros(actors.size)
        kept = Together(actors=ModuleState(actors), adam=adam, recent=ArrayState(x=recent.numpy()))
        for stride in strides.of(self.steps, SEGMENT, members=kept):
            for step in stride:
                if step % REPORT == 0:
                    monitor.working(self.name, step, self.steps)
                batch = samples.batch(samples.draw(self.batch, strides.rngs))
                adam.set_learning_rate(self.learning_rate * (1.0 - step / self.steps))
                likelihood = self.step(actors, adam, batch)
                recent.mul_(0.99).sub_(0.01 * likelihood)
        monitor.working(self.name, self.steps, self.steps)
        return recent

    def step(self, actors: ActorStack, adam: StackAdam, batch: Batch) -> Tensor:
        """Go one step; return the mean log-likelihood of the minibatch before it, (G n,)."""
        head = actors(spread(batch.z, self.members))
        likelihood = head.log_prob(spread(batch.actions, self.members)).mean(dim=1)
        loss = -likelihood.sum()
        if self.diversity and self.members > 1:
            loss = loss - self.diversity * disagreement(head, self.members).sum()
        adam.step(loss)
        actors.keep_log_std_above_floor()
        detached: Tensor = likelihood.detach()
        return detached


def disagreement(head: Head, members: int) -> Tensor:
    """Return KL(π_i ‖ π_j*) averaged over the minibatch, shape (G n,); no gradient through j*."""
    own, others = by_group(head, members), by_group(head.detach(), members)
    pairs = torch.stack([own.kl(rolled(others, shift)).mean(-1) for shift in range(1, members)])
    return pairs.amin(dim=0).clamp(max=LARGEST_KL).flatten()


def by_group(head: Head, members: int) -> Head:
    """Return a head whose first dimension (G n) is split into (G, n)."""
    if isinstance(head, Categorical):
        return Categorical(split(head.logits, members))
    return Gaussian(split(head.mean, members), split(head.log_std, members))


def split(values: Tensor, members: int) -> Tensor:
    """Return (G n, …) as (G, n, …)."""
    return values.reshape(-1, members, *values.shape[1:])


def rolled(head: Head, shift: int) -> Head:
    """Return a head in which every member has the place of another one of its group."""
    if isinstance(head, Categorical):
        return Categorical(head.logits.roll(shift, dims=1))
    return Gaussian(head.mean.roll(shift, dims=1), head.log_std.roll(shift, dims=1))
