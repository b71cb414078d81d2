"""Classic control as array programs: what the batches have in common.

Every batch repeats the operations of its scalar environment in their order and their precision,
so that states, observations, rewards and terminations are equal bit for bit wherever NumPy's sine
and cosine are the C library's.

Notation
    n    members of the batch
    s    numbers in the state of one member
    k    coefficients of the physics of one member
    o    numbers in the observation of one member
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.base import ContextBatch, Physics, Transition
from rltransfer.envs.simulators.classic.compiled import Kernel, kernel_of
from rltransfer.envs.simulators.classic.physics import ContextualPhysics

__all__ = ["EXPONENT", "ClassicBatch", "Floats", "square", "square_float32"]

Floats = NDArray[np.float64]

EXPONENT = 2.0
"""Of squares in kernels, which read it as one more coefficient; see `kernels.strict`."""


class ClassicBatch(ContextBatch):
    """n members of one family: states, shape (s, n), features, (n,) each, coefficients, (k, n).

    A step is one loop of compiled code where Numba is installed, and otherwise `_advance` and
    `_observations`, with the same bits; see `compiled`.

    Attributes:
        scalar: the environment that this batch repeats.
        state_size: s.
        kernel: the module in `kernels` that holds the compiled step.
    """

    scalar: ClassVar[type[ContextualPhysics]]
    state_size: ClassVar[int]
    kernel: ClassVar[str]

    def __init__(self, contexts: Sequence[Mapping[str, float]]) -> None:
        template = self.scalar()
        self.observation_space = template.observation_space  # type: ignore[assignment]
        self.action_space = template.action_space  # type: ignore[assignment]
        self._action_shape = self.action_space.shape or ()
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
        self._coefficients = np.stack(self._derive())

    def reset(self, rows: NDArray[np.intp], states: Floats) -> NDArray[np.float32]:
        """Put states, shape (len(rows), s), into rows; return their observations."""
        self._state[:, rows] = states.T
        return self._first_observations(states.T)

    def step(self, actions: NDArray[Any]) -> Transition:
        """Advance all members; those that ended long ago may overflow, which is nobody's harm.

        Raises:
            ValueError: if there is not one action per member.
        """
        actions = self._shaped(actions)
        if self._kernel is not None:
            return self._run(self._kernel, actions)
        with np.errstate(over="ignore", invalid="ignore"):
            rewards, terminated = self._advance(actions)
            return Transition(self._observations(self._state), rewards, terminated)

    @property
    def physics(self) -> Physics | None:
        """See `ContextBatch.physics`."""
        if self._kernel is None:
            return None
        return Physics(
            self._kernel,
            self._state,
            self._coefficients,
            lambda states: self._first_observations(states.T),
        )

    def _shaped(self, actions: NDArray[Any]) -> NDArray[Any]:
        """Refuse actions of another shape: compiled code would read what lies behind them."""
        actions = np.asarray(actions)
        expected = (len(self), *self._action_shape)
        if actions.shape != expected:
            raise ValueError(
                f"actions of {len(self)} members must have the shape {expected}; "
                f"got {actions.shape}."
            )
        return actions

    @cached_property
    def _kernel(self) -> Kernel | None:
        return kernel_of(self.kernel)

    def _run(self, kernel: Kernel, actions: NDArray[Any]) -> Transition:
        n = len(self)
        observations = np.empty((n, *self.observation_space.shape), np.float32)
        rewards, terminated = np.empty(n), np.empty(n, np.bool_)
        kernel(self._state, self._coefficients, actions, observations, rewards, terminated)
        return Transition(observations, rewards, terminated)

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Drop all members but rows."""
        self._features = {name: values[rows] for name, values in self._features.items()}
        self._state = np.ascontiguousarray(self._state[:, rows])
        self._coefficients = np.ascontiguousarray(self._coefficients[:, rows])

    @abstractmethod
    def _derive(self) -> Sequence[Floats]:
        """Compute from the features the k coefficients of a step, in the order of the kernel's."""

    @abstractmethod
    def _advance(self, actions: NDArray[Any]) -> tuple[Floats, NDArray[np.bool_]]:
        """Move the state by one step; return rewards and terminations, shape (n,)."""

    @abstractmethod
    def _observations(self, state: Floats) -> NDArray[np.float32]:
        """Return what is seen, shape (m, o), of a state, shape (s, m)."""

    def _first_observations(self, state: Floats) -> NDArray[np.float32]:
        return self._observations(state)


def square(values: Any) -> Any:
    """Return v**2 of a number or an array, (n,), rounded as for a number: by the C library's `pow`.

    NumPy squares arrays by v*v, which differs in the last bit for one value in a thousand.
    """
    return np.float_power(values, 2.0) if isinstance(values, np.ndarray) else values**2


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
