"""Recording what a behaviour does in some contexts of a family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.data.slices import TimeSlices
from rltransfer.data.transitions import Transitions
from rltransfer.envs import ContextualEnv
from rltransfer.envs.episodes import Episodes
from rltransfer.errors import InvalidDataset
from rltransfer.seeding import derive_seed

__all__ = ["Behaviour", "UniformRandom", "collect"]

HORIZONS = 4
"""Longest episodes that a row should have room for: each row's last episode is cut."""


class Behaviour(Protocol):
    """Whatever chooses actions at random."""

    @property
    def observe(self) -> tuple[str, ...]:
        """The context features that it expects at the end of its observations."""

    def sample(self, observations: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
        """Draw actions, shape (n,) or (n, a), for observations of shape (n, o)."""


@dataclass(frozen=True)
class UniformRandom:
    """All actions alike, whatever is observed.

    Attributes:
        space: of the actions.

    Raises:
        InvalidDataset: if the space has no bounds.
    """

    space: gym.spaces.Discrete | gym.spaces.Box

    def __post_init__(self) -> None:
        if isinstance(self.space, gym.spaces.Box) and not self.space.is_bounded():
            raise InvalidDataset(f"uniform random actions need bounds; {self.space} has none.")

    @classmethod
    def of(cls, env: ContextualEnv) -> UniformRandom:
        """Return the uniform behaviour of a family."""
        return cls(env.spaces.action)

    @property
    def observe(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def sample(self, observations: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
        """Draw actions; see `Behaviour.sample`."""
        n, space = len(observations), self.space
        if isinstance(space, gym.spaces.Discrete):
            return rng.integers(space.n, size=n)
        drawn = rng.uniform(space.low, space.high, size=(n, *space.shape))
        return np.asarray(drawn.astype(np.float32))


def collect(
    env: ContextualEnv,
    contexts: Sequence[Mapping[str, float]],
    behaviour: Behaviour,
    steps: int,
    seed: int,
) -> Transitions:
    """Record a behaviour for some steps, in equal parts in each context.

    Rows play whole episodes, one after another; the last one of each row is cut, and marked as
    truncated.

    Args:
        env: the family.
        contexts: features that they do not name have their default.
        behaviour: chooses the actions.
        steps: transitions in all.
        seed: decides starts and actions; those of a context do not depend on the other contexts.

    Raises:
        InvalidDataset: if there are fewer steps than contexts, or no context.
        InvalidContext: if a context is not the family's.
        SourceFailed: if the simulator fails, or returns what is no transition.
    """
    complete = [env.space.validate(context) for context in contexts]
    if not complete or steps < len(complete):
        raise InvalidDataset(
            "a recording needs at least 1 context and 1 step in each; got "
            f"{len(complete)} contexts and {steps} steps."
        )
    shares = [(steps + i) // len(complete) for i in reversed(range(len(complete)))]
    return Transitions.joined(
        [
            play(env, context, behaviour, share, derive_seed(seed, "collect", context))
            for context, share in zip(complete, shares, strict=True)
        ]
    )


def play(
    env: ContextualEnv, context: Context, behaviour: Behaviour, steps: int, seed: int
) -> Transitions:
    """Record one context, in as many rows as leave each some episodes to play."""
    n = max(1, min(env.rows_at_once, steps // (HORIZONS * env.spec.horizon)))
    actions_seed, *row_seeds = np.random.SeedSequence(seed).generate_state(n + 1).tolist()
    rng = np.random.default_rng(actions_seed)
    live = Episodes(env, [context] * n, behaviour.observe)
    for row, row_seed in enumerate(row_seeds):
        live.seed(row, row_seed)
    size = live.batch.observation_space.shape[0]
    slices = TimeSlices(n, size, live.batch.action_space, limit=steps + n)
    places = slices.places([context] * n)
    with closing(live):
        seen = live.begin(np.arange(n))
        while len(slices) < steps:
            actions = behaviour.sample(seen, rng)
            after, rewards, terminated, truncated = live.step(actions)
            truncated &= ~terminated
            slices.append(seen, actions, rewards, after, terminated, truncated, places)
            seen = after
            ended = np.flatnonzero(terminated | truncated)
            if len(ended):
                seen[ended] = live.begin(ended)
    return slices.transitions(steps)
