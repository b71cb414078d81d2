"""Worlds side by side: each in a process of its own, stepped at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.envs.faults import Fault, require_observation, require_outcome
from rltransfer.envs.simulators.base import ContextBatch, Observations, Transition
from rltransfer.envs.simulators.sumo.env import SEED_HIGH
from rltransfer.envs.simulators.sumo.member import Member
from rltransfer.envs.simulators.sumo.world import Spaces

__all__ = ["ProcessBatch"]


class ProcessBatch(ContextBatch):
    """n members, a context and a process each: all are asked, then all answers are taken.

    The state that a reset takes is the seed of the episode, one number per member, which is what
    `SumoEnv` draws from its generator. A member that has ended stays as it is, with reward 0,
    until it is reset.

    Args:
        contexts: n complete contexts.
        member: makes a member; called n times.
        spaces: of every member.
    """

    def __init__(
        self, contexts: Sequence[Context], member: Callable[[], Member], spaces: Spaces
    ) -> None:
        self.observation_space, self.action_space = spaces
        self._contexts = list(contexts)
        self._members = [member() for _ in contexts]
        shape = (len(self), *spaces.observation.shape)
        self._seen = np.zeros(shape, dtype=spaces.observation.dtype)
        self._terminated = np.zeros(len(self), dtype=np.bool_)
        self._truncated = np.zeros(len(self), dtype=np.bool_)

    _seen: Observations  # (n, o), the last ones

    def __len__(self) -> int:
        return len(self._members)

    def assign(self, rows: NDArray[np.intp], contexts: Sequence[Context]) -> None:
        """Give some members new contexts, from their next reset on."""
        for row, context in zip(rows.tolist(), contexts, strict=True):
            self._contexts[row] = context

    def initial_states(self, rng: np.random.Generator, episodes: int) -> NDArray[np.float64]:
        """Draw the seeds of successive episodes, shape (episodes, 1)."""
        seeds = [rng.integers(SEED_HIGH) for _ in range(episodes)]
        return np.array(seeds, dtype=np.float64)[:, None]

    def reset(self, rows: NDArray[np.intp], states: NDArray[np.float64]) -> Observations:
        """Begin the episodes of the given seeds in `rows`, all at the same time.

        Raises:
            Fault: naming the row that returned something else than its space says.
        """
        numbers, row = rows.tolist(), 0
        for row, seed in zip(numbers, states[:, 0].tolist(), strict=True):
            self._members[row].post_reset(self._contexts[row], int(seed))
        try:
            for row in numbers:
                seen, _ = self._members[row].answer()
                require_observation(seen, self.observation_space)
                self._seen[row] = seen
        except Exception as error:
            raise Fault.of(error, row) from error
        self._terminated[rows] = self._truncated[rows] = False
        return self._seen[rows]

    def step(self, actions: NDArray[Any]) -> Transition:
        """Step the members that have not ended, all at the same time.

        Raises:
            Fault: naming the row whose world returned what is no transition.
        """
        rewards, row = np.zeros(len(self)), 0
        live = np.flatnonzero(~(self._terminated | self._truncated)).tolist()
        for row in live:
            self._members[row].post_step(actions[row])
        try:
            for row in live:
                outcome, _ = self._members[row].answer()
                require_outcome(self.observation_space, *outcome)
                self._seen[row], rewards[row] = outcome.observation, outcome.reward
                self._terminated[row], self._truncated[row] = outcome.terminated, outcome.truncated
        except Exception as error:
            raise Fault.of(error, row) from error
        ends = self._terminated.copy(), self._truncated.copy()
        return Transition(self._seen.copy(), rewards, *ends)

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Drop all members but `rows`; some of their processes are kept for other batches."""
        kept = rows.tolist()
        for row in set(range(len(self))).difference(kept):
            self._members[row].release()
        self._members = [self._members[row] for row in kept]
        self._contexts = [self._contexts[row] for row in kept]
        self._seen = self._seen[rows]
        self._terminated, self._truncated = self._terminated[rows], self._truncated[rows]
