"""What online training sees in its environment, recorded. Imports torch: load it late."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnvWrapper

from rltransfer.contexts import Context
from rltransfer.data import Transitions
from rltransfer.data.slices import TimeSlices
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.training.kept import Rows, Tree

__all__ = ["RecordingVecEnv"]


class RecordingVecEnv(VecEnvWrapper):
    """Hands everything through, and keeps the last steps of all rows.

    It lies directly around the rows, below any normalisation: it keeps raw observations, without
    visible context features, raw rewards, and the actions that were carried out.

    Args:
        venv: the rows.
        limit: transitions to keep at most, in whole steps of all rows; at least one such step.
    """

    def __init__(self, venv: ContextVecEnv, limit: int) -> None:
        super().__init__(venv)
        self._rows = venv
        self._episodes = venv.episodes
        size = self._episodes.batch.observation_space.shape[0]
        self._slices = TimeSlices(venv.num_envs, size, venv.action_space, limit)

    # -- as a table of a training that is kept; see `kept` -----------------------------------------

    @property
    def count(self) -> int:
        """Steps of all rows that were recorded, forgotten ones included."""
        return self._slices.count

    @property
    def capacity(self) -> int:
        """Steps of all rows that are kept."""
        return self._slices.capacity

    def rows(self, first: int) -> Rows:
        """Return the steps from number `first` on."""
        return self._slices.rows(first)

    def put(self, first: int, rows: Rows) -> None:
        """Put back what `rows` returned."""
        self._slices.put(first, rows)

    def cut(self) -> None:
        """End the episodes under way."""
        self._slices.cut()

    def state(self) -> Tree:
        """Return the contexts seen, in the order in which they were."""
        return {"contexts": [dict(context) for context in self._slices.contexts]}

    def restore(self, state: Tree) -> None:
        """Know the contexts by the same numbers."""
        self._slices.places([Context(values) for values in state["contexts"]])

    # -- as a vector environment -------------------------------------------------------------------

    def reset(self) -> NDArray[Any]:
        """Begin an episode in every row; those under way end here."""
        self._slices.cut()
        self._seen: NDArray[Any] = self._rows.reset()
        self._context_index = self._slices.places(self._episodes.contexts)
        return self._seen

    def step_async(self, actions: NDArray[Any]) -> None:
        """Take the actions of the next step."""
        self._actions = actions
        self._rows.step_async(actions)

    def step_wait(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], list[dict[str, Any]]]:
        """Step all rows, and keep the step."""
        seen, rewards, dones, infos = self._rows.step_wait()
        ended = np.flatnonzero(dones).tolist()
        after = seen.copy() if ended else seen
        terminated = dones.copy()
        for row in ended:
            after[row] = infos[row]["terminal_observation"]
            terminated[row] = not infos[row]["TimeLimit.truncated"]
        self._slices.append(
            self._seen,
            self._actions,
            rewards,
            after,
            terminated,
            dones & ~terminated,
            self._context_index,
        )
        if ended:  # the next episodes may live in other contexts
            self._context_index = self._slices.places(self._episodes.contexts)
        self._seen = seen
        return seen, rewards, dones, infos

    def transitions(self) -> Transitions:
        """Return what is kept: row after row, and the episodes of a row one after another.

        Episodes under way count as truncated by the end of the recording. Where more was seen
        than is kept, the first episode of a row may lack its beginning.

        Raises:
            InvalidDataset: if no step was taken yet.
        """
        return self._slices.transitions()
