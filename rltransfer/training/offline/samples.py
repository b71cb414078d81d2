"""Recorded transitions as tensors to train on: standardised, scaled, in minibatches.

Notation
    G       problems that are trained side by side, each with data of its own
    N       transitions of all problems together
    B       rows of a minibatch, per problem
    z, z'   observations before and after a step, standardised as the policies see them
    c       the features that vary in a problem's data and that its policy does not see, on the
            unit cube; d of them
    r       rewards divided by the standard deviation of discounted returns in the data
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rltransfer.contexts import Context
from rltransfer.data import Transitions
from rltransfer.envs.wrappers import visible_units, with_context
from rltransfer.errors import InvalidDataset
from rltransfer.training.policy_spec import Normalization
from rltransfer.training.problem import TrainingProblem

__all__ = ["Batch", "ProblemData", "Samples"]

FEWEST = 64
"""Transitions that a stage learns from at least."""

CLIP = 10.0
EPSILON = 1e-8


@dataclass(frozen=True)
class Batch:
    """A minibatch of every problem; first dimension G, second B."""

    z: Tensor  # (G, B, o)
    actions: Tensor  # (G, B) int64, or (G, B, a) float32
    rewards: Tensor  # (G, B)
    next_z: Tensor  # (G, B, o)
    continues: Tensor  # (G, B): 0 where the step terminated, else 1
    c: Tensor  # (G, B, d)
    rows: Tensor  # (G, B) int64: which transitions these are


@dataclass(frozen=True)
class ProblemData:
    """What one problem has to learn from.

    Attributes:
        problem: what is to be learnt.
        data: the transitions.
        gamma: the discount.
        normalization: standardises the observations of the problem's policies.
        likelihood: how probable each transition is in a minibatch, shape (T,), summing to 1.
    """

    problem: TrainingProblem
    data: Transitions
    gamma: float
    normalization: Normalization
    likelihood: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        problem: TrainingProblem,
        data: Transitions,
        gamma: float,
        weights: NDArray[np.float64] | None = None,
    ) -> ProblemData:
        """Standardise by the data's own statistics.

        Args:
            problem: what is to be learnt.
            data: the transitions.
            gamma: the discount.
            weights: how much each transition counts, shape (T,); equally by default.

        Raises:
            InvalidDataset: if the data do not fit the problem's spaces, or are too few.
        """
        require_fit(problem, data)
        x = seen(problem, data.observations, data)
        stats = Normalization(
            mean=tuple(x.mean(axis=0, dtype=np.float64).tolist()),
            var=tuple(x.var(axis=0, dtype=np.float64).tolist()),
            count=float(len(x)),
            clip=CLIP,
            epsilon=EPSILON,
            return_var=float(max(data.discounted_returns(gamma).var(), 1e-6)),
        )
        weights = np.ones(len(data)) if weights is None else weights
        return cls(problem, data, gamma, stats, weights / weights.sum())

    @property
    def features(self) -> tuple[str, ...]:
        """The features that vary in the data and that the policy does not see."""
        contexts = (*self.data.contexts, *self.problem.contexts)
        names = self.problem.env.space.names
        varying = [n for n in names if len({context[n] for context in contexts}) > 1]
        return tuple(name for name in varying if name not in self.problem.observe)

    def units(self, contexts: Sequence[Context]) -> NDArray[np.float64]:
        """Return c of some contexts, shape (len(contexts), d)."""
        return visible_units(self.problem.env.space, contexts, self.features)

    @property
    def reward_scale(self) -> float:
        """What rewards are divided by."""
        assert self.normalization.return_var is not None
        return float(np.sqrt(self.normalization.return_var + EPSILON))


class Samples:
    """The transitions of G problems as tensors, and minibatches of them.

    Args:
        parts: one per problem; equal spaces, equal numbers of hidden features.
    """

    def __init__(self, parts: Sequence[ProblemData]) -> None:
        self.parts = tuple(parts)
        sizes = [len(part.data) for part in parts]
        self.offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        self.z = joined([standardised(p, p.data.observations) for p in parts])
        self.next_z = joined([standardised(p, p.data.next_observations) for p in parts])
        self.actions = joined([p.data.actions for p in parts])
        self.rewards = joined([(p.data.rewards / p.reward_scale).astype(np.float32) for p in parts])
        self.continues = joined([(~p.data.terminated).astype(np.float32) for p in parts])
        self.c = joined([p.units(p.data.contexts)[p.data.context_index] for p in parts]).float()
        self._cumulative = [np.cumsum(part.likelihood) for part in parts]

    @property
    def groups(self) -> int:
        """G."""
        return len(self.parts)

    @property
    def discrete(self) -> bool:
        """Whether actions are indices."""
        return self.actions.dim() == 1

    @property
    def action_size(self) -> int:
        """Numbers in an action, or how many actions there are."""
        problem = self.parts[0].problem
        space: Any = problem.env.spaces.action
        return int(space.n) if self.discrete else int(space.shape[0])

    def draw(self, size: int, rngs: Sequence[np.random.Generator]) -> Tensor:
        """Return rows of `size` transitions per problem, shape (G, size), with replacement.

        Args:
            size: B.
            rngs: a generator per problem, so that none depends on the others.
        """
        rows = [
            offset + np.minimum(np.searchsorted(cdf, rng.random(size)), len(cdf) - 1)
            for offset, cdf, rng in zip(self.offsets, self._cumulative, rngs, strict=True)
        ]
        return torch.from_numpy(np.stack(rows))

    def batch(self, rows: Tensor) -> Batch:
        """Return the transitions of these rows, shape (G, B)."""
        return Batch(
            z=self.z[rows],
            actions=self.actions[rows],
            rewards=self.rewards[rows],
            next_z=self.next_z[rows],
            continues=self.continues[rows],
            c=self.c[rows],
            rows=rows,
        )

    def own_context(self, batch: Batch) -> Tensor:
        """Return c of the problems' own contexts in place of the data's, shape (G, B, d).

        A problem of many contexts keeps those of the data.
        """
        own = [
            torch.from_numpy(part.units([x])).float().expand(batch.c.shape[1:])
            if (x := part.problem.context) is not None
            else batch.c[g]
            for g, part in enumerate(self.parts)
        ]
        return torch.stack(own)


def seen(
    problem: TrainingProblem, observations: NDArray[np.float32], data: Transitions
) -> NDArray[np.float32]:
    """Return observations with the features that the problem's policy sees at their end."""
    if not problem.observe:
        return observations
    units = visible_units(problem.env.space, data.contexts, problem.observe)
    return np.asarray(with_context(observations, units[data.context_index]), np.float32)


def standardised(part: ProblemData, observations: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return z, computed as a policy's own actor does."""
    from rltransfer.training.actor import standardiser

    x = seen(part.problem, observations, part.data)
    return np.asarray(standardiser(part.normalization)(x), np.float32)


def joined(arrays: Sequence[NDArray[np.generic]]) -> Tensor:
    """Return arrays one after another as one tensor."""
    return torch.from_numpy(np.concatenate(arrays))


def require_fit(problem: TrainingProblem, data: Transitions) -> None:
    """Refuse data of other spaces, and too few of them."""
    space, actions = problem.env.spaces
    size, given = space.shape[0], data.observations.shape[1]
    if size != given:
        raise InvalidDataset(
            f"the data have observations of {given} numbers, and {problem.label} gives {size}. "
            "Record data of this family."
        )
    shape = tuple(actions.shape or ())
    if data.actions.shape[1:] != shape:
        raise InvalidDataset(
            f"the data have actions of the shape {data.actions.shape[1:]}, and {problem.label} "
            f"takes {shape}. Record data of this family."
        )
    n = getattr(actions, "n", None)
    if n is not None and not 0 <= data.actions.min() <= data.actions.max() < n:
        raise InvalidDataset(
            f"the data have actions from {data.actions.min()} to {data.actions.max()}, and "
            f"{problem.label} takes 0 to {n - 1}."
        )
    if len(data) < FEWEST:
        raise InvalidDataset(
            f"{len(data)} transitions are too few to learn from; record at least {FEWEST}, and "
            "better 10,000."
        )
