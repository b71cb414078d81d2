"""IQL goes on in the environment: the data as a replay buffer, one update per step.

This is the control that offline-to-online methods are compared with: critic and policy of the
offline stages learn on, by the same losses, from old and new transitions alike. Imports torch:
load it late.

Source: Kostrikov, Nair, Levine, Offline Reinforcement Learning with Implicit Q-Learning
(ICLR 2022), section 5.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np

from rltransfer.errors import InvalidPolicy, SourceFailed
from rltransfer.training.conditions import conditions
from rltransfer.training.context_rounds import ContextRounds
from rltransfer.training.course import Course, segment_length
from rltransfer.training.global_state import own_global_state
from rltransfer.training.head_start import HeadStart
from rltransfer.training.heard_contexts import HeardContexts
from rltransfer.training.iql_agent import IQLAgent, IQLUpdate
from rltransfer.training.iql_life import Life
from rltransfer.training.looks import Looks
from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.offline.view import DataView
from rltransfer.training.online import LOOKS
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.recording import RecordingVecEnv
from rltransfer.training.replay import Replay
from rltransfer.training.segments import Segments
from rltransfer.training.stage import SegmentedStage, StageResult
from rltransfer.training.stopping import StoppingRule
from rltransfer.training.surroundings import Surroundings, make_venv

__all__ = ["OnlineIQL"]


@dataclass(frozen=True)
class OnlineIQL(SegmentedStage):
    """Continues IQL in the environment and keeps the policy with the highest score.

    Attributes:
        steps: environment steps, rounded up to whole steps of all environments.
        view: how much each recorded transition counts; a new one counts as one of the own context.
        n_envs: environments side by side.
        updates_per_step: gradient steps per environment step.
        update: what a gradient step is.
        looks: how often the monitor scores the policy after the first time; of equal scores the
            later is kept.
        stop: ends the training before its budget is spent; None to spend it.
        record: how many of the last transitions to keep; 0 for none.
        segment: environment steps of a segment; None for the rule in `course`.
    """

    steps: int
    view: DataView = DataView()
    n_envs: int = 1
    updates_per_step: float = 1.0
    update: IQLUpdate = field(default_factory=IQLUpdate)
    looks: int = LOOKS
    stop: StoppingRule | None = None
    record: int = 0
    segment: int | None = None

    @property
    def name(self) -> str:
        """A word for tables."""
        return "online IQL"

    def run_in_segments(
        self,
        problem: TrainingProblem,
        start: HeadStart,
        seed: np.random.SeedSequence,
        monitor: TrainingMonitor,
        segments: Segments,
    ) -> StageResult:
        """Train; see `SegmentedStage`.

        It hands on the best policy, and the critic as it is at the end.

        Raises:
            Interrupted: if somebody asked the training to stop.
            InvalidExperiment: if there is no policy, no critic, or no data.
            SourceFailed: if the simulator fails or the training diverges.
        """
        policy, critic = start.need_policy(self.name), start.need_critic(self.name)
        acting, rows, contexts, episodes = (int(word >> 1) for word in seed.generate_state(4))
        agent = IQLAgent(problem, policy, critic, self.update, acting)
        rng, drawing = np.random.default_rng(contexts), np.random.default_rng(rows)
        replay = self.replay(agent, problem, start, drawing)
        rounds = HeardContexts(problem.contexts, ContextRounds(problem.contexts, rng), rng, seed)
        with own_global_state(), closing(make_venv(problem, self.n_envs, rng, rounds)) as venv:
            known = conditions()
            looks = Looks(monitor, self.steps, self.looks, self.provenance(seed, known), self.stop)
            recorder = RecordingVecEnv(venv, self.record) if self.record else None
            around = Surroundings(venv, rounds, recorder)
            life = Life(around, agent, replay, drawing, looks=looks)
            segments.under({**known, **problem.env.simulator.versions()})
            venv.seed(episodes)
            try:
                self.learn(life, looks, Course(life, segments, seed, self.segment_length(problem)))
                critic = agent.critic()
            except InvalidPolicy as error:
                raise SourceFailed(
                    f"training {self.name} on {problem.label} failed: {error}"
                ) from error
        return StageResult(
            learned=start.having(policy=looks.best, critic=critic),
            steps=life.steps,
            seconds=segments.seconds,
            curve=looks.curve,
            findings={"stopped early": looks.stopped} if self.stop is not None else {},
            recorded=None if recorder is None else recorder.transitions(),
        )

    def segment_length(self, problem: TrainingProblem) -> int:
        """Return the environment steps of a segment."""
        if self.segment is not None:
            return self.segment
        return segment_length(self.steps, self.n_envs, problem.env.spec.horizon)

    def replay(
        self,
        agent: IQLAgent,
        problem: TrainingProblem,
        start: HeadStart,
        rng: np.random.Generator,
    ) -> Replay:
        """Return the data, with room for all steps to come."""
        data = start.need_data(self.name)
        weights = self.view.weights(problem, data)
        if weights is None:
            weights = np.ones(len(data))
        return Replay(agent.recorded(data), weights, self.steps + self.n_envs, rng)

    def learn(self, life: Life, looks: Looks, course: Course) -> None:
        """Act, remember, update, until the budget is spent."""
        while life.steps < self.steps:
            course.on_rollout_start()
            if looks.due(life.steps):
                looks.look(life.steps, life.agent.policy())
            if looks.stopped:
                return
            life.step()
            while life.updates + 1 <= life.steps * self.updates_per_step:
                life.learn(self.update.batch)
        looks.look(life.steps, life.agent.policy())

    def provenance(self, seed: np.random.SeedSequence, known: Mapping[str, str]) -> dict[str, str]:
        """Return what decides the weights beside the problem and the head start."""
        return {
            **known,
            "algorithm": self.name,
            "budget": str(self.steps),
            "seed": str(seed.entropy),
        }
