"""Online reinforcement learning: a Stable-Baselines3 algorithm on a family's contexts."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rltransfer.contexts import Context
from rltransfer.errors import SourceFailed
from rltransfer.training.algorithms import AlgorithmSettings
from rltransfer.training.context_rounds import ContextRounds
from rltransfer.training.context_sampler import ContextSampler, FinishedEpisode
from rltransfer.training.context_samplers import EVENLY, make_context_sampler
from rltransfer.training.global_state import own_global_state
from rltransfer.training.head_start import HeadStart
from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.policy import Policy
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.stage import StageResult
from rltransfer.training.stopping import StoppingRule

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm
    from stable_baselines3.common.vec_env import VecEnv

    from rltransfer.envs.vector import ContextVecEnv
    from rltransfer.training.checkpoints import BestCheckpoint
    from rltransfer.training.recording import RecordingVecEnv

__all__ = ["LOOKS", "OnlineRL"]

LOOKS = 20
"""How often a policy in training is scored."""

NEVER = 2**31
"""Rollouts between two lines of Stable-Baselines3's own log."""


@dataclass(frozen=True)
class OnlineRL:
    """Trains with one algorithm and keeps the checkpoint with the highest score.

    Attributes:
        settings: the algorithm and its hyperparameters.
        looks: how often the monitor scores the policy; of equal scores the later is kept.
        stop: ends the training before its budget is spent; None to spend it.
        record: how many of the last transitions to keep; 0 for none.
        contexts: a name of `CONTEXT_SAMPLERS`: how episodes get theirs, where there are several.
    """

    settings: AlgorithmSettings
    looks: int = LOOKS
    stop: StoppingRule | None = None
    record: int = 0
    contexts: str = EVENLY

    @property
    def name(self) -> str:
        """The algorithm's name."""
        return self.settings.algorithm

    @property
    def first_look(self) -> float | None:
        """After how many steps the policy is scored first; None for a usual interval."""
        return None

    def run(
        self,
        problem: TrainingProblem,
        start: HeadStart,
        seed: np.random.SeedSequence,
        monitor: TrainingMonitor,
    ) -> StageResult:
        """Train; see `Stage.run`. The global random generators are left as they were.

        Raises:
            InvalidPolicy: if the policy of `start` does not fit the settings.
            SourceFailed: if the simulator fails or the training diverges.
        """
        from rltransfer.training.checkpoints import BestCheckpoint

        began = time.perf_counter()
        agent_seed, contexts_seed = (int(word >> 1) for word in seed.generate_state(2))
        rng = np.random.default_rng(contexts_seed)
        sampler = make_context_sampler(self.contexts, problem, self.settings.steps, rng)
        n = self.settings.n_envs
        with own_global_state(), closing(make_venv(problem, n, rng, sampler)) as venv:
            recorder = self.recorder(venv, problem)
            agent = self.agent(recorder or venv, problem, start, agent_seed)
            keeper = BestCheckpoint(
                self.snapshots_of(agent, problem, seed),
                monitor,
                self.settings.steps,
                self.looks,
                stop=self.stop,
                first=self.first_look,
            )
            self.learn(agent, keeper, problem)
        return StageResult(
            learned=start.having(policy=keeper.best),
            steps=agent.num_timesteps,
            seconds=time.perf_counter() - began,
            curve=keeper.curve,
            findings={"stopped early": keeper.stopped} if self.stop is not None else {},
            recorded=recorder.transitions() if recorder is not None else None,
        )

    def agent(
        self, venv: VecEnv, problem: TrainingProblem, start: HeadStart, seed: int
    ) -> BaseAlgorithm:
        """Return the agent before its first step."""
        from rltransfer.training.sb3_agent import build_agent, start_from

        agent = build_agent(self.settings, venv, seed)
        if start.policy is not None:
            start_from(agent, start.policy, problem)
        return agent

    def recorder(self, venv: ContextVecEnv, problem: TrainingProblem) -> RecordingVecEnv | None:
        """Return what keeps the transitions of the environment, if any are to be kept."""
        if not self.record:
            return None
        from rltransfer.training.recording import RecordingVecEnv

        return RecordingVecEnv(venv, self.record)

    def snapshots_of(
        self, agent: BaseAlgorithm, problem: TrainingProblem, seed: np.random.SeedSequence
    ) -> Callable[[int], Policy]:
        """Return what makes a policy of the agent as it is, given the steps done."""
        from rltransfer.training.sb3_agent import policy_of

        known = {**self.provenance(), "seed": str(seed.entropy)}
        return lambda steps: policy_of(agent, problem, {**known, "steps": str(steps)})

    def learn(self, agent: BaseAlgorithm, keeper: BestCheckpoint, problem: TrainingProblem) -> None:
        """Spend the budget, then look a last time."""
        try:
            agent.learn(self.settings.steps, callback=keeper, log_interval=NEVER)
            if not keeper.stopped:
                keeper.look()
        except ValueError as error:
            reason = str(error).partition("\n")[0].rstrip(".:")
            raise SourceFailed(
                f"training {self.name} on {problem.label} failed after {agent.num_timesteps:,} "
                f"steps: {reason}. If weights became NaN, lower learning_rate or set "
                "normalize = true."
            ) from error

    def provenance(self) -> dict[str, str]:
        """Return what decides the weights beside problem and seed."""
        import stable_baselines3
        import torch

        return {
            "algorithm": self.name,
            "budget": str(self.settings.steps),
            "cpu": torch.backends.cpu.get_cpu_capability(),
            "numpy": np.__version__,
            "stable_baselines3": stable_baselines3.__version__,
            "torch": torch.__version__,
        }


def make_venv(
    problem: TrainingProblem,
    n: int,
    rng: np.random.Generator,
    sampler: ContextSampler | None = None,
) -> ContextVecEnv:
    """Return n sub-environments; with several contexts, every episode draws one.

    Args:
        problem: whose contexts.
        n: how many.
        rng: draws the contexts in rounds, where no sampler is given.
        sampler: draws the contexts, and hears how the episodes end.
    """
    from rltransfer.envs.vector import ContextVecEnv

    if problem.context is not None:
        return ContextVecEnv(problem.env, [problem.context] * n, observe=problem.observe)
    contexts = sampler if sampler is not None else ContextRounds(problem.contexts, rng)

    def next_context(row: int) -> Context:
        ended = venv.episodes  # the row's episode is over, the next has not begun
        score, steps = float(ended.returns[row]), int(ended.lengths[row])
        contexts.hear(FinishedEpisode(ended.contexts[row], score, steps))
        return contexts.draw()

    first = [contexts.draw() for _ in range(n)]
    venv = ContextVecEnv(problem.env, first, observe=problem.observe, next_context=next_context)
    return venv
