"""One episode per row of a batch, all rows together.

Notation
    R       rows that begin, one per target and episode
    n       members that still play
    o, d    numbers in an observation, and visible features behind it
    J       returns, shape (R,)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.envs.faults import (
    Place,
    at_step,
    failure,
    require_actions,
    require_observations,
    require_transition,
)
from rltransfer.envs.simulators import ContextBatch, Observations, Transition
from rltransfer.envs.wrappers import with_context
from rltransfer.errors import InvalidPolicy

__all__ = ["Actor", "Player", "begin", "play"]

DEAD_SHARE = 0.125
"""Finished episodes are dropped from the batch when they are this share of its rows."""


class Actor(Protocol):
    """Whatever can be evaluated: a `Policy`, or an object of yours with these two."""

    @property
    def observe(self) -> tuple[str, ...]:
        """The context features that the actor expects at the end of its observations."""

    def act(self, observations: NDArray[Any]) -> NDArray[Any]:
        """Return the actions, shape (n,) or (n, a), for observations of shape (n, o)."""


class Player(NamedTuple):
    """Whose episode a row of the table is; episodes count from 1."""

    env: str
    target: Context
    episode: int

    def place(self, step: int) -> Place:
        """Return where the episode is, for messages."""
        return Place(self.env, self.target, at_step(self.episode, step))


def begin(
    batch: ContextBatch, states: NDArray[np.float64], players: Sequence[Player]
) -> Observations:
    """Begin an episode in all rows of the batch; return the observations, shape (R, o)."""
    rows = np.arange(len(batch))
    try:
        observations = batch.reset(rows, states)
        require_observations(observations, batch.observation_space, rows)
    except Exception as error:
        raise failure(error, lambda row: players[row].place(0), len(rows)) from error
    return observations


def play(
    policy: Actor,
    batch: ContextBatch,
    observations: Observations,  # (R, o)
    units: NDArray[np.float64],  # (R, d) visible features
    horizon: int,
    players: Sequence[Player],  # R
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Play one episode per row of the batch; return J and length of each, shape (R,) both."""
    returns = np.zeros(len(batch))
    lengths = np.zeros(len(batch), dtype=np.int64)
    rows = np.arange(len(batch))  # which episode each member of the batch still plays
    alive = np.ones(len(batch), dtype=np.bool_)
    for t in range(horizon):
        actions = policy.act(with_context(observations, units))
        require_shape(actions, batch)
        step = stepped(batch, actions, alive, partial(place_of, players, rows, t + 1))
        returns[rows] += np.where(alive, step.rewards, 0.0)
        lengths[rows] += alive
        alive &= ~step.over
        observations = step.observations
        dead = len(alive) - np.count_nonzero(alive)
        if dead == len(alive):
            break
        if dead > DEAD_SHARE * len(alive):
            kept = np.flatnonzero(alive)
            batch.keep(kept)
            rows, units, observations = rows[kept], units[kept], observations[kept]
            alive = np.ones(len(kept), dtype=np.bool_)
    return returns, lengths


def stepped(
    batch: ContextBatch,
    actions: NDArray[Any],
    alive: NDArray[np.bool_],
    place_of: Callable[[int], Place],
) -> Transition:
    """Step a batch; members that have ended may overflow, which is nobody's harm.

    Raises:
        SourceFailed: if one that is alive fails, or is given what is no action.
    """
    try:
        require_actions(actions, batch.action_space, len(alive), alive)
        with np.errstate(over="ignore", invalid="ignore"):
            step = batch.step(actions)
        require_transition(step, batch.observation_space, len(alive), alive)
    except Exception as error:
        raise failure(error, place_of, len(batch)) from error
    return step


def place_of(players: Sequence[Player], rows: NDArray[np.intp], step: int, row: int) -> Place:
    """Return where the episode is that a member of the batch plays."""
    return players[int(rows[row])].place(step)


def require_shape(actions: NDArray[Any], batch: ContextBatch) -> None:
    """Refuse actions of another family's shape."""
    expected = (len(batch), *(batch.action_space.shape or ()))
    if np.shape(actions) != expected:
        raise InvalidPolicy(
            f"actions must have the shape {expected} for {batch.action_space}; the policy gave "
            f"{np.shape(actions)}. It was trained for another family."
        )
