"""Contexts that are seen and change nothing else: a fault of released code, kept for comparison.

A family with `simulator = "input-only"` names another one as its option `family`. Every member has
that one's default physics, and its observation ends with the raw values of the context's features,
on no scale. So whatever a policy loses from context to context, it loses to a shifted input. The
released code of MBTL (Cho et al. 2024) does this to CartPole's cart mass, which it sets after
CartPole has derived its constants, and to HalfCheetah's stiffness, which it does not set at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context, ContextSpace
from rltransfer.envs.simulators.base import ContextBatch, Observations, Simulator, Transition
from rltransfer.errors import InvalidExperiment

if TYPE_CHECKING:
    from rltransfer.envs.contextual import ContextualEnv
    from rltransfer.envs.spec import EnvironmentSpec

__all__ = ["InputOnly", "ShownBatch", "ShownContext"]

FAMILY = "family"


class InputOnly(Simulator):
    """Builds members that differ in what they observe, never in what they do."""

    def build(
        self, spec: EnvironmentSpec, context: Context, render_mode: str | None = None
    ) -> ShownContext:
        """Return a new environment with default physics that shows this context."""
        inner = family_of(spec)
        env = inner.simulator.build(inner.spec, inner.space.default, render_mode)
        return ShownContext(env, spec.space, context)

    def apply(self, env: gym.Env[Any, Any], context: Context) -> None:
        """Show another context."""
        assert isinstance(env, ShownContext)
        env.show(context)

    def batch(self, spec: EnvironmentSpec, contexts: Sequence[Context]) -> ShownBatch:
        """Return one member per context, stepped as the family behind it is."""
        inner = family_of(spec)
        return ShownBatch.of(inner.batch([inner.space.default] * len(contexts)), spec, contexts)

    def versions(self) -> dict[str, str]:
        """Return the versions of the libraries that decide the trajectories."""
        return {"gymnasium": gym.__version__, "numpy": np.__version__}


def family_of(spec: EnvironmentSpec) -> ContextualEnv:
    """Return the family whose physics all members have.

    Raises:
        InvalidExperiment: if the option is missing or names no family.
    """
    from rltransfer.envs.catalog import make  # which imports the simulators

    name = spec.options.get(FAMILY)
    if not isinstance(name, str) or set(spec.options) != {FAMILY}:
        raise InvalidExperiment(
            f"{spec.folder}: the simulator 'input-only' has one option, family, the name of the "
            f"family whose physics it takes; got {dict(spec.options)}."
        )
    return make(name)


class ShownContext(gym.Wrapper[Any, Any, Any, Any]):
    """Appends a context's raw values to the observation.

    Args:
        env: with flat observations.
        space: the features, in order.
        context: the first one to show.
    """

    def __init__(self, env: gym.Env[Any, Any], space: ContextSpace, context: Context) -> None:
        super().__init__(env)
        self._space = space
        self.observation_space = shown_space(env.observation_space, space)
        self.show(context)

    def show(self, context: Context) -> None:
        """Show a context from now on."""
        values = self._space.to_array([context])[0]
        self._values = values.astype(self.observation_space.dtype)

    def reset(self, **options: Any) -> tuple[Any, dict[str, Any]]:
        """Reset the environment."""
        seen, info = self.env.reset(**options)
        return np.concatenate([seen, self._values]), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step the environment."""
        seen, reward, terminated, truncated, info = self.env.step(action)
        return np.concatenate([seen, self._values]), reward, terminated, truncated, info


class ShownBatch(ContextBatch):
    """A batch whose members have one context and show another."""

    def __init__(self, contexts: Sequence[Context]) -> None:
        raise TypeError("use ShownBatch.of(batch, spec, contexts).")

    @classmethod
    def of(
        cls, batch: ContextBatch, spec: EnvironmentSpec, contexts: Sequence[Context]
    ) -> ShownBatch:
        """Show contexts on top of a batch of as many members."""
        shown = cls.__new__(cls)
        shown._batch, shown._space = batch, spec.space
        shown.observation_space = shown_space(batch.observation_space, spec.space)
        shown.action_space = batch.action_space
        shown._values = shown._space.to_array(contexts).astype(shown.observation_space.dtype)
        return shown

    _batch: ContextBatch
    _space: ContextSpace
    _values: Observations  # (n, d), raw

    def __len__(self) -> int:
        return len(self._batch)

    def assign(self, rows: NDArray[np.intp], contexts: Sequence[Context]) -> None:
        """Show other contexts in some rows."""
        self._values[rows] = self._space.to_array(contexts)

    def initial_states(self, rng: np.random.Generator, episodes: int) -> NDArray[np.float64]:
        """Return the states of successive resets."""
        return self._batch.initial_states(rng, episodes)

    def reset(self, rows: NDArray[np.intp], states: NDArray[np.float64]) -> Observations:
        """Put states into rows; return their observations."""
        return np.concatenate([self._batch.reset(rows, states), self._values[rows]], axis=1)

    def step(self, actions: NDArray[Any]) -> Transition:
        """Advance all members."""
        done = self._batch.step(actions)
        return done._replace(observations=np.concatenate([done.observations, self._values], axis=1))

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Drop all members but `rows`."""
        self._batch.keep(rows)
        self._values = self._values[rows]


def shown_space(space: gym.Space[Any], features: ContextSpace) -> gym.spaces.Box:
    """Return a flat observation space with the features' raw ranges appended."""
    if not isinstance(space, gym.spaces.Box) or len(space.shape) != 1:
        raise InvalidExperiment(
            f"a context can be shown in flat Box observations only; got {space}."
        )
    low = np.concatenate([space.low, [x.low for x in features.features]])
    high = np.concatenate([space.high, [x.high for x in features.features]])
    return gym.spaces.Box(low.astype(space.dtype), high.astype(space.dtype), dtype=space.dtype.type)
