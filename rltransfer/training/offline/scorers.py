"""How good policies are, as far as a model and a critic can tell without the environment.

Notation
    G, n    problems; policies of each
    E, S    members of each model; start states
    J       return in the model over H steps, not discounted
    w_t     the probability that a roll-out has not terminated before step t, nor left the range
            of the data
    V, Q    the critic's value functions, discounted, in the same units of scaled reward as J

References:
    Lei et al. 2024, Uni-O4, arXiv 2311.03351 (AM-Q), and its released code, which is what `AMQ`
    follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from rltransfer.training.offline.actors import ActorStack
from rltransfer.training.offline.dynamics_stack import DynamicsStack
from rltransfer.training.offline.rollouts import Rollouts, roll_out
from rltransfer.training.offline.starts import Starts

__all__ = ["AMQ", "CriticLike", "ModelReturn", "Scorer", "Scores", "SurvivalTime"]


class CriticLike(Protocol):
    """What scorers ask of the critics of G problems."""

    def q_min(self, z: Tensor, c: Tensor, actions: Tensor) -> Tensor:
        """Return the smaller Q(s, a), shape (G, B)."""

    def v(self, z: Tensor, c: Tensor) -> Tensor:
        """Return V(s), shape (G, B)."""


@dataclass(frozen=True)
class Scores:
    """Scores of n policies in each of G problems, taken apart for paired comparisons.

    Attributes:
        per_start: by world and start, shape (G, n, E, S); their mean is the score.
    """

    per_start: Tensor

    @property
    def values(self) -> Tensor:
        """The scores, shape (G, n)."""
        return self.per_start.mean(dim=(2, 3))

    def updated(self, accepted: Tensor, candidate: Scores) -> Scores:
        """Return these with the candidate's in place where `accepted`, bool (G, n), is true."""
        chosen = accepted[:, :, None, None]
        return Scores(torch.where(chosen, candidate.per_start, self.per_start))


class Scorer(Protocol):
    """Scores policies; higher is better."""

    def scores(
        self, actors: ActorStack, critic: CriticLike, dynamics: DynamicsStack, starts: Starts
    ) -> Scores:
        """Score K = G n policies.

        Args:
            actors: the policies, those of a problem one after another.
            critic: of the G problems.
            dynamics: of the G problems.
            starts: the same for all policies that are to be compared.
        """


@dataclass(frozen=True)
class ModelReturn:
    """The return that the model predicts, with the critic's value of where it stops.

    A start counts J + w_H V(s_H), J undiscounted and over whole episodes as far as possible:
    that is what policies are measured by. (A discounted return over 100 steps chose, on CartPole,
    policies that balance well and leave the track after 300.) From the mean over starts and
    members a share of the standard deviation over members is taken off: where they disagree, the
    data say little.

    Attributes:
        horizon: H at most; the family's, if that is shorter.
        pessimism: how many standard deviations over members are taken off.
    """

    horizon: int = 400
    pessimism: float = 0.5

    def scores(
        self, actors: ActorStack, critic: CriticLike, dynamics: DynamicsStack, starts: Starts
    ) -> Scores:
        """Score policies; see `Scorer.scores`."""
        horizon = min(self.horizon, dynamics.horizon)
        found = roll_out(actors, dynamics, starts, horizon, discount=1.0)
        outcomes = found.returns + found.survival * value_of_last(found, critic, starts)
        worlds = outcomes.mean(dim=3)  # (G, n, E)
        doubt = worlds.std(dim=2, correction=0)
        return Scores(outcomes - self.pessimism * doubt[:, :, None, None])


@dataclass(frozen=True)
class AMQ:
    """Uni-O4's score: the mean of min Q over all visited pairs, each counting w_t.

    Not a return: nothing is discounted, and an early end costs nothing. The released code draws
    other starts for every policy and a random member and noise at each step; here all policies
    share starts and worlds.

    Attributes:
        horizon: H; the paper's tasks use 1000 for locomotion.
    """

    horizon: int = 100

    def scores(
        self, actors: ActorStack, critic: CriticLike, dynamics: DynamicsStack, starts: Starts
    ) -> Scores:
        """Score policies; a start's share is its sum of min Q over the mean number of visits."""
        found = roll_out(actors, dynamics, starts, self.horizon, 1.0, tally=critic.q_min)
        visits = found.visits.mean(dim=(2, 3), keepdim=True)
        return Scores(found.tally / visits)


@dataclass(frozen=True)
class SurvivalTime:
    """Σ_{t < H} w_t, the expected steps before a termination or unknown states; asks no critic.

    Attributes:
        horizon: H.
    """

    horizon: int = 100

    def scores(
        self, actors: ActorStack, critic: CriticLike, dynamics: DynamicsStack, starts: Starts
    ) -> Scores:
        """Score policies; see `Scorer.scores`."""
        return Scores(roll_out(actors, dynamics, starts, self.horizon, 1.0).visits)


@torch.no_grad()
def value_of_last(found: Rollouts, critic: CriticLike, starts: Starts) -> Tensor:
    """Return V of the last states, shape (G, n, E, S)."""
    shape = found.survival.shape
    c = starts.c[:, None, None].expand(*shape, starts.c.shape[-1])
    return critic.v(found.z.flatten(1, 3), c.flatten(1, 3)).reshape(shape)
