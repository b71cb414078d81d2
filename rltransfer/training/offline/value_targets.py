"""What a policy's value function is regressed on: a critic's V, or the returns in the data.

Notation
    T       transitions of a problem
    y       the target of V(s) for each transition, a plain discounted return, shape (T,)
    λ       trace: 0 trusts V after one step, 1 only where the data end
    G_t     λ-return: r + γ ((1 - λ) V(s') + λ G_{t+1})
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from rltransfer.data import Transitions
from rltransfer.training.head_start import HeadStart
from rltransfer.training.offline.critic import CriticStack
from rltransfer.training.offline.samples import ProblemData

__all__ = ["CriticValues", "Returns", "TargetMaker", "ValueTarget", "lambda_returns"]

Values = NDArray[np.float64]
TargetMaker = Callable[[Callable[[], Values]], Values]
"""Makes y, given what would compute V(s') of all transitions if it were called."""


class ValueTarget(Protocol):
    """How y comes from data and head start."""

    def of(self, part: ProblemData, start: HeadStart, stage: str) -> TargetMaker:
        """Return what makes y; `stage` is named if the head start lacks something."""


@dataclass(frozen=True)
class CriticValues:
    """y = V(s) of the critic that a stage before has fitted."""

    def of(self, part: ProblemData, start: HeadStart, stage: str) -> TargetMaker:
        """Return the same y whatever the policy's V is.

        Raises:
            InvalidExperiment: if there is no critic.
        """
        critic = start.need_critic(stage)
        z, c = critic.inputs(part.problem, part.data)
        with torch.no_grad():
            v = CriticStack.of([critic]).v(z, c)[0].numpy().astype(np.float64)
        return lambda _next_values: v * critic.spec.reward_scale


@dataclass(frozen=True)
class Returns:
    """y = G_t of the data.

    Attributes:
        trace: λ. At 1, y is the Monte-Carlo return, to which V(s') is added where an episode was
            truncated.
    """

    trace: float = 1.0

    def of(self, part: ProblemData, start: HeadStart, stage: str) -> TargetMaker:
        """Return what makes y of the policy's V as it is then."""
        return lambda next_values: lambda_returns(part.data, next_values(), part.gamma, self.trace)


def lambda_returns(data: Transitions, next_values: Values, gamma: float, trace: float) -> Values:
    """Return G_t, shape (T,); after a truncation follows V(s'), after a termination nothing.

    Args:
        data: T transitions.
        next_values: V(s') of each, shape (T,).
        gamma: γ.
        trace: λ.
    """
    found = np.empty(len(data))
    lengths = data.episode_lengths
    last = data.starts + lengths - 1
    future = np.where(data.terminated[last], 0.0, next_values[last])
    alive = np.arange(len(lengths))  # episodes that have a step `back` before their end
    for back in range(int(lengths.max())):
        alive = alive[lengths[alive] > back]
        rows = last[alive] - back
        found[rows] = data.rewards[rows] + gamma * future[alive]
        # Before an episode's first step lies another episode; its future is never asked for.
        future[alive] = (1.0 - trace) * next_values[rows - 1] + trace * found[rows]
    return found
