"""The context of an environment: kept beside it, changed between episodes, shown or hidden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context, ContextSpace
from rltransfer.envs.faults import (
    Place,
    at_step,
    failure,
    require_action,
    reset_member,
    step_member,
)
from rltransfer.envs.simulators.base import Observations, Simulator

__all__ = ["ContextWrapper", "visible_space", "visible_units", "with_context"]


class ContextWrapper(gym.Wrapper[Any, Any, Any, Any]):
    """Carries an environment's context: in `info`, in reset's options, in the observation.

    `reset(options={"context": {...}})` gives the next episodes another context, in which a feature
    that is not named has its default; every `info` of a reset tells the context in force. With
    `observe`, the named features are appended to the observation, scaled to the unit cube.

    What the environment is given and what it returns is checked; a fault ends the call, with a
    sentence that names context, episode and step.

    Args:
        env: an environment that `simulator` built.
        simulator: the adapter that can change the environment's context.
        space: the family's features.
        context: the complete context that `env` has now.
        observe: the features to append to the observation.
        family: what messages call the environment.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        simulator: Simulator,
        space: ContextSpace,
        context: Context,
        observe: tuple[str, ...] = (),
        family: str = "environment",
    ) -> None:
        super().__init__(env)
        self._family, self._episode, self._steps = family, 0, 0
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
        """Reset the environment, first taking the context that `options` may name.

        Raises:
            InvalidContext: if it is not one of the family's.
            SourceFailed: if the environment fails, or returns what is no observation.
        """
        rest = dict(options or {})
        asked = self._space.validate(rest.pop("context")) if "context" in rest else self._context
        self._episode, self._steps = self._episode + 1, 0
        try:
            if asked is not self._context:
                self._simulator.apply(self.env, asked)
                self._set_context(asked)
            observation, info = reset_member(self.env, seed, rest or None)
        except Exception as error:
            raise failure(error, lambda _: self._place(asked)) from error
        return self._shown(observation), {**info, "context": dict(self._context)}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step the environment; the observation carries the visible features.

        Raises:
            SourceFailed: if it fails, returns what is no transition, or is given no action.
        """
        self._steps += 1
        try:
            require_action(action, self.env.action_space)
            observation, reward, terminated, truncated, info = step_member(self.env, action)
        except Exception as error:
            raise failure(error, lambda _: self._place(self._context)) from error
        return self._shown(observation), reward, terminated, truncated, info

    def _place(self, context: Context) -> Place:
        return Place(self._family, context, at_step(self._episode, self._steps))

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
