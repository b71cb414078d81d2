"""Classic control as array programs: what the batches have in common.

Every batch repeats the operations of its scalar environment in their order and their precision,
so that states, observations, rewards and terminations are equal bit for bit wherever NumPy's sine
and cosine are the C library's.

Notation
    n    members of the batch
    s    numbers in the state of one member
    o    numbers in the observation of one member
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.base import ContextBatch, Transition
from rltransfer.envs.simulators.classic.physics import ContextualPhysics

__all__ = ["ClassicBatch", "Floats", "square", "square_float32"]

Floats = NDArray[np.float64]


class ClassicBatch(ContextBatch):
    """n members of one family: their state, shape (s, n), and their features, shape (n,) each.

    Attributes:
        scalar: the environment that this batch repeats.
        state_size: s.
    """

    scalar: ClassVar[type[ContextualPhysics]]
    state_size: ClassVar[int]

    def __init__(self, contexts: Sequence[Mapping[str, float]]) -> None:
        template = self.scalar()
        self.observation_space = template.observation_space  # type: ignore[assignment]
        self.action_space = template.action_space  # type: ignore[assignment]
        n = len(contexts)
        self._features: dict[str, Floats] = {
            name: np.full(n, getattr(template, attribute), dtype=np.float64)
            for name, attribute in self.scalar.ATTRIBUTES.items()
        }
        self._state: Floats = np.zeros((self.state_size, n))
        self.assign(np.arange(n), contexts)

    def __len__(self) -> int:
        return int(self._state.shape[1])

    def assign(self, rows: NDArray[np.intp], contexts: Sequence[Mapping[str, float]]) -> None:
        """Give some members new contexts."""
        for name in contexts[0] if len(contexts) else ():
            self._features[name][rows] = [context[name] for context in contexts]
        self._derive()

    def reset(self, rows: NDArray[np.intp], states: Floats) -> NDArray[np.float32]:
        """Put states, shape (len(rows), s), into rows; return their observations."""
        self._state[:, rows] = states.T
        return self._first_observations(states.T)

    def step(self, actions: NDArray[Any]) -> Transition:
        """Advance all members; those that ended long ago may overflow, which is nobody's harm."""
        with np.errstate(over="ignore", invalid="ignore"):
            rewards, terminated = self._advance(actions)
            return Transition(self._observations(self._state), rewards, terminated)

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Drop all members but rows."""
        self._features = {name: values[rows] for name, values in self._features.items()}
        self._state = self._state[:, rows]
        self._derive()

    @abstractmethod
    def _derive(self) -> None:
        """Compute from the features the coefficients that `_advance` uses."""

    @abstractmethod
    def _advance(self, actions: NDArray[Any]) -> tuple[Floats, NDArray[np.bool_]]:
        """Move the state by one step; return rewards and terminations, shape (n,)."""

    @abstractmethod
    def _observations(self, state: Floats) -> NDArray[np.float32]:
        """Return what is seen, shape (m, o), of a state, shape (s, m)."""

    def _first_observations(self, state: Floats) -> NDArray[np.float32]:
        return self._observations(state)


def square(values: Floats) -> Floats:
    """Return v**2, shape (n,), rounded as for a scalar: by the C library's `pow`.

    NumPy squares arrays by v*v, which differs in the last bit for one value in a thousand.
    """
    return np.asarray(np.float_power(values, 2.0))


def square_float32(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return v**2, shape (n,), rounded as for a float32 scalar: by the C library's `powf`.

    Its error is at most 0.52 units in the last place, so only squares that lie that close to the
    middle of two float32 numbers can differ from v*v; these are taken one by one.
    """
    exact = values.astype(np.float64)
    exact *= exact
    squares = exact.astype(np.float32)
    doubtful = np.abs(exact - squares) > NEARLY_HALF * np.spacing(squares)
    for row in np.flatnonzero(doubtful):
        squares[row] = values[row] ** 2
    return squares


NEARLY_HALF = np.float32(0.47)
