"""Implicit Q-learning: the value of the best actions that the data show, never asking for others.

Notation
    τ       expectile: 0.5 gives the mean over the data's actions, 1 their best
    δ       min(Q̄₁, Q̄₂)(s, a) - V(s) for state and action of the data
    t       1 where the step terminated the episode, 0 elsewhere

    L_V = E[|τ - 1(δ < 0)| δ²]                                    (eq. 5)
    L_Q = E[Σ_k (r + γ (1 - t) V(s') - Q_k(s, a))²]               (eq. 6)

A step that a time limit cut is followed by V(s') like any other: the world did not end there.
(Uni-O4's released code takes such steps for terminal.)

Source: Kostrikov, Nair, Levine, Offline Reinforcement Learning with Implicit Q-Learning
(ICLR 2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from rltransfer.training.offline.critic import CriticStack
from rltransfer.training.offline.critic_fit import CriticLoss, FitCritic, discounts
from rltransfer.training.offline.samples import Batch, Samples

__all__ = ["FitIQL", "IQLLoss", "expectile_loss"]


@dataclass(frozen=True)
class IQLLoss:
    """L_Q and L_V.

    Attributes:
        gamma: γ of each problem, shape (G, 1).
        expectile: τ.
    """

    gamma: Tensor
    expectile: float

    def __call__(
        self, critic: CriticStack, target: CriticStack, batch: Batch
    ) -> tuple[Tensor, Tensor]:
        """Return L_Q and L_V, each of shape (G,)."""
        z, c, actions = batch.z, batch.c, batch.actions
        with torch.no_grad():
            best = target.q_min(z, c, actions)
            y = batch.rewards + self.gamma * batch.continues * critic.v(batch.next_z, c)
        loss_v = expectile_loss(best - critic.v(z, c), self.expectile).mean(dim=1)
        loss_q = (critic.q_each(z, c, actions) - y[:, None]).square().sum(dim=1).mean(dim=1)
        return loss_q, loss_v


def expectile_loss(delta: Tensor, expectile: float) -> Tensor:
    """Return |τ - 1(δ < 0)| δ², elementwise."""
    return torch.where(delta < 0, 1.0 - expectile, expectile) * delta.square()


@dataclass(frozen=True)
class FitIQL(FitCritic):
    """Fits a critic by implicit Q-learning.

    Attributes:
        expectile: τ. Uni-O4's is 0.7, and 0.9 where rewards are sparse; on a replay of Hopper
            0.8 served better.
    """

    expectile: float = 0.8

    @property
    def name(self) -> str:
        """A word for tables."""
        return "IQL critic"

    @property
    def kind(self) -> Literal["iql", "sarsa"]:
        """As the critic's spec says."""
        return "iql"

    def loss(self, samples: Samples) -> CriticLoss:
        """Return L_Q and L_V of these samples' problems."""
        return IQLLoss(discounts(samples), self.expectile)
