"""Online reinforcement learning: a Stable-Baselines3 algorithm on a family's contexts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rltransfer.errors import SourceFailed
from rltransfer.training.algorithms import AlgorithmSettings
from rltransfer.training.context_samplers import EVENLY, make_context_sampler
from rltransfer.training.course import Course, segment_length
from rltransfer.training.global_state import own_global_state
from rltransfer.training.head_start import HeadStart
from rltransfer.training.heard_contexts import HeardContexts
from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.policy import Policy
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.segments import Segments
from rltransfer.training.stage import SegmentedStage, StageResult
from rltransfer.training.stopping import StoppingRule
from rltransfer.training.surroundings import Surroundings, make_venv
from rltransfer.training.tensorboard import log_interval, logged

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm
    from stable_baselines3.common.vec_env import VecEnv

    from rltransfer.envs.vector import ContextVecEnv
    from rltransfer.training.checkpoints import BestCheckpoint
    from rltransfer.training.recording import RecordingVecEnv

__all__ = ["LOOKS", "OnlineRL"]

LOOKS = 20
"""How often a policy in training is scored."""


@dataclass(frozen=True)
class OnlineRL(SegmentedStage):
    """Trains with one algorithm and keeps the checkpoint with the highest score.

    Attributes:
        settings: the algorithm and its hyperparameters.
        looks: how often the monitor scores the policy; of equal scores the later is kept.
        stop: ends the training before its budget is spent; None to spend it.
        record: how many of the last transitions to keep; 0 for none.
        contexts: a name of `CONTEXT_SAMPLERS`: how episodes get theirs, where there are several.
        segment: environment steps of a segment; None for the rule in `course`.
    """

    settings: AlgorithmSettings
    looks: int = LOOKS
    stop: StoppingRule | None = None
    record: int = 0
    contexts: str = EVENLY
    segment: int | None = None

    @property
    def name(self) -> str:
        """The algorithm's name."""
        return self.settings.algorithm

    @property
    def first_look(self) -> float | None:
        """After how many steps the policy is scored first; None for a usual interval."""
        return None

    def run_in_segments(
        self,
        problem: TrainingProblem,
        start: HeadStart,
        seed: np.random.SeedSequence,
        monitor: TrainingMonitor,
        segments: Segments,
    ) -> StageResult:
        """Train; see `SegmentedStage`. The global random generators are left as they were.

        Raises:
            Interrupted: if somebody asked the training to stop.
            InvalidPolicy: if the policy of `start` does not fit the settings.
            SourceFailed: if the simulator fails or the training diverges.
        """
        from rltransfer.training.conditions import conditions
        from rltransfer.training.sb3_learner import SB3Learner

        agent_seed, contexts_seed = (int(word >> 1) for word in seed.generate_state(2))
        rng = np.random.default_rng(contexts_seed)
        sampler = make_context_sampler(self.contexts, problem, self.settings.steps, rng)
        contexts = HeardContexts(problem.contexts, sampler, rng, seed)
        n = self.settings.n_envs
        with own_global_state(), closing(make_venv(problem, n, rng, contexts)) as venv:
            recorder = self.recorder(venv)
            agent = self.agent(recorder or venv, problem, start, agent_seed)
            keeper = self.keeper(self.snapshots_of(agent, problem, seed), monitor)
            segments.under({**conditions(), **problem.env.simulator.versions()})
            learner = SB3Learner(agent, Surroundings(venv, contexts, recorder), best=keeper.kept)
            course = Course(learner, segments, seed, self.segment_length(problem))
            with logged(agent, monitor):
                self.learn(agent, course, keeper, problem)
        return StageResult(
            learned=start.having(policy=keeper.best),
            steps=agent.num_timesteps,
            seconds=segments.seconds,
            curve=keeper.curve,
            findings={"stopped early": keeper.stopped} if self.stop is not None else {},
            recorded=recorder.transitions() if recorder is not None else None,
        )

    def segment_length(self, problem: TrainingProblem) -> int:
        """Return the environment steps of a segment, before they are rounded up to rollouts."""
        if self.segment is not None:
            return self.segment
        settings = self.settings
        return segment_length(settings.steps, settings.n_envs, problem.env.spec.horizon)

    def agent(
        self, venv: VecEnv, problem: TrainingProblem, start: HeadStart, seed: int
    ) -> BaseAlgorithm:
        """Return the agent before its first step."""
        from rltransfer.training.sb3_agent import build_agent, start_from

        agent = build_agent(self.settings, venv, seed)
        if start.policy is not None:
            start_from(agent, start.policy, problem)
        return agent

    def recorder(self, venv: ContextVecEnv) -> RecordingVecEnv | None:
        """Return what keeps the transitions of the environment, if any are to be kept."""
        if not self.record:
            return None
        from rltransfer.training.recording import RecordingVecEnv

        return RecordingVecEnv(venv, self.record)

    def keeper(self, snapshot: Callable[[int], Policy], monitor: TrainingMonitor) -> BestCheckpoint:
        """Return what looks at the policy on the way, and keeps the best."""
        from rltransfer.training.checkpoints import BestCheckpoint

        return BestCheckpoint(
            snapshot,
            monitor,
            self.settings.steps,
            self.looks,
            stop=self.stop,
            first=self.first_look,
        )

    def snapshots_of(
        self, agent: BaseAlgorithm, problem: TrainingProblem, seed: np.random.SeedSequence
    ) -> Callable[[int], Policy]:
        """Return what makes a policy of the agent as it is, given the steps done."""
        from rltransfer.training.sb3_agent import policy_of

        known = {**self.provenance(agent), "seed": str(seed.entropy)}
        return lambda steps: policy_of(agent, problem, {**known, "steps": str(steps)})

    def learn(
        self,
        agent: BaseAlgorithm,
        course: Course,
        keeper: BestCheckpoint,
        problem: TrainingProblem,
    ) -> None:
        """Spend the budget, then look a last time."""
        from stable_baselines3.common.callbacks import CallbackList

        from rltransfer.training.sb3_learner import OnCourse

        callback = CallbackList([OnCourse(course), keeper])
        try:
            agent.learn(self.settings.steps, callback=callback, log_interval=log_interval(agent))
            if not keeper.stopped:
                keeper.look()
        except ValueError as error:
            reason = str(error).partition("\n")[0].rstrip(".:")
            raise SourceFailed(
                f"training {self.name} on {problem.label} failed after {agent.num_timesteps:,} "
                f"steps: {reason}. If weights became NaN, lower learning_rate or set "
                "normalize = true."
            ) from error

    def provenance(self, agent: BaseAlgorithm) -> dict[str, str]:
        """Return what decides the weights beside problem and seed."""
        from rltransfer.training.conditions import conditions, loops_of

        return {
            **conditions(),
            "algorithm": self.name,
            "budget": str(self.settings.steps),
            "loops": loops_of(agent),
        }
