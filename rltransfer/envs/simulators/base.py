"""What an adapter to a simulator owes the rest of the laboratory.

Notation
    n    members of a batch, each with a context of its own
    s    numbers in the state of one member
    o    numbers in the observation of one member
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context

if TYPE_CHECKING:
    from rltransfer.envs.spec import EnvironmentSpec

__all__ = ["ContextBatch", "Observations", "Physics", "Simulator", "Transition"]

Observations = NDArray[np.floating[Any]]
"""In the dtype of the family's observation space."""


class Transition(NamedTuple):
    """What one step of a batch returns."""

    observations: Observations  # (n, o)
    rewards: NDArray[np.float64]  # (n,)
    terminated: NDArray[np.bool_]  # (n,) the task itself ended
    truncated: NDArray[np.bool_] | None = None
    """(n,) the environment's own time is over; None where only the family's horizon, which the
    caller counts, ends an episode."""

    @property
    def over(self) -> NDArray[np.bool_]:
        """Whose episode has ended, for either reason, shape (n,)."""
        return self.terminated if self.truncated is None else self.terminated | self.truncated


class Physics(NamedTuple):
    """A batch whose step is compiled, for loops around it that are compiled as well."""

    step: Callable[..., None]
    """Called with state, coefficients, actions, and where observations (n, o) float32, rewards
    (n,) and terminations (n,) are written."""
    state: NDArray[np.float64]  # (s, n), the batch's own, changed by a step
    coefficients: NDArray[np.float64]  # (k, n)
    observe: Callable[[NDArray[np.float64]], Observations]
    """Returns what is seen, (m, o), of states that an episode may begin with, (m, s)."""


class ContextBatch(ABC):
    """n environments of one family, a context each, stepped as one array program.

    The batch knows physics only: whoever drives it counts steps, resets what has ended and owns
    the random generators. Initial states are the draws that Gymnasium's scalar environment makes
    from the same generator, so that both live the same episodes.

    Attributes:
        observation_space, action_space: of one member, the same for all contexts.
    """

    observation_space: gym.spaces.Box
    action_space: gym.spaces.Discrete | gym.spaces.Box

    @abstractmethod
    def __init__(self, contexts: Sequence[Context]) -> None:
        """Take complete contexts, one per member; states are undefined until `reset`."""

    @abstractmethod
    def __len__(self) -> int:
        """Return n."""

    @abstractmethod
    def assign(self, rows: NDArray[np.intp], contexts: Sequence[Context]) -> None:
        """Give the members in `rows` new contexts; their next `reset` begins the new physics."""

    @abstractmethod
    def initial_states(self, rng: np.random.Generator, episodes: int) -> NDArray[np.float64]:
        """Return the states, shape (episodes, s), of successive resets with this generator."""

    @abstractmethod
    def reset(self, rows: NDArray[np.intp], states: NDArray[np.float64]) -> Observations:
        """Put `states`, shape (len(rows), s), into `rows`; return their observations."""

    @abstractmethod
    def step(self, actions: NDArray[Any]) -> Transition:
        """Advance all members by one step.

        Args:
            actions: shape (n,) for Discrete, (n, a) for Box, inside the action space.
        """

    @abstractmethod
    def keep(self, rows: NDArray[np.intp]) -> None:
        """Drop all members but `rows`, which are renumbered from 0 in the order given."""

    @property
    def physics(self) -> Physics | None:
        """The batch as arrays and a compiled step, until contexts change; None where it is not."""
        return None


class Simulator(ABC):
    """Builds the members of the families that one simulator knows. Adapters hold no state."""

    @abstractmethod
    def build(
        self, spec: EnvironmentSpec, context: Context, render_mode: str | None = None
    ) -> gym.Env[Any, Any]:
        """Return a new Gymnasium environment, without time limit, with this complete context.

        Two environments must share nothing that a context changes.
        """

    @abstractmethod
    def apply(self, env: gym.Env[Any, Any], context: Context) -> None:
        """Give an environment made by `build` another complete context, from its next reset on."""

    def batch(self, spec: EnvironmentSpec, contexts: Sequence[Context]) -> ContextBatch | None:
        """Return the family as one array program, or None where there is none."""
        return None

    @property
    def rows_at_once(self) -> int:
        """How many members one batch may hold: many as arrays, few as separate environments."""
        return 32

    def versions(self) -> dict[str, str]:
        """Return the versions of the libraries that decide the trajectories."""
        return {"gymnasium": gym.__version__}
