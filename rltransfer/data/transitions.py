"""Transitions of one family, episode after episode, each in a context.

Notation
    T        transitions
    o, a     numbers in an observation (without visible context features) and in an action
    s, s'    observation before and after a step
    R_t      discounted return from step t: Σ_{i ≥ t} γ^(i - t) r_i within the episode
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.errors import InvalidDataset

__all__ = ["Transitions"]


@dataclass(frozen=True, eq=False)
class Transitions:
    """Steps in the order in which they happened, the episodes one after another.

    An episode ends where `terminated` or `truncated` is true. Where it was truncated, by a time
    limit or because the recording stopped, `next_observations` still holds what came next, so
    that a value function can be bootstrapped from it.

    Attributes:
        observations, next_observations: s and s', shape (T, o), float32.
        actions: shape (T,), int64, for discrete actions; (T, a), float32, otherwise.
        rewards: shape (T,), float32.
        terminated, truncated: shape (T,), bool.
        context_index: position in `contexts` of the context that each step happened in, (T,).
        contexts: complete contexts, at least one.

    Raises:
        InvalidDataset: if there is no transition, if shapes differ, if something is not finite,
            if the last step does not end its episode, or if an episode has two contexts.
    """

    observations: NDArray[np.float32]
    actions: NDArray[Any]
    rewards: NDArray[np.float32]
    next_observations: NDArray[np.float32]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    context_index: NDArray[np.int32]
    contexts: tuple[Context, ...]

    def __post_init__(self) -> None:
        T = len(self.rewards)
        if T == 0:
            raise InvalidDataset("the data hold no transition; record some first.")
        for name in COLUMNS:
            if len(getattr(self, name)) != T:
                raise InvalidDataset(
                    f"there are {T} rewards but {len(getattr(self, name))} {name}."
                )
        if self.observations.shape != self.next_observations.shape:
            raise InvalidDataset(
                f"observations have the shape {self.observations.shape}, but next_observations "
                f"{self.next_observations.shape}."
            )
        for name in ("observations", "actions", "rewards", "next_observations"):
            require_finite(name, getattr(self, name))
        if not self.ends[-1]:
            raise InvalidDataset(
                "the last episode has no end: its last step is neither terminated nor truncated. "
                "Mark where the recording stopped as truncated."
            )
        if self.context_index.max() >= len(self.contexts) or self.context_index.min() < 0:
            raise InvalidDataset(
                f"context_index must name one of {len(self.contexts)} contexts; got "
                f"{self.context_index.min()} to {self.context_index.max()}."
            )

        if (np.diff(self.context_index) != 0)[~self.ends[:-1]].any():
            raise InvalidDataset("a context changed within an episode; it may at its end only.")

    def __len__(self) -> int:
        return len(self.rewards)

    def __repr__(self) -> str:
        return (
            f"<Transitions {len(self):,} steps, {len(self.episode_returns):,} episodes, "
            f"{len(self.contexts)} contexts>"
        )

    # -- episodes ------------------------------------------------------------------------------

    @property
    def ends(self) -> NDArray[np.bool_]:
        """Whether each step is the last of its episode, shape (T,)."""
        return np.asarray(self.terminated | self.truncated)

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """The first step of each episode, shape (episodes,)."""
        return np.concatenate([[0], np.flatnonzero(self.ends)[:-1] + 1]).astype(np.intp)

    @cached_property
    def episode_returns(self) -> NDArray[np.float64]:
        """The undiscounted return of each episode, cut ones included, shape (episodes,)."""
        return np.asarray(np.add.reduceat(self.rewards.astype(np.float64), self.starts))

    @cached_property
    def episode_lengths(self) -> NDArray[np.int64]:
        """The steps of each episode, shape (episodes,)."""
        return np.diff([*self.starts.tolist(), len(self)]).astype(np.int64)

    def discounted_returns(self, gamma: float) -> NDArray[np.float64]:
        """Return R_t, shape (T,); nothing is added for what follows a truncation."""
        found = np.empty(len(self))
        lengths = self.episode_lengths
        alive = np.arange(len(lengths))  # episodes that have a step `back` before their end
        future = np.zeros(len(lengths))
        last = self.starts + lengths - 1
        rewards = self.rewards.astype(np.float64)
        for back in range(int(lengths.max())):
            alive = alive[lengths[alive] > back]
            rows = last[alive] - back
            future[alive] = rewards[rows] + gamma * future[alive]
            found[rows] = future[alive]
        return found

    # -- parts and sums ------------------------------------------------------------------------

    def only(self, contexts: Sequence[Context]) -> Transitions:
        """Return the steps that happened in some of the contexts.

        Raises:
            InvalidDataset: if there is none.
        """
        wanted = [i for i, context in enumerate(self.contexts) if context in contexts]
        return self.episodes(np.isin(self.context_index[self.starts], wanted))

    def episodes(self, chosen: NDArray[np.bool_]) -> Transitions:
        """Return the episodes for which `chosen`, shape (episodes,), is true.

        Raises:
            InvalidDataset: if none is chosen.
        """
        rows = np.repeat(chosen, self.episode_lengths)
        kept = np.unique(self.context_index[rows])
        place = np.zeros(len(self.contexts), dtype=np.int32)
        place[kept] = np.arange(len(kept))
        return Transitions(
            self.observations[rows],
            self.actions[rows],
            self.rewards[rows],
            self.next_observations[rows],
            self.terminated[rows],
            self.truncated[rows],
            place[self.context_index[rows]],
            tuple(self.contexts[i] for i in kept),
        )

    @staticmethod
    def joined(parts: Sequence[Transitions]) -> Transitions:
        """Return all steps of some recordings, one after another.

        Raises:
            InvalidDataset: if there is no part, or if two differ in the shape of a step.
        """
        if not parts:
            raise InvalidDataset("there is nothing to join: no data were given.")
        for part in parts[1:]:
            for name in ("observations", "actions"):
                first, other = getattr(parts[0], name), getattr(part, name)
                if first.shape[1:] != other.shape[1:]:
                    raise InvalidDataset(
                        f"data of different families cannot be joined: {name} have the shapes "
                        f"{first.shape[1:]} and {other.shape[1:]}."
                    )
        contexts = tuple(dict.fromkeys(x for part in parts for x in part.contexts))
        place = {context: i for i, context in enumerate(contexts)}
        index = [np.array([place[x] for x in p.contexts])[p.context_index] for p in parts]
        return Transitions(
            np.concatenate([part.observations for part in parts]),
            np.concatenate([part.actions for part in parts]),
            np.concatenate([part.rewards for part in parts]),
            np.concatenate([part.next_observations for part in parts]),
            np.concatenate([part.terminated for part in parts]),
            np.concatenate([part.truncated for part in parts]),
            np.concatenate(index).astype(np.int32),
            contexts,
        )


COLUMNS = (
    "observations",
    "actions",
    "next_observations",
    "terminated",
    "truncated",
    "context_index",
)
"""The arrays that must be as long as the rewards."""


def require_finite(name: str, values: NDArray[Any]) -> None:
    """Refuse NaN and infinity, naming the step."""
    bad = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if bad.any():
        step = int(np.flatnonzero(bad)[0])
        raise InvalidDataset(
            f"{name} of transition {step} are not finite: {np.ravel(values[step]).tolist()}. "
            "Remove the episode, or record it again."
        )
