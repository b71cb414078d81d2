"""Policies tried in a learned model: all policies, members and starts in one batch.

Notation
    G, n    problems; policies of each, so that a stack of actors holds K = G n
    E, S    members of a model, each a world of its own (TS∞); start states
    H       steps
    w_t     the probability that a roll-out has not terminated before step t (soft survival), nor
            left the range of the data
    u_t     the probability that it has left the range of the data before step t
    r̲       the worst reward, see `DynamicsSpec.worst`
    J       Σ_{t < H} γ^t (w_t r_t + u_t r̲), the return in the model

A roll-out that leaves the range of the data is lost: every further step pays the worst that the
data know of. A policy that improves on a model is drawn to the model's blind spots.

Every policy starts where the others do, in the same worlds, and both policies and worlds take
their most likely step. So nothing is random, and differences between policies are paired.

References:
    Chua et al. 2018, PETS, arXiv 1805.12114 (trajectory sampling, TS∞).
    Kidambi et al. 2020, MOReL, arXiv 2005.05951 (halting where the data say nothing).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from rltransfer.training.offline.actors import ActorStack
from rltransfer.training.offline.dynamics_stack import DynamicsStack, Step
from rltransfer.training.offline.starts import Starts

__all__ = ["Rollouts", "Tally", "roll_out"]


class Tally(Protocol):
    """What is summed over the visited pairs of state and action."""

    def __call__(self, z: Tensor, c: Tensor, actions: Tensor) -> Tensor:
        """Return a number per pair, shape (G, B).

        Args:
            z: shape (G, B, o).
            c: shape (G, B, d).
            actions: shape (G, B), or (G, B, a).
        """


@dataclass(frozen=True)
class Rollouts:
    """What H steps came to; all but `z` have the shape (G, n, E, S).

    Attributes:
        returns: J, in units of scaled reward.
        survival: w_H.
        visits: Σ_t w_t, the expected number of steps.
        tally: Σ_t w_t · tally(z_t, c, a_t); zeros if nothing was tallied.
        z: the last states, shape (G, n, E, S, o).
    """

    returns: Tensor
    survival: Tensor
    visits: Tensor
    tally: Tensor
    z: Tensor


@torch.no_grad()
def roll_out(
    actors: ActorStack,
    dynamics: DynamicsStack,
    starts: Starts,
    horizon: int,
    discount: float,
    tally: Tally | None = None,
) -> Rollouts:
    """Follow each policy from each start in each member for H steps.

    Args:
        actors: K = G n policies, those of a problem one after another.
        dynamics: the models of the G problems.
        starts: of the G problems.
        horizon: H.
        discount: γ.
        tally: summed on the way, at a price per step.
    """
    G, E, n = dynamics.groups, dynamics.members, actors.size // dynamics.groups
    S = starts.z.shape[1]
    z = starts.z[:, None, None].expand(G, n, E, S, -1)
    c = starts.c[:, None, None].expand(G, n, E, S, -1)
    returns, visits, total = (torch.zeros(G, n, E, S) for _ in range(3))
    worst = dynamics.worst[:, None, None, None]
    alive, lost, weight = torch.ones(G, n, E, S), torch.zeros(G, n, E, S), 1.0
    for _ in range(horizon):
        actions = act(actors, z)
        if tally is not None:
            total += alive * tallied(tally, z, c, actions)
        step = stepped(dynamics, z, c, actions)
        returns += weight * (alive * step.rewards + lost * worst)
        visits += alive
        alive = alive * (1.0 - step.terminated)
        lost = lost + alive * step.unknown
        z, alive, weight = step.next_z, alive * (1.0 - step.unknown), weight * discount
    return Rollouts(returns, alive, visits, total, z)


def act(actors: ActorStack, z: Tensor) -> Tensor:
    """Return the most likely actions, within bounds, shape (G, n, E, S) or (G, n, E, S, a)."""
    G, n, E, S, o = z.shape
    actions = actors.bounded(actors(z.reshape(G * n, E * S, o)).mode())
    return actions.reshape(G, n, E, S, *actions.shape[2:])


def stepped(dynamics: DynamicsStack, z: Tensor, c: Tensor, actions: Tensor) -> Step:
    """Return a step of all roll-outs; every shape begins with (G, n, E, S)."""
    G, n, E, S = z.shape[:4]
    by_member = (x.transpose(1, 2).flatten(2, 3) for x in (z, c, actions))
    step = dynamics.step(*by_member)
    return Step(*(x.reshape(G, E, n, S, *x.shape[3:]).transpose(1, 2) for x in step))


def tallied(tally: Tally, z: Tensor, c: Tensor, actions: Tensor) -> Tensor:
    """Return the tally of all roll-outs, shape (G, n, E, S)."""
    found = tally(z.flatten(1, 3), c.flatten(1, 3), actions.flatten(1, 3))
    return found.reshape(z.shape[:4])
