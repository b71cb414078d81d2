"""An agent that acts in environments and remembers what happens. Imports torch: load it late."""

from __future__ import annotations

from typing import Any

import numpy as np
from stable_baselines3.common.vec_env import VecEnv

from rltransfer.training.iql_agent import IQLAgent
from rltransfer.training.kept import Kept, Tree
from rltransfer.training.replay import Replay
from rltransfer.training.segment_seeds import reseed
from rltransfer.training.segments import Memory
from rltransfer.training.surroundings import Surroundings

__all__ = ["Life"]


class Life:
    """The agent in its environments, and what it remembers; a `course.Learner`.

    Args:
        surroundings: the environments; all that happens in them is recorded, if they record.
        agent: acts and learns.
        replay: gets every transition.
        rng: of the replay's draws.
        others: what else is to be kept, by name.

    Attributes:
        steps, updates: of the environments; of the agent.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        agent: IQLAgent,
        replay: Replay,
        rng: np.random.Generator,
        **others: Kept,
    ) -> None:
        self.agent, self.replay = agent, replay
        self.steps, self.updates = 0, 0
        self._surroundings, self._rng, self._others = surroundings, rng, others
        self._episodes = surroundings.rows.episodes
        self._venv: VecEnv = surroundings.recorder or surroundings.rows
        self._x: Any = None

    def step(self) -> None:
        """Take one step in every environment."""
        x = np.array(self._venv.reset() if self._x is None else self._x)
        actions, units = self.agent.sample(x), self.agent.units(self._episodes.contexts)
        self._x, rewards, ends, infos = self._venv.step(actions)
        reached, terminated = np.array(self._x), np.array(ends)
        for row in np.flatnonzero(ends).tolist():
            reached[row] = infos[row]["terminal_observation"]
            terminated[row] = not infos[row]["TimeLimit.truncated"]
        self.replay.add(self.agent.columns(x, actions, rewards, reached, terminated, units))
        self.steps += self._venv.num_envs

    def learn(self, batch: int) -> None:
        """Let the agent learn from a minibatch of what it remembers."""
        self.agent.update(self.replay.draw(batch))
        self.updates += 1

    # -- in segments -------------------------------------------------------------------------------

    @property
    def memory(self) -> Memory:
        """The agent, what it remembers, its surroundings, and the others."""
        around = self._surroundings.memory
        own: dict[str, Kept] = {"agent": self.agent, "life": self}
        return Memory(
            {**around.parts, **self._others, **own}, {**around.tables, "replay": self.replay}
        )

    def end_segment(self) -> None:
        """Cut the episodes under way."""
        self._surroundings.cut()

    def begin_segment(self, seed: np.random.SeedSequence) -> None:
        """Seed actions, draws and environments anew; the next step begins new episodes."""
        acting, rows, episodes = (int(word >> 1) for word in seed.generate_state(3))
        self.agent.reseed(acting)
        reseed(self._rng, np.random.SeedSequence(rows))
        self._surroundings.begin_segment()
        self._venv.seed(episodes)
        self._x = None

    def state(self) -> Tree:
        """Return the counters; see `kept.Kept`."""
        return {"steps": self.steps, "updates": self.updates}

    def restore(self, state: Tree) -> None:
        """Have taken as many."""
        self.steps, self.updates = int(state["steps"]), int(state["updates"])
