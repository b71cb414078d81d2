"""Fitting a model of the environment to recorded transitions.

Notation
    G, E    problems; members of each problem's model
    B       rows of a member's minibatch
    y, p    standardised targets; probability of termination; see `dynamics`
    μ, σ²   a member's mean and variance of y

Each member minimises, on minibatches of its own,

    mean_k  sg(σ_k^2β) · ½ [ (y_k - μ_k)² / σ_k² + log σ_k² ]      and      BCE(p, terminated)

with its two networks, and keeps of each the weights that do best on held-out episodes. sg means
that no gradient passes. β = 0 is the Gaussian likelihood, under which targets that are hard at
first are given up as noise; β = 1/2 keeps fitting their mean, and means are what roll-outs use.

References:
    Chua et al. 2018, PETS, arXiv 1805.12114 (probabilistic ensembles).
    Seitzer et al. 2022, arXiv 2203.09168 (β-NLL).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from rltransfer.training.global_state import own_global_state
from rltransfer.training.head_start import HeadStart
from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.offline.dynamics_findings import errors_of
from rltransfer.training.offline.dynamics_fresh import fresh_dynamics
from rltransfer.training.offline.dynamics_stack import DynamicsStack, Prediction
from rltransfer.training.offline.effort import Effort, steps_of
from rltransfer.training.offline.holdout import hold_out
from rltransfer.training.offline.member_batches import dealt, shown
from rltransfer.training.offline.minibatches import minibatches
from rltransfer.training.offline.network_fit import NetworkFit
from rltransfer.training.offline.samples import Batch, Samples
from rltransfer.training.offline.stage import OfflineStage
from rltransfer.training.offline.strides import Strides
from rltransfer.training.offline.view import DataView
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.segments import Segments
from rltransfer.training.stage import StageResult

__all__ = ["FitDynamics"]

BETA = 0.5
LOOK_EVERY = 250
"""Steps between two looks at the held-out loss."""

SEGMENT = 4 * LOOK_EVERY
"""Steps between two boundaries at which a fit may be kept; see `strides`."""

LOOK_AT = 1_000
"""Held-out transitions that are looked at."""

ENDS_RATE = 3.0
"""How much larger the steps of p are: it must turn sharply, and few rows show a termination."""


@dataclass(frozen=True)
class FitDynamics(OfflineStage):
    """Fits an ensemble to the data of the head start.

    Attributes:
        view: how the data are seen; the same for all stages of a chain.
        members: E.
        hidden: widths of the hidden layers that foretell motion and reward.
        hidden_ends: of those that foretell terminations.
        steps: at most, of one minibatch per member.
        batch: B.
        learning_rate: of Adam at first; falls to 0 on a line.
        held_out: the share of episodes that is not fitted to.
        patience: looks at the held-out loss without an improvement before a network stops.
    """

    view: DataView = DataView()
    members: int = 5
    hidden: tuple[int, ...] = (128, 128)
    hidden_ends: tuple[int, ...] = (64, 64)
    steps: int | Effort = Effort(share=0.12, least=4_000, most=12_000)
    batch: int = 256
    learning_rate: float = 1e-3
    held_out: float = 0.1
    patience: int = 6

    @property
    def name(self) -> str:
        """A word for tables."""
        return "dynamics"

    def run_all(
        self,
        problems: Sequence[TrainingProblem],
        starts: Sequence[HeadStart],
        seeds: Sequence[np.random.SeedSequence],
        monitor: TrainingMonitor,
        segments: Segments | None = None,
    ) -> list[StageResult]:
        """Fit; see `OfflineStage.run_all`.

        Raises:
            InvalidDataset: if a problem has too few data, or of another family.
            InvalidPolicy: if a fit diverges.
        """
        strides = Strides(seeds, segments)
        rngs = strides.rngs
        parts = [
            self.view.of(problem, start.need_data(self.name))
            for problem, start in zip(problems, starts, strict=True)
        ]
        halves = [hold_out(p, self.held_out, rng) for p, rng in zip(parts, rngs, strict=True)]
        training, held_out = (Samples(half) for half in zip(*halves, strict=True))
        sizes = (self.members, self.hidden, self.hidden_ends)
        with own_global_state():
            stack = DynamicsStack(fresh_dynamics(training, *sizes, rngs))
            unseen = held_out.batch(held_out.draw(LOOK_AT, rngs))
            steps = self._fit(stack, training, unseen, strides, monitor)
            errors = errors_of(stack, unseen)
        seconds = strides.seconds
        return [
            StageResult(
                start.having(dynamics=model), 0, seconds, findings={"steps": steps, **found}
            )
            for start, model, found in zip(starts, stack.dynamics(), errors, strict=True)
        ]

    def _fit(
        self,
        stack: DynamicsStack,
        training: Samples,
        unseen: Batch,
        strides: Strides,
        monitor: TrainingMonitor,
    ) -> int:
        """Fit all members at once, keep the best of each, and return the steps done."""
        steps = steps_of(self.steps, training)
        rates = self.learning_rate, ENDS_RATE * self.learning_rate
        fits = [
            NetworkFit(network, rate, self.patience)
            for network, rate in zip((stack.motion, stack.ends), rates, strict=True)
        ]
        for step, batch in self._batches(fits, training, steps, strides):
            found = losses(stack, dealt(batch, self.members), BETA)
            for fit, own in zip(fits, found, strict=True):
                fit.step(own, 1.0 - step / steps)
            if (step + 1) % LOOK_EVERY == 0 or step + 1 == steps:
                monitor.working(self.name, step + 1, steps)
                found = held_out_losses(stack, unseen)
                stopped = [fit.look(own) for fit, own in zip(fits, found, strict=True)]
                if all(stopped):
                    break
        for fit in fits:
            fit.restore_best()
        return step + 1

    def _batches(
        self, fits: Sequence[NetworkFit], training: Samples, steps: int, strides: Strides
    ) -> Iterator[tuple[int, Batch]]:
        """Yield each step with a minibatch for all members."""
        motion, ends = fits
        rows = self.members * self.batch
        for stride in strides.of(steps, SEGMENT, motion=motion, ends=ends):
            batches = minibatches(training, len(stride), rows, strides.rngs)
            yield from zip(stride, batches, strict=True)


def losses(stack: DynamicsStack, batch: Batch, beta: float) -> tuple[Tensor, Tensor]:
    """Return each member's two losses, both (G, E), on a batch of the shape (G, E, B)."""
    said = stack(batch.z, batch.c, batch.actions)
    y = stack.targets(batch.z, batch.next_z, batch.rewards)
    weight = torch.exp(beta * said.log_var.detach())
    ended, logits = 1.0 - batch.continues, stack.end_logits(batch.next_z, batch.c)
    bce = nn.functional.binary_cross_entropy_with_logits(logits, ended, reduction="none")
    return (weight * negative_log_likelihood(said, y)).mean(dim=(2, 3)), bce.mean(dim=2)


def negative_log_likelihood(said: Prediction, y: Tensor) -> Tensor:
    """Return -log N(y; μ, σ²) of each target, but for a constant."""
    return 0.5 * ((y - said.mean).square() * torch.exp(-said.log_var) + said.log_var)


@torch.no_grad()
def held_out_losses(stack: DynamicsStack, unseen: Batch) -> tuple[Tensor, Tensor]:
    """Return each member's two losses, both (G, E), on the same held-out transitions."""
    return losses(stack, shown(unseen, stack.members), beta=0.0)
