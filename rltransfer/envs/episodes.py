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
from rltransfer.envs.simulators import ContextBatch, Observations
from rltransfer.envs.wrappers import visible_units, with_context
from rltransfer.errors import SourceFailed

__all__ = ["EpisodeStep", "Episodes"]

AHEAD = 16
"""How many initial states are drawn at once."""

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
        """
        complete = [self.env.space.validate(context) for context in contexts]
        for row, context in zip(rows.tolist(), complete, strict=True):
            self.contexts[row] = context
        self.batch.assign(rows, complete)
        self.units[rows] = visible_units(self.env.space, complete, self.observe)

    def begin(self, rows: NDArray[np.intp]) -> Observations:
        """Begin an episode in some rows; return their observations, shape (len(rows), o).

        Raises:
            SourceFailed: if an observation is not finite.
        """
        self.returns[rows], self.lengths[rows] = 0.0, 0
        observations = self.batch.reset(rows, self.starts.take(rows))
        self._require_finite("observation", observations, rows)
        return with_context(observations, self.units[rows])

    def step(self, actions: NDArray[Any]) -> EpisodeStep:
        """Step all rows; the caller begins the next episodes of those that ended.

        Args:
            actions: shape (n,) or (n, a), inside the action space.

        Raises:
            SourceFailed: if an observation or a reward is not finite.
        """
        step = self.batch.step(actions)
        self.lengths += ONE
        self.require_finite(step.observations, step.rewards)
        self.returns += step.rewards
        observations = with_context(step.observations, self.units)
        truncated = self.lengths >= self._horizon
        if step.truncated is not None:
            truncated |= step.truncated
        return EpisodeStep(observations, step.rewards, step.terminated, truncated)

    def require_finite(self, observations: Observations, rewards: NDArray[Any]) -> None:
        """Refuse what a step of all rows returned, (n, o) and (n,), if a number is not finite.

        Raises:
            SourceFailed: naming the row's context, the field and the values.
        """
        self._require_finite("observation", observations)
        self._require_finite("reward", rewards)

    def _require_finite(
        self, field: str, values: NDArray[Any], rows: NDArray[np.intp] | None = None
    ) -> None:
        if np.count_nonzero(np.isfinite(values)) == values.size:  # half the time of `all`
            return
        at = int(np.argwhere(~np.isfinite(values))[0][0])
        row = at if rows is None else int(rows[at])
        raise SourceFailed(
            f"{self.env.spec.id}[{self.contexts[row].label}] returned a {field} that is not "
            f"finite, {values[at].tolist()}, at step {self.lengths[row]} of an episode. "
            "Narrow the range of the context, or look into the simulator."
        )


class Starts:
    """The initial states of each row's next episodes, drawn some episodes ahead.

    Drawing many at once gives the same states as drawing one by one, and is cheaper where
    episodes are short.
    """

    def __init__(self, batch: ContextBatch) -> None:
        self._batch = batch
        state = batch.initial_states(np.random.default_rng(0), 1)[0]
        self._drawn = np.zeros((len(batch), AHEAD, *state.shape))
        self._used = np.full(len(batch), AHEAD)
        self._generators: list[np.random.Generator | None] = [None] * len(batch)

    def seed(self, row: int, generator: np.random.Generator) -> None:
        """Give a row another generator and forget what was drawn from the old one."""
        self._generators[row] = generator
        self._used[row] = AHEAD

    def take(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the next initial state of each row, shape (len(rows), s)."""
        used = self._used[rows]
        if AHEAD in used.tolist():
            for row in rows[used == AHEAD].tolist():
                self._draw(row)
            used = self._used[rows]
        self._used[rows] = used + ONE
        return np.asarray(self._drawn[rows, used])

    def refill(self) -> NDArray[np.intp]:
        """Draw for the rows that have used all that was drawn; return them."""
        empty = np.flatnonzero(self._used == AHEAD)
        for row in empty.tolist():
            self._draw(row)
        return empty

    @property
    def drawn(self) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """The states drawn, (n, ahead, s), and how many of each row are used, (n,)."""
        return self._drawn, self._used

    def _draw(self, row: int) -> None:
        generator = self._generators[row]
        if generator is None:
            generator = self._generators[row] = np_random()[0]
        self._drawn[row] = self._batch.initial_states(generator, AHEAD)
        self._used[row] = 0
