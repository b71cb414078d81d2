"""Many tasks of one family as one Stable-Baselines3 vector environment, a context each.

A row lives the same episodes as `Monitor(env.make(context))` in a `DummyVecEnv`: the same
generator, seeded at the same moment, and so the same observations, rewards and infos (but for the
clock). Training on either ends in the same weights. So in all families but those of Box2D, whose
batch is a loop that draws other seeds: other episodes of the same kind.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv

from rltransfer.envs.contextual import ContextualEnv
from rltransfer.envs.episodes import Episodes
from rltransfer.envs.simulators import Observations
from rltransfer.envs.wrappers import visible_space
from rltransfer.errors import InvalidExperiment

__all__ = ["ContextVecEnv"]

Indices = int | Iterable[int] | None

IMITATED = (Monitor, gym.wrappers.TimeLimit)
"""Wrappers whose work a row does itself."""

ONLY_ROWS = (
    "a ContextVecEnv has rows of arrays, not environments. Use a DummyVecEnv of env.make(context)."
)


class ContextVecEnv(VecEnv):
    """One row per context, all stepped together, each reset when its episode ends.

    Args:
        env: the family.
        contexts: n contexts; features that they do not name have their default.
        observe: the features that the agent sees, appended to the observation.
        next_context: called with the row of every episode that ends, in rising order; returns the
            context of that row's next episode. Without it, a row keeps its context.

    Raises:
        InvalidContext: if a context is not one of the family's.
        InvalidExperiment: if there is no context.
    """

    def __init__(
        self,
        env: ContextualEnv,
        contexts: Sequence[Mapping[str, float]],
        *,
        observe: Sequence[str] = (),
        next_context: Callable[[int], Mapping[str, float]] | None = None,
    ) -> None:
        if not contexts:
            raise InvalidExperiment("a vector environment needs at least one context; got none.")
        self.episodes = Episodes(env, contexts, observe)
        self._next_context = next_context
        self.began = time.time()
        batch, shown = self.episodes.batch, len(self.episodes.observe)
        space = visible_space(batch.observation_space, shown) if shown else batch.observation_space
        super().__init__(len(self.episodes), space, batch.action_space)
        self._set_contexts(np.arange(self.num_envs), self.episodes.contexts)

    @property
    def changes_contexts(self) -> bool:
        """Whether a row's episodes may have different contexts."""
        return self._next_context is not None

    # -- episodes ------------------------------------------------------------------------------

    def reset(self) -> Observations:
        """Begin an episode in every row; return the observations, shape (n, o).

        Seeds given to `seed`, and contexts given to `set_options({"context": ...})`, are used
        now, once.
        """
        self._take_options()
        for row, seed in enumerate(self._seeds):
            if seed is not None:
                self.episodes.seed(row, seed)
        self._reset_seeds()
        self._reset_options()
        return self.episodes.begin(np.arange(self.num_envs))

    def step_async(self, actions: NDArray[Any]) -> None:
        """Take the actions, shape (n,) or (n, a), of the next step."""
        self._actions = actions

    def step_wait(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], list[dict[str, Any]]]:
        """Step all rows; return observations (n, o), rewards (n,), dones (n,) and n infos.

        Raises:
            SourceFailed: if a row fails, returns what is no transition, or is given no action.
        """
        observations, rewards, terminated, truncated = self.episodes.step(self._actions)
        dones = terminated | truncated
        infos: list[dict[str, Any]] = [{"TimeLimit.truncated": False} for _ in range(self.num_envs)]
        ended = dones.nonzero()[0]
        if len(ended):
            self._finish(ended, observations, terminated, infos)
            observations[ended] = self.episodes.begin(ended)
        return observations, rewards.astype(np.float32), dones, infos

    def _finish(
        self,
        ended: NDArray[np.intp],
        observations: Observations,
        terminated: NDArray[np.bool_],
        infos: list[dict[str, Any]],
    ) -> None:
        """Write what Monitor, TimeLimit and DummyVecEnv say of an episode's end; change tasks."""
        rows, clock = ended.tolist(), round(time.time() - self.began, 6)
        last = zip(
            rows,
            self.episodes.returns[ended].tolist(),
            self.episodes.lengths[ended].tolist(),
            terminated[ended].tolist(),
            observations[ended],
            strict=True,
        )
        for row, total, length, terminal, observation in last:
            infos[row] = {
                "episode": {"r": round(total, 6), "l": length, "t": clock},
                "TimeLimit.truncated": not terminal,
                "terminal_observation": observation,
            }
        if self._next_context is not None:
            self._set_contexts(ended, [self._next_context(row) for row in rows])

    def _set_contexts(
        self, rows: NDArray[np.intp], contexts: Sequence[Mapping[str, float]]
    ) -> None:
        self.episodes.set_contexts(rows, contexts)
        for row in rows.tolist():
            self.reset_infos[row] = {"context": dict(self.episodes.contexts[row])}

    def _take_options(self) -> None:
        given = {row: options for row, options in enumerate(self._options) if options}
        if unknown := [key for options in given.values() for key in options if key != "context"]:
            raise InvalidExperiment(
                f"the only reset option of a ContextVecEnv is 'context'; got {unknown[0]!r}."
            )
        contexts = [options["context"] for options in given.values()]
        self._set_contexts(np.array(list(given), dtype=np.intp), contexts)

    # -- what else Stable-Baselines3 asks of a vector environment ------------------------------

    def get_attr(self, attr_name: str, indices: Indices = None) -> list[Any]:
        """Return `context`, `render_mode` or another of the few attributes that a row has."""
        return [self._attribute(attr_name, row) for row in self._get_indices(indices)]

    def _attribute(self, name: str, row: int) -> Any:
        known = {
            "action_space": self.action_space,
            "context": self.episodes.contexts[row],
            "metadata": {"render_modes": []},
            "observation_space": self.observation_space,
            "render_mode": None,
        }
        if name not in known:
            raise AttributeError(f"no attribute {name!r} among {', '.join(known)}: {ONLY_ROWS}")
        return known[name]

    def set_attr(self, attr_name: str, value: Any, indices: Indices = None) -> NoReturn:
        """Refuse; contexts change through `next_context` and `set_options`."""
        raise AttributeError(f"cannot set {attr_name!r}: {ONLY_ROWS}")

    def env_method(
        self, method_name: str, *method_args: Any, indices: Indices = None, **method_kwargs: Any
    ) -> NoReturn:
        """Refuse: there are no environments whose method could be called."""
        raise AttributeError(f"cannot call {method_name!r}: {ONLY_ROWS}")

    def env_is_wrapped(
        self, wrapper_class: type[gym.Wrapper[Any, Any, Any, Any]], indices: Indices = None
    ) -> list[bool]:
        """Say whether a row does a wrapper's work: so with Monitor and TimeLimit."""
        return [wrapper_class in IMITATED for _ in self._get_indices(indices)]

    def close(self) -> None:
        """Let go of all rows."""
        self.episodes.close()
