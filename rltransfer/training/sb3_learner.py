"""An agent of Stable-Baselines3 in its environments, as a course sees it. Imports torch."""

from __future__ import annotations

from typing import Any

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from rltransfer.training.course import Course
from rltransfer.training.kept import Growing, Kept
from rltransfer.training.sb3_state import AgentState, ReplayTable
from rltransfer.training.segments import Memory
from rltransfer.training.surroundings import Surroundings

__all__ = ["OnCourse", "SB3Learner"]


class SB3Learner:
    """See `course.Learner`.

    Args:
        agent: learns.
        surroundings: of the agent; None where its vector environment is not ours.
        others: what else is to be kept, by name.
    """

    def __init__(
        self, agent: BaseAlgorithm, surroundings: Surroundings | None = None, **others: Kept
    ) -> None:
        self._agent, self._surroundings = agent, surroundings
        around = surroundings.memory if surroundings is not None else Memory({})
        self._replay = ReplayTable(agent) if isinstance(agent, OffPolicyAlgorithm) else None
        tables: dict[str, Growing] = {} if self._replay is None else {"replay": self._replay}
        self._memory = Memory(
            {**around.parts, **others, "agent": AgentState(agent)}, {**around.tables, **tables}
        )

    @property
    def steps(self) -> int:
        """Environment steps done."""
        return self._agent.num_timesteps

    @property
    def memory(self) -> Memory:
        """The agent, its surroundings, and the others."""
        return self._memory

    def end_segment(self) -> None:
        """Cut the episodes under way."""
        if self._replay is not None:
            self._replay.cut()
        if self._surroundings is not None:
            self._surroundings.cut()

    def begin_segment(self, seed: np.random.SeedSequence) -> None:
        """Seed python, numpy, torch, the action space and the environments; reset these."""
        agent: Any = self._agent
        agent.set_random_seed(word_of(seed))
        if self._surroundings is not None:
            self._surroundings.begin_segment()
        reset(agent, agent.env)
        if getattr(agent, "action_noise", None) is not None:
            agent.action_noise.reset()
        if agent.use_sde:
            explorer = agent.actor if self._replay is not None else agent.policy
            explorer.reset_noise(agent.n_envs)


def word_of(seed: np.random.SeedSequence) -> int:
    """Return a seed as Stable-Baselines3 takes one."""
    return int(seed.generate_state(1)[0] >> 1)


def reset(agent: Any, env: VecEnv) -> None:
    """Begin an episode in every sub-environment, as Stable-Baselines3 begins a training."""
    agent._last_obs = env.reset()
    agent._last_episode_starts = np.ones((env.num_envs,), dtype=bool)
    if agent._vec_normalize_env is not None:
        agent._last_original_obs = agent._vec_normalize_env.get_original_obs()


class OnCourse(BaseCallback):
    """Keeps an agent on its course; put it before other callbacks.

    Args:
        course: of the agent's learner.
    """

    sees_only_rollouts = True

    def __init__(self, course: Course) -> None:
        super().__init__()
        self._course = course

    def _on_rollout_start(self) -> None:
        self._course.on_rollout_start()

    def _on_step(self) -> bool:
        return True
