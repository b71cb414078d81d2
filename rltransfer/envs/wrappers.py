"""The context of an environment: kept beside it, changed between episodes, shown or hidden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context, ContextSpace
from rltransfer.envs.simulators.base import Observations, Simulator

__all__ = ["ContextWrapper", "visible_space", "visible_units", "with_context"]


class ContextWrapper(gym.Wrapper[Any, Any, Any, Any]):
    """Carries an environment's context: in `info`, in reset's options, in the observation.

    `reset(options={"context": {...}})` gives the next episodes another context, in which a feature
    that is not named has its default; every `info` of a reset tells the context in force. With
    `observe`, the named features are appended to the observation, scaled to the unit cube.

    Args:
        env: an environment that `simulator` built.
        simulator: the adapter that can change the environment's context.
        space: the family's features.
        context: the complete context that `env` has now.
        observe: the features to append to the observation.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        simulator: Simulator,
        space: ContextSpace,
        context: Context,
        observe: tuple[str, ...] = (),
    ) -> None:
        super().__init__(env)
        self._simulator = simulator
        self._space = space
        self._visible = space.select(observe) if observe else None
        self._set_context(context)
        if observe:
            self.observation_space = visible_space(env.observation_space, len(observe))

    @property
    def context(self) -> Context:
        """The complete context in force."""
        return self._context

    def _set_context(self, context: Context) -> None:
        self._context = context
        if self._visible is not None:
            units = self._visible.to_unit([context])[0]
            self._units = units.astype(self.env.observation_space.dtype)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the environment, first taking the context that `options` may name."""
        rest = dict(options or {})
        if "context" in rest:
            context = self._space.validate(rest.pop("context"))
            self._simulator.apply(self.env, context)
            self._set_context(context)
        observation, info = self.env.reset(seed=seed, options=rest or None)
        return self._shown(observation), {**info, "context": dict(self._context)}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step the environment; the observation carries the visible features."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return self._shown(observation), reward, terminated, truncated, info

    def _shown(self, observation: Any) -> Any:
        if self._visible is None:
            return observation
        return np.concatenate([observation, self._units])


def visible_space(space: gym.Space[Any], d: int) -> gym.spaces.Box:
    """Return the observation space, shape (o + d,), of observations with d features appended."""
    if not isinstance(space, gym.spaces.Box) or len(space.shape) != 1:
        raise TypeError(f"a context can be appended to flat Box observations only; got {space}.")
    low = np.concatenate([space.low, np.zeros(d)]).astype(space.dtype)
    high = np.concatenate([space.high, np.ones(d)]).astype(space.dtype)
    return gym.spaces.Box(low, high, dtype=space.dtype.type)


def with_context(observations: Observations, units: NDArray[np.float64]) -> Observations:
    """Append visible features, shape (n, d), to observations, shape (n, o), in their dtype."""
    if not units.shape[1]:
        return observations
    return np.concatenate([observations, units.astype(observations.dtype)], axis=1)


def visible_units(
    space: ContextSpace, contexts: Sequence[Context], observe: Sequence[str]
) -> NDArray[np.float64]:
    """Return the visible features of some contexts on the unit cube, shape (n, len(observe))."""
    if not observe:
        return np.zeros((len(contexts), 0))
    return space.select(observe).to_unit(contexts)
