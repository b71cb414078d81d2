"""The state of an offline improvement while it goes on; `improvement` says what is done and why.

Notation
    G, n    problems; members of each problem's ensemble
    K       G n, all members
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from rltransfer.errors import InvalidExperiment
from rltransfer.training.head_start import HeadStart
from rltransfer.training.kept import Together, Tree
from rltransfer.training.offline.actors import ActorStack
from rltransfer.training.offline.critic import CriticStack
from rltransfer.training.offline.dynamics_stack import DynamicsStack
from rltransfer.training.offline.groups import gathered, grouped, spread
from rltransfer.training.offline.heads import Categorical
from rltransfer.training.offline.samples import Samples
from rltransfer.training.offline.scorers import Scorer, Scores
from rltransfer.training.offline.stack import StackAdam
from rltransfer.training.offline.starts import Starts
from rltransfer.training.offline.surrogate import exact_surrogate, sampled_surrogate
from rltransfer.training.policy import Policy
from rltransfer.training.torch_state import ModuleState, array_of

if TYPE_CHECKING:
    from rltransfer.training.offline.improvement import Improvement

__all__ = ["Improving"]

PROBE = 512
"""States in which the distance from the beginning is measured."""


class Improving:
    """The ensembles of G problems: where they began, what was accepted last, what they are now.

    Args:
        settings: of the stage.
        samples: the data of the problems.
        starts: members, critic and model of each problem.
        rngs: a generator per problem.

    Raises:
        InvalidExperiment: if something is missing, or if members standardise observations
            otherwise than the data.
    """

    def __init__(
        self,
        settings: Improvement,
        samples: Samples,
        starts: Sequence[HeadStart],
        rngs: Sequence[np.random.Generator],
    ) -> None:
        name = settings.name
        members = [start.need_members(name) for start in starts]
        require_units(samples, members)
        self._settings, self._samples = settings, samples
        self._n = require_equal_sizes(members)
        self._critic = CriticStack([start.need_critic(name) for start in starts])
        self._dynamics = DynamicsStack([start.need_dynamics(name) for start in starts])
        self._rngs = rngs
        self._starts = Starts.draw(samples.parts, settings.starts, self._rngs)
        self._now = ActorStack([policy for group in members for policy in group])
        self._began, self._old = copy.deepcopy(self._now), copy.deepcopy(self._now)
        self._probe = spread(samples.batch(samples.draw(PROBE, self._rngs)).z, self._n)
        self._adam = StackAdam(self._now.parameters(), settings.learning_rate, clip=0.5)
        self._parts = Together(
            now=ModuleState(self._now), old=ModuleState(self._old), adam=self._adam
        )
        self._first = self._best = self._scores(settings.scorer, self._now)
        self._accepted = torch.zeros(len(starts), self._n, dtype=torch.int64)
        self._history = [self._best.values.tolist()]

    # -- steps ---------------------------------------------------------------------------------

    def step(self, learning_rate: float) -> None:
        """Go one step up the surrogate of every member."""
        batch = self._samples.batch(self._samples.draw(self._settings.batch, self._rngs))
        z, c = spread(batch.z, self._n), self._samples.own_context(batch)
        head = self._now(z)
        with torch.no_grad():
            old = self._old(z)
        clip = self._settings.clip_range
        if isinstance(head, Categorical):
            with torch.no_grad():
                advantages = spread(self._critic.advantages(batch.z, c), self._n)
            gain = exact_surrogate(head, old, advantages, clip)
        else:
            actions = old.mean + old.log_std.exp() * self._noise(old.mean.shape)
            advantages = self._advantages(batch.z, c, self._now.bounded(actions))
            gain = sampled_surrogate(head, old, actions, advantages, clip)
        self._adam.set_learning_rate(learning_rate)
        self._adam.step(-gain.sum())
        self._now.keep_log_std_above_floor()

    def _noise(self, shape: torch.Size) -> Tensor:
        """Return standard normal numbers, each problem's from its own generator, (K, B, a)."""
        size = (self._n, *shape[1:])
        drawn = [rng.standard_normal(size, dtype=np.float32) for rng in self._rngs]
        return torch.from_numpy(np.concatenate(drawn))

    @torch.no_grad()
    def _advantages(self, z: Tensor, c: Tensor, actions: Tensor) -> Tensor:
        """Return A(s, a) for each member's own actions in the same states, shape (K, B)."""
        z, c = (gathered(spread(x, self._n), self._n) for x in (z, c))
        found: Tensor = self._critic.advantage(z, c, gathered(actions, self._n))
        return found.reshape(len(actions), -1)

    # -- checks --------------------------------------------------------------------------------

    def check(self) -> None:
        """Score all members; accept those that are better, send back those out of budget."""
        scores = self._scores(self._settings.scorer, self._now)
        distance = self._distance(self._now)
        budget = math.inf if self._settings.kl_budget is None else self._settings.kl_budget
        within = distance <= budget
        accepted = within & (self._better(scores) | self._believed(scores, distance))
        self._best = self._best.updated(accepted, scores)
        self._accepted += accepted
        copy_members(self._now, self._old, accepted.flatten())
        copy_members(self._old, self._now, ~within.flatten())
        self._history.append(self._best.values.tolist())

    def _better(self, scores: Scores) -> Tensor:
        """Say which members the gate finds better than what was accepted last, (G, n)."""
        return self._settings.gate.decide(self._best, scores)

    def _believed(self, scores: Scores, distance: Tensor) -> Tensor:
        """Say which members are near where they began, and meet no objection, (G, n)."""
        near = (distance <= self._settings.trust) & (scores.values >= self._first.values)
        return near & self._settings.objection.decide(self._best, scores)

    @torch.no_grad()
    def _scores(self, scorer: Scorer, actors: ActorStack) -> Scores:
        return scorer.scores(actors, self._critic, self._dynamics, self._starts)

    @torch.no_grad()
    def _distance(self, actors: ActorStack) -> Tensor:
        """Return KL(π_i ‖ π_i at the beginning) per number of an action, shape (G, n)."""
        kl: Tensor = actors(self._probe).kl(self._began(self._probe)).mean(dim=1)
        return kl.reshape(-1, self._n) / (1 if actors.discrete else self._samples.action_size)

    # -- see `kept.Kept` -----------------------------------------------------------------------

    def state(self) -> Tree:
        """Return the members as they are and as they were accepted, and what was found so far."""
        return {
            "members": self._parts.state(),
            "best": array_of(self._best.per_start),
            "accepted": array_of(self._accepted),
            "history": list(self._history),
        }

    def restore(self, state: Tree) -> None:
        """Become as it was."""
        self._parts.restore(state["members"])
        self._best = Scores(torch.tensor(state["best"]))
        self._accepted = torch.tensor(state["accepted"])
        self._history = list(state["history"])

    # -- the end -------------------------------------------------------------------------------

    def members(self) -> list[tuple[Policy, ...]]:
        """Return the accepted members of each problem."""
        return grouped(self._old.policies(), self._n)

    def scored(self, scorer: Scorer) -> list[list[float]]:
        """Return what any scorer says of the accepted members of each problem."""
        scores: list[list[float]] = self._scores(scorer, self._old).values.tolist()
        return scores

    def choice(self) -> list[int]:
        """Return which member of each problem is chosen.

        The one that scores best, if it is better than the first beyond doubt; else the first:
        where members are inherited, that is the policy that was measured to do best here.
        """
        best = self._best.values.argmax(dim=1)
        champion = self._best.per_start[torch.arange(len(best)), best][:, None]
        first = self._best.per_start[:, :1]
        beaten = self._settings.gate.decide(Scores(first), Scores(champion))[:, 0]
        chosen: list[int] = torch.where(beaten, best, 0).tolist()
        return chosen

    def findings(self, chosen: Sequence[int]) -> list[dict[str, Any]]:
        """Return what the report says of each problem."""
        scorers = (self._settings.scorer, *self._settings.witnesses)
        after = {type(scorer).__name__: self.scored(scorer) for scorer in scorers}
        distance = self._distance(self._old).tolist()
        return [
            {
                "checks": len(self._history) - 1,
                "accepted": self._accepted[g].tolist(),
                "scores": {name: rounded(values[g]) for name, values in after.items()},
                "score before": rounded(self._first.values[g].tolist()),
                "history": [rounded(row[g]) for row in self._history],
                "KL": rounded(distance[g]),
                "chosen": chosen[g],
            }
            for g in range(len(chosen))
        ]


def copy_members(source: ActorStack, target: ActorStack, which: Tensor) -> None:
    """Overwrite some members of one stack, bool (K,), with those of another."""
    with torch.no_grad():
        for given, own in zip(source.parameters(), target.parameters(), strict=True):
            own[which] = given[which]


def require_units(samples: Samples, members: Sequence[tuple[Policy, ...]]) -> None:
    """Refuse members that see observations otherwise than the critic and the model do."""
    for part, group in zip(samples.parts, members, strict=True):
        for policy in group:
            stats, own = policy.spec.normalization, part.normalization
            if stats is None or (stats.mean, stats.var) != (own.mean, own.var):
                raise InvalidExperiment(
                    f"{policy!r} standardises observations otherwise than the data do; put a "
                    "cloning stage, or an inheriting stage, before the offline improvement."
                )


def require_equal_sizes(members: Sequence[tuple[Policy, ...]]) -> int:
    """Return n; refuse problems whose ensembles differ in size."""
    sizes = sorted({len(group) for group in members})
    if len(sizes) > 1:
        raise InvalidExperiment(
            f"problems that are improved side by side need ensembles of one size; got {sizes}."
        )
    return sizes[0]


def rounded(values: Sequence[float]) -> list[float]:
    """Return numbers that read well."""
    return [round(value, 4) for value in values]
