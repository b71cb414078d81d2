"""Contextual environments: a context space and the rule that builds a member for each context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from rltransfer.contexts import Context, ContextSpace, ContextSplit
from rltransfer.envs.faults import Place, failure
from rltransfer.envs.loop import LoopBatch
from rltransfer.envs.preset import Preset
from rltransfer.envs.simulators import ContextBatch, Simulator, load_simulator
from rltransfer.envs.spec import EnvironmentSpec
from rltransfer.envs.split_plan import SplitPlan
from rltransfer.envs.wrappers import ContextWrapper
from rltransfer.errors import InvalidExperiment, UnknownName, did_you_mean

__all__ = ["ContextualEnv", "Spaces", "Task"]


class Spaces(NamedTuple):
    """What an agent sees of a member and may do in it, the same in every context."""

    observation: gym.spaces.Box
    action: gym.spaces.Discrete | gym.spaces.Box


@dataclass(frozen=True, slots=True)
class ContextualEnv:
    """A contextual MDP: for each context of its space, one Gymnasium environment.

    Examples:
        >>> import rltransfer
        >>> cartpole = rltransfer.make("cartpole")
        >>> task = cartpole.task(length=0.7)
        >>> env = task.make()
        >>> env.reset(seed=0)[1]["context"]["length"]
        0.7
    """

    spec: EnvironmentSpec

    @property
    def space(self) -> ContextSpace:
        """Every feature that can vary."""
        return self.spec.space

    @property
    def simulator(self) -> Simulator:
        """The adapter that builds members; imported at the first use."""
        return load_simulator(self.spec.simulator)

    @property
    def spaces(self) -> Spaces:
        """The spaces of all members, without the context features that an agent may be shown."""
        batch = self.batch([self.space.default])
        batch.keep(np.arange(0))  # closes the only member
        return Spaces(batch.observation_space, batch.action_space)

    @property
    def rows_at_once(self) -> int:
        """How many members a batch of this family may hold."""
        return self.simulator.rows_at_once

    def task(self, context: Mapping[str, float] | None = None, /, **features: float) -> Task:
        """Return the family's member at one context; features not named have their default.

        Raises:
            InvalidContext: if a feature is unknown or a value is outside its range.
        """
        return Task(self, self.space.validate({**(context or {}), **features}))

    def preset(self, name: str) -> Preset:
        """Return published ranges of the family's features by their name.

        Examples:
            >>> import rltransfer
            >>> published = rltransfer.make("cartpole").preset("mbtl")
            >>> published.space["length"].range_text, published.points["length"]
            ('0.05…5 m', 100)

        Raises:
            UnknownName: if the family has no preset of this name.
        """
        preset: Preset = self._entry("preset", name, self.spec.presets)
        return preset

    def split(self, name: str, size: int, vary: Sequence[str] = ()) -> ContextSplit:
        """Return a split of the family by its name, on a grid of its own.

        Args:
            name: a split of the family's specification; every family has `inner60`.
            size: grid points per feature in what training may see; as many again in the intervals
                in which extrapolation is tested.
            vary: the features to divide, of those that the split divides; all of them by default.

        Raises:
            UnknownName: if the family has no split of this name.
            InvalidContext: if the split does not divide a feature of `vary`.
        """
        plan: SplitPlan = self._entry("split", name, self.spec.splits)
        plan = plan.of(tuple(vary or plan.train))
        grid = self.space.product(plan.axes(self.space, size))
        return ContextSplit.of_grid(name, grid, plan.train, plan.test, plan.version)

    def _entry(self, kind: str, name: str, known: Mapping[str, Any]) -> Any:
        if name not in known:
            raise UnknownName(
                f"{self.spec.id} has no {kind} {name!r}{did_you_mean(name, known)} "
                f"Known: {', '.join(known) or 'none'}."
            )
        return known[name]

    def make(
        self,
        context: Mapping[str, float] | None = None,
        *,
        observe: Sequence[str] = (),
        render_mode: str | None = None,
    ) -> gym.Env[Any, Any]:
        """Build a Gymnasium environment with the family's time limit.

        Args:
            context: feature values; what is not named has its default.
            observe: the features that the agent sees, appended to the observation, scaled to the
                unit cube; none by default.
            render_mode: as in Gymnasium.
        """
        env = self.make_unlimited(context, observe=observe, render_mode=render_mode)
        return gym.wrappers.TimeLimit(env, max_episode_steps=self.spec.horizon)

    def make_unlimited(
        self,
        context: Mapping[str, float] | None = None,
        *,
        observe: Sequence[str] = (),
        render_mode: str | None = None,
    ) -> gym.Env[Any, Any]:
        """Build the environment without a time limit; `gym.make` adds its own.

        Raises:
            SourceFailed: if the simulator fails.
        """
        complete, simulator = self.space.validate(context), self.simulator
        try:
            inner = simulator.build(self.spec, complete, render_mode)
        except Exception as error:
            raise self._not_built(error, [complete]) from error
        require_mode(render_mode, inner.metadata.get("render_modes", []), self.spec.id)
        return ContextWrapper(
            inner, simulator, self.space, complete, tuple(observe), family=self.spec.id
        )

    def batch(self, contexts: Sequence[Mapping[str, float]]) -> ContextBatch:
        """Return one member per context as a batch: an array program where there is one.

        Raises:
            SourceFailed: if the simulator fails; no member is left open.
        """
        complete, simulator = [self.space.validate(context) for context in contexts], self.simulator
        try:
            arrays = simulator.batch(self.spec, complete)
            return arrays if arrays is not None else LoopBatch.of(self.spec, simulator, complete)
        except Exception as error:
            raise self._not_built(error, complete) from error

    def _not_built(self, error: Exception, contexts: Sequence[Context]) -> Exception:
        """Return what to raise where members with these contexts could not be built."""
        return failure(
            error,
            lambda row: Place(self.spec.id, contexts[row], "when it was built"),
            len(contexts),
        )

    def __repr__(self) -> str:
        return f"<ContextualEnv {self.spec.id}: {', '.join(self.space.names)}>"


@dataclass(frozen=True, slots=True)
class Task:
    """A contextual environment at one complete context. Source and target are its roles."""

    env: ContextualEnv
    context: Context

    def make(
        self, *, observe: Sequence[str] = (), render_mode: str | None = None
    ) -> gym.Env[Any, Any]:
        """Build the task's Gymnasium environment; see `ContextualEnv.make`."""
        return self.env.make(self.context, observe=observe, render_mode=render_mode)

    def __repr__(self) -> str:
        return f"<Task {self.env.spec.id}[{self.context.label}]>"


def require_mode(mode: str | None, known: Sequence[str], family: str) -> None:
    """Refuse a way of rendering that a simulator does not have.

    Raises:
        InvalidExperiment: naming the ways that it has.
    """
    if mode is not None and mode not in known:
        raise InvalidExperiment(
            f"{family} has no render_mode {mode!r}{did_you_mean(mode, known)} "
            f"Known: {', '.join(known) or 'none'}."
        )
