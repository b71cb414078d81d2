"""Whom to record in one context, and the reference returns there.

A return of 0 is that of uniform random actions, a return of 100 that of the best checkpoint acting
deterministically, both over the same starts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.data import Behaviour, UniformRandom
from rltransfer.data.info import ReferenceReturns
from rltransfer.errors import SourceFailed
from rltransfer.evaluation import Actor, evaluate
from rltransfer.experiment.datasets.checkpoints import (
    Checkpoint,
    Checkpoints,
    Told,
    episodes_per_look,
    train,
)
from rltransfer.experiment.datasets.plan import DatasetPlan
from rltransfer.seeding import derive_seed
from rltransfer.training.behaviour import PolicyBehaviour
from rltransfer.training.policy import Policy

__all__ = ["Guides", "given", "trained"]

REFERENCE_EPISODES = 100
"""Most episodes behind a reference return: fewer if they took more steps than the training."""


@dataclass(frozen=True)
class Guides:
    """Whom to record in one context.

    Attributes:
        medium, expert: the policies.
        checkpoints: of the training; None where a policy was given.
        reference: the returns that count as 0 and 100; None where no expert is known.
    """

    medium: Checkpoint
    expert: Checkpoint
    checkpoints: Checkpoints | None
    reference: ReferenceReturns | None


def trained(plan: DatasetPlan, context: Context, told: Told) -> Guides:
    """Train in a context; choose medium and expert."""
    recorded = plan.quality.endswith("replay")
    checkpoints = train(plan.env, context, plan.settings, plan.seed, told, recorded=recorded)
    random = random_return(plan, context)
    played = [played_return(plan, context, who.policy) for who in checkpoints.until_best]
    medium = measured(plan, context, checkpoints.medium(random, played))
    expert = measured(plan, context, checkpoints.best)
    return Guides(medium, expert, checkpoints, reference_of(plan, random, expert.score))


def given(plan: DatasetPlan, context: Context) -> Guides:
    """Take the plan's policy for what its quality says; only as an expert it sets a reference."""
    assert plan.policy is not None
    random = random_return(plan, context)
    steps = plan.policy.spec.provenance.get("steps", "0")
    known = Checkpoint(int(steps) if steps.isdigit() else 0, plan.policy, np.nan)
    who = measured(plan, context, known)
    reference = reference_of(plan, random, who.score) if plan.quality == "expert" else None
    return Guides(who, who, None, reference)


def measured(plan: DatasetPlan, context: Context, who: Checkpoint) -> Checkpoint:
    """Return a checkpoint with its mean return over the reference episodes."""
    return replace(who, score=reference_return(plan, context, who.policy))


class Acting:
    """A behaviour that draws from a generator of its own, for an evaluation."""

    def __init__(self, behaviour: Behaviour, seed: int) -> None:
        self.observe = behaviour.observe
        self._behaviour, self._rng = behaviour, np.random.default_rng(seed)

    def act(self, observations: NDArray[Any]) -> NDArray[Any]:
        """Return actions, shape (n,) or (n, a), for observations of shape (n, o)."""
        return self._behaviour.sample(observations, self._rng)


def random_return(plan: DatasetPlan, context: Context) -> float:
    """Return the mean return of uniform random actions over the reference episodes."""
    seed = derive_seed(plan.seed, "random actions", context)
    return reference_return(plan, context, Acting(UniformRandom.of(plan.env), seed))


def played_return(plan: DatasetPlan, context: Context, policy: Policy) -> float:
    """Return the mean return of a policy that acts as it is recorded, over a few episodes."""
    actor = Acting(PolicyBehaviour(policy), derive_seed(plan.seed, "played actions", context))
    episodes = episodes_per_look(plan.env, plan.settings.steps)
    seed = derive_seed(plan.seed, "played", context)
    return float(evaluate(actor, plan.env, [context], episodes, seed).returns.mean())


def reference_return(plan: DatasetPlan, context: Context, actor: Actor) -> float:
    """Return an actor's mean return over the reference episodes."""
    seed = derive_seed(plan.seed, "reference", context)
    found = evaluate(actor, plan.env, [context], reference_episodes(plan), seed)
    return float(found.returns.mean())


def reference_episodes(plan: DatasetPlan) -> int:
    """Return how many episodes a reference return is a mean of."""
    return max(1, min(REFERENCE_EPISODES, plan.settings.steps // plan.env.spec.horizon))


def reference_of(plan: DatasetPlan, random: float, expert: float) -> ReferenceReturns:
    """Return the reference returns, or say that the expert is none."""
    if expert <= random:
        raise SourceFailed(
            f"the expert's mean return, {expert:.4g}, is not above that of uniform random "
            f"actions, {random:.4g}. Train longer with --train-steps."
        )
    return ReferenceReturns(random=random, expert=expert, episodes=reference_episodes(plan))
