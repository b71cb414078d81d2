"""Rows that each live one episode after another in a context of their own; arrays only.

Notation
    n    rows
    o    numbers in an observation, visible context features included
    a    numbers in an action
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from gymnasium.utils.seeding import np_random
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.envs.contextual import ContextualEnv
from rltransfer.envs.faults import (
    Fault,
    Place,
    at_step,
    failure,
    require_actions,
    require_finite,
    require_observations,
    require_transition,
)
from rltransfer.envs.simulators import Observations, Transition
from rltransfer.envs.starts import Starts
from rltransfer.envs.wrappers import visible_units, with_context

__all__ = ["EpisodeStep", "Episodes"]

ONE = np.array(1)
"""As an array, for NumPy converts a Python number in more time than it adds a short array."""


class EpisodeStep(NamedTuple):
    """What one step of all rows returns."""

    observations: Observations  # (n, o)
    rewards: NDArray[np.float64]  # (n,)
    terminated: NDArray[np.bool_]  # (n,) the task itself ended
    truncated: NDArray[np.bool_]  # (n,) the family's horizon or the environment's own was reached


class Episodes:
    """A batch of one family with what the batch leaves to others: time, contexts and generators.

    Each row draws its initial states from a generator of its own, as Gymnasium's environments do:
    seeded when `seed` says so, and otherwise anywhere.

    Attributes:
        env: the family.
        observe: the features at the end of each observation.
        contexts: the complete context of each row.
        returns, lengths: of the episodes under way, shape (n,) each.
        begun: how many episodes each row has begun, shape (n,).
        units: the visible features of each row, shape (n, d).
        starts: the initial states of the next episodes.
    """

    def __init__(
        self,
        env: ContextualEnv,
        contexts: Sequence[Mapping[str, float]],
        observe: Sequence[str] = (),
    ) -> None:
        self.env, self.observe = env, tuple(observe)
        self.contexts: list[Context] = [env.space.validate(context) for context in contexts]
        self.batch = env.batch(self.contexts)
        self.returns = np.zeros(len(self))
        self.lengths = np.zeros(len(self), dtype=np.int64)
        self.begun = np.zeros(len(self), dtype=np.int64)
        self._horizon = np.array(env.spec.horizon)
        self.units = visible_units(env.space, self.contexts, self.observe)
        self.starts = Starts(self.batch)

    def __len__(self) -> int:
        return len(self.contexts)

    def seed(self, row: int, seed: int) -> None:
        """Give a row the generator that a Gymnasium environment makes of this seed."""
        self.starts.seed(row, np_random(seed)[0])

    def set_contexts(self, rows: NDArray[np.intp], contexts: Sequence[Mapping[str, float]]) -> None:
        """Give some rows other contexts; `begin` their next episodes before stepping on.

        Raises:
            InvalidContext: if one is not a context of the family.
            SourceFailed: if the simulator cannot take one.
        """
        complete = [self.env.space.validate(context) for context in contexts]
        for row, context in zip(rows.tolist(), complete, strict=True):
            self.contexts[row] = context
        try:
            self.batch.assign(rows, complete)
        except Exception as error:
            raise self.failure(error) from error
        self.units[rows] = visible_units(self.env.space, complete, self.observe)

    def begin(self, rows: NDArray[np.intp]) -> Observations:
        """Begin an episode in some rows; return their observations, shape (len(rows), o).

        Raises:
            SourceFailed: if a row fails, or returns what is no observation.
        """
        self.returns[rows], self.lengths[rows] = 0.0, 0
        self.begun[rows] += ONE
        try:
            observations = self.batch.reset(rows, self.starts.take(rows))
            require_observations(observations, self.batch.observation_space, rows)
        except Exception as error:
            raise self.failure(error) from error
        return with_context(observations, self.units[rows])

    def step(self, actions: NDArray[Any]) -> EpisodeStep:
        """Step all rows; the caller begins the next episodes of those that ended.

        Args:
            actions: shape (n,) or (n, a), inside the action space.

        Raises:
            SourceFailed: if a row fails, returns what is no transition, or is given no action.
        """
        self.lengths += ONE
        try:
            require_actions(actions, self.batch.action_space, len(self.lengths))
            step = self.batch.step(actions)
            require_transition(step, self.batch.observation_space, len(self.lengths))
        except Exception as error:
            raise self.failure(error) from error
        self.returns += step.rewards
        observations = with_context(step.observations, self.units)
        truncated = self.lengths >= self._horizon
        if step.truncated is not None:
            truncated |= step.truncated
        return EpisodeStep(observations, step.rewards, step.terminated, truncated)

    def close(self) -> None:
        """Let go of what the batch holds, such as processes."""
        self.batch.keep(np.arange(0))

    def require_sound(self, actions: NDArray[Any], step: Transition) -> None:
        """Refuse a step of all rows that a loop of somebody else's has made.

        Raises:
            SourceFailed: if it is no transition, or was given no action.
        """
        self.lengths += ONE
        try:
            require_actions(actions, self.batch.action_space, len(self.lengths))
            require_transition(step, self.batch.observation_space, len(self.lengths))
        except Exception as error:
            raise self.failure(error) from error

    def require_firsts(self, observations: Observations) -> None:
        """Refuse what the rows' next k episodes begin with, (n, k, o), if it is not finite.

        Raises:
            SourceFailed: naming the row's context.
        """
        n, k, o = observations.shape
        try:
            rows = np.repeat(np.arange(n), k)
            require_finite("an observation", observations.reshape(n * k, o), rows=rows)
        except Fault as fault:
            raise failure(fault, self._to_come, n) from None

    def failure(self, error: Exception) -> Exception:
        """Return what to raise where the step or the reset under way has raised an error."""
        return failure(error, self._place, len(self))

    def _to_come(self, row: int) -> Place:
        return Place(self.env.spec.id, self.contexts[row], "at the reset of an episode to come")

    def _place(self, row: int) -> Place:
        moment = at_step(int(self.begun[row]), int(self.lengths[row]))
        return Place(self.env.spec.id, self.contexts[row], moment)
