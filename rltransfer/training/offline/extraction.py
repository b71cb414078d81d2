"""A policy out of a critic: cloning in which better actions count more.

Notation
    K = G   policies, one per problem
    A(s, a) min(Q₁, Q₂)(s, a) - V(s), in standard deviations of discounted returns
    β       inverse temperature: 0 clones, more is greedier

    maximise  E_D[min(e^{β A(s, a)}, 100) log π(a|s)]                          (eq. 7)

Source: Kostrikov, Nair, Levine, Offline Reinforcement Learning with Implicit Q-Learning
(ICLR 2022); the loss is that of advantage-weighted regression (Peng et al., 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rltransfer.training.global_state import own_global_state
from rltransfer.training.head_start import HeadStart
from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.offline.actors import ActorStack
from rltransfer.training.offline.critic import Critic, CriticStack
from rltransfer.training.offline.fresh import fresh_policy, spec_for
from rltransfer.training.offline.policy_inputs import policy_inputs
from rltransfer.training.offline.samples import ProblemData, Samples
from rltransfer.training.offline.stack import StackAdam
from rltransfer.training.offline.stage import OfflineStage
from rltransfer.training.offline.strides import Strides
from rltransfer.training.offline.view import DataView
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import NetworkSpec
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.segments import Segments
from rltransfer.training.stage import StageResult
from rltransfer.training.torch_state import ModuleState

__all__ = ["ExtractIQL", "weighted_loss"]

REPORT = 500
"""Steps between two reports of progress."""

SEGMENT = 1_000
"""Steps between two boundaries at which a fit may be kept; see `strides`."""

LARGEST_WEIGHT = 100.0
CLIP = 1.0
"""The largest gradient norm of a policy."""


@dataclass(frozen=True)
class ExtractIQL(OfflineStage):
    """Makes a policy that prefers what the critic prefers, among the actions in the data.

    It begins with the head start's policy, where there is one, and keeps its statistics; else
    with random weights and the statistics of the data.

    Attributes:
        network: of a policy that begins with random weights.
        view: how the data are looked at.
        steps: gradient steps, on a fresh minibatch each.
        batch: rows of a minibatch.
        learning_rate: of Adam, falling linearly to 0.
        beta: β.
        log_std: of a policy that begins with random weights.
    """

    network: NetworkSpec
    view: DataView = DataView()
    steps: int = 8_000
    batch: int = 256
    learning_rate: float = 1e-3
    beta: float = 3.0
    log_std: float = -0.5

    @property
    def name(self) -> str:
        """A word for tables."""
        return "IQL policy"

    def run_all(
        self,
        problems: Sequence[TrainingProblem],
        starts: Sequence[HeadStart],
        seeds: Sequence[np.random.SeedSequence],
        monitor: TrainingMonitor,
        segments: Segments | None = None,
    ) -> list[StageResult]:
        """Extract a policy from each head start's critic; see `OfflineStage.run_all`.

        Raises:
            InvalidExperiment: if there are no data or no critic.
            InvalidPolicy: if the policies differ in more than weights, or the fit diverges.
        """
        critics = [start.need_critic(self.name) for start in starts]
        samples, strides = self.view.samples(problems, starts, self.name), Strides(seeds, segments)
        policies = [
            self.fresh(part, rng) if start.policy is None else start.policy
            for start, part, rng in zip(starts, samples.parts, strides.rngs, strict=True)
        ]
        with own_global_state():
            actors = ActorStack(policies)
            advantages = [
                advantages_of(critic, part)
                for critic, part in zip(critics, samples.parts, strict=True)
            ]
            self.fit(actors, policies, advantages, samples, strides, monitor)
        seconds = strides.seconds
        return [
            StageResult(start.having(policy=policy), 0, seconds, findings=self.findings(A))
            for start, policy, A in zip(starts, actors.policies(), advantages, strict=True)
        ]

    def fresh(self, part: ProblemData, rng: np.random.Generator) -> Policy:
        """Return a policy with random weights that standardises as the data say."""
        spec = spec_for(part.problem, self.network, part.normalization)
        return fresh_policy(spec, rng, self.log_std)

    def fit(
        self,
        actors: ActorStack,
        policies: Sequence[Policy],
        advantages: Sequence[Tensor],
        samples: Samples,
        strides: Strides,
        monitor: TrainingMonitor,
    ) -> None:
        """Take all steps; the critics stay fixed, so that every advantage is known before."""
        z = torch.cat(
            [
                policy_inputs(policy, part.problem, part.data, part.data.observations)
                for policy, part in zip(policies, samples.parts, strict=True)
            ]
        )
        actions, A = actors.bounded(samples.actions), torch.cat(list(advantages))
        adam = StackAdam(actors.parameters(), self.learning_rate, CLIP)
        for stride in strides.of(self.steps, SEGMENT, actors=ModuleState(actors), adam=adam):
            for step in stride:
                if step % REPORT == 0:
                    monitor.working(self.name, step, self.steps)
                rows = samples.draw(self.batch, strides.rngs)
                adam.set_learning_rate(self.learning_rate * (1.0 - step / self.steps))
                adam.step(weighted_loss(actors, z[rows], actions[rows], A[rows], self.beta).sum())
                actors.keep_log_std_above_floor()
        monitor.working(self.name, self.steps, self.steps)

    def findings(self, advantages: Tensor) -> dict[str, Any]:
        """Return the facts of one problem."""
        weights = weights_of(advantages, self.beta)
        used = weights.sum().square() / weights.square().sum()  # Kish's effective sample size
        return {
            "steps": self.steps,
            "mean_advantage": float(advantages.mean()),
            "effective_share": float(used / len(weights)),
        }


def weighted_loss(
    actors: ActorStack, z: Tensor, actions: Tensor, advantages: Tensor, beta: float
) -> Tensor:
    """Return -E[min(e^{β A}, 100) log π(a|s)], shape (K,).

    Args:
        actors: K policies.
        z: states as the policies see them, (K, B, o).
        actions: of the data, within bounds, (K, B) or (K, B, a).
        advantages: A, (K, B).
        beta: β.
    """
    likelihood: Tensor = actors(z).log_prob(actions)
    return -(weights_of(advantages, beta) * likelihood).mean(dim=1)


def weights_of(advantages: Tensor, beta: float) -> Tensor:
    """Return min(e^{β A}, 100), elementwise."""
    return torch.exp(beta * advantages).clamp(max=LARGEST_WEIGHT)


def advantages_of(critic: Critic, part: ProblemData) -> Tensor:
    """Return A of all transitions of a problem, shape (T,), in the critic's unit."""
    z, c = critic.inputs(part.problem, part.data)
    actions = torch.tensor(part.data.actions)[None]
    with torch.no_grad():
        found: Tensor = CriticStack.of([critic]).advantage(z, c, actions)[0]
    return found
