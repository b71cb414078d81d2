"""The behaviour's own value: V from the returns in the data, Q from one step and the next action.

Notation
    R_t     discounted return from step t to the last step e of its episode
    k       steps from t to the end, e - t + 1
    cut     1 where the episode was truncated, 0 where it terminated

    L_V = E[(R_t + cut γ^k V(s'_e) - V(s_t))²]
    L_Q = E[Σ_k (r + γ (1 - terminated) Q̄(s', a') - Q_k(s, a))²]

A truncated episode's return lacks what would have come after its end: V of the last observation
stands for it. Leaving such steps out instead would leave nothing where all episodes are cut soon,
as Pendulum's are. The last step of a truncated episode has no next action; there V(s') takes the
place of Q̄(s', a').

Source: Zhuang et al., Behavior Proximal Policy Optimization (ICLR 2023), whose code this is the
critic of; Uni-O4 uses it for two of its tasks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from rltransfer.training.offline.critic import CriticStack
from rltransfer.training.offline.critic_fit import CriticLoss, FitCritic, discounts
from rltransfer.training.offline.samples import Batch, ProblemData, Samples

__all__ = ["FitSarsa", "SarsaLoss"]


class SarsaLoss:
    """L_Q and L_V of the problems of some samples.

    Args:
        samples: what minibatches are drawn from.
    """

    def __init__(self, samples: Samples) -> None:
        tails = [tail_of(part) for part in samples.parts]
        offsets = samples.offsets.tolist()
        self._samples, self._gamma = samples, discounts(samples)
        self._returns = torch.from_numpy(np.concatenate([tail.returns for tail in tails]))
        self._weight = torch.from_numpy(np.concatenate([tail.weight for tail in tails]))
        self._last = torch.from_numpy(
            np.concatenate([tail.last + at for tail, at in zip(tails, offsets, strict=True)])
        )

    def __call__(
        self, critic: CriticStack, target: CriticStack, batch: Batch
    ) -> tuple[Tensor, Tensor]:
        """Return L_Q and L_V, each of shape (G,)."""
        z, c, rows = batch.z, batch.c, batch.rows
        with torch.no_grad():
            future = self.after(critic, target, batch)
            y = batch.rewards + self._gamma * batch.continues * future
            beyond = critic.v(self._samples.next_z[self._last[rows]], c)
            returns = self._returns[rows] + self._weight[rows] * beyond
        loss_v = (returns - critic.v(z, c)).square().mean(dim=1)
        each = critic.q_each(z, c, batch.actions)
        return (each - y[:, None]).square().sum(dim=1).mean(dim=1), loss_v

    def after(self, critic: CriticStack, target: CriticStack, batch: Batch) -> Tensor:
        """Return Q̄(s', a'), or V(s') where the data have no a', shape (G, B)."""
        rows, last = batch.rows, self._last[batch.rows]
        following = torch.minimum(rows + 1, last)
        q = target.q_min(batch.next_z, batch.c, self._samples.actions[following])
        return torch.where(rows == last, critic.v(batch.next_z, batch.c), q)


@dataclass(frozen=True)
class Tail:
    """What follows each step of some data until its episode ends, shape (T,) each.

    Attributes:
        returns: R_t in the critic's unit.
        weight: cut γ^k.
        last: e.
    """

    returns: np.ndarray[tuple[int], np.dtype[np.float32]]
    weight: np.ndarray[tuple[int], np.dtype[np.float32]]
    last: np.ndarray[tuple[int], np.dtype[np.int64]]


def tail_of(part: ProblemData) -> Tail:
    """Return what follows each step of a problem's data."""
    data = part.data
    lengths = data.episode_lengths
    last = np.repeat(data.starts + lengths - 1, lengths).astype(np.int64)
    k = last - np.arange(len(data)) + 1
    weight = np.where(data.terminated[last], 0.0, part.gamma**k)
    returns = data.discounted_returns(part.gamma) / part.reward_scale
    return Tail(returns.astype(np.float32), weight.astype(np.float32), last)


@dataclass(frozen=True)
class FitSarsa(FitCritic):
    """Fits a critic of the behaviour itself; one Q-function, as in the source."""

    q_count: int = 1

    @property
    def name(self) -> str:
        """A word for tables."""
        return "SARSA critic"

    @property
    def kind(self) -> Literal["iql", "sarsa"]:
        """As the critic's spec says."""
        return "sarsa"

    def loss(self, samples: Samples) -> CriticLoss:
        """Return L_Q and L_V of these samples' problems."""
        return SarsaLoss(samples)
