"""Cloning an ensemble: all members as one batched module, against a loop over members.

The loop is what one writes in torch: a module and an Adam for each member, one after the other in
each step. Both sides fit the same data with the same minibatch size, networks and steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial

import numpy as np
import torch
from harness.case import AtLeast, Case, Work
from torch import nn

import rltransfer
from rltransfer.data import Transitions, UniformRandom, collect
from rltransfer.training import HeadStart, SilentMonitor, TrainingProblem
from rltransfer.training.offline.cloning import Cloning
from rltransfer.training.policy_spec import NetworkSpec

__all__ = ["CASES"]

FAMILY, TRANSITIONS, LEARNING_RATE, LARGEST_NORM = "cartpole", 10_000, 1e-3, 1.0

LOOP, ALONE, OURS = "loop over torch modules", "ours, one member after another", "ours"


@cache
def data() -> tuple[TrainingProblem, Transitions]:
    """Return what is to be cloned."""
    env = rltransfer.make(FAMILY)
    problem = TrainingProblem(env, [env.space.default])
    return problem, collect(env, problem.contexts, UniformRandom.of(env), TRANSITIONS, 0)


def stage(width: int, members: int, steps: int, batch: int) -> Cloning:
    """Return our stage."""
    hidden = (width, width)
    network = NetworkSpec(actor=hidden, critic=hidden, activation="tanh")
    return Cloning(network, members=members, steps=steps, batch=batch, learning_rate=LEARNING_RATE)


def clone(stage: Cloning) -> None:
    """Run a stage."""
    problem, transitions = data()
    stage.run(problem, HeadStart(data=transitions), np.random.SeedSequence(0), SilentMonitor())


@contextmanager
def ours(width: int, members: int, steps: int, batch: int) -> Iterator[Work]:
    """Yield the batched ensemble."""

    def work() -> float:
        clone(stage(width, members, steps, batch))
        return float(steps)

    yield work


@contextmanager
def alone(width: int, members: int, steps: int, batch: int) -> Iterator[Work]:
    """Yield ours with one member, as often as there are members."""

    def work() -> float:
        for _ in range(members):
            clone(stage(width, 1, steps, batch))
        return float(steps)

    yield work


def member(width: int) -> nn.Sequential:
    """Return a policy's network."""
    hidden = [nn.Linear(4, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh()]
    return nn.Sequential(*hidden, nn.Linear(width, 2))


@contextmanager
def loop(width: int, members: int, steps: int, batch: int) -> Iterator[Work]:
    """Yield the loop over members."""
    _, transitions = data()
    s = torch.as_tensor(transitions.observations, dtype=torch.float32)
    a = torch.as_tensor(transitions.actions, dtype=torch.int64)
    actors = [member(width) for _ in range(members)]
    adams = [torch.optim.Adam(actor.parameters(), lr=LEARNING_RATE) for actor in actors]

    def work() -> float:
        for _ in range(steps):
            for actor, adam in zip(actors, adams, strict=True):
                rows = torch.randint(len(s), (batch,))
                adam.zero_grad()
                nn.functional.cross_entropy(actor(s[rows]), a[rows]).backward()
                nn.utils.clip_grad_norm_(actor.parameters(), LARGEST_NORM)
                adam.step()
        return float(steps)

    yield work


def case(width: int, members: int, times: float, steps: int, batch: int) -> Case:
    """Return the case of a width and a number of members."""
    given = (width, members, steps, batch)
    return Case(
        name=f"cloning-{width}-{members}",
        title=f"Cloning {members} members, width {width}, batch {batch}",
        unit="step",
        contenders={
            LOOP: partial(loop, *given),
            ALONE: partial(alone, *given),
            OURS: partial(ours, *given),
        },
        bars=(AtLeast(OURS, LOOP, times),),
    )


CASES = (
    case(64, 4, 3.0, steps=300, batch=64),
    case(64, 7, 3.0, steps=300, batch=64),
    case(256, 4, 1.2, steps=60, batch=256),
    case(256, 7, 1.2, steps=60, batch=256),
)
