"""IQL goes on in the environment: the data as a replay buffer, one update per step.

This is the control that offline-to-online methods are compared with: critic and policy of the
offline stages learn on, by the same losses, from old and new transitions alike. Imports torch:
load it late.

Source: Kostrikov, Nair, Levine, Offline Reinforcement Learning with Implicit Q-Learning
(ICLR 2022), section 5.3.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
import torch

from rltransfer.errors import InvalidPolicy, SourceFailed
from rltransfer.training.global_state import own_global_state
from rltransfer.training.head_start import HeadStart
from rltransfer.training.iql_agent import IQLAgent, IQLUpdate
from rltransfer.training.iql_life import Life
from rltransfer.training.looks import Looks
from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.offline.view import DataView
from rltransfer.training.online import LOOKS, make_venv
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.replay import Replay
from rltransfer.training.stage import StageResult
from rltransfer.training.stopping import StoppingRule

__all__ = ["OnlineIQL"]


@dataclass(frozen=True)
class OnlineIQL:
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
    """

    steps: int
    view: DataView = DataView()
    n_envs: int = 1
    updates_per_step: float = 1.0
    update: IQLUpdate = field(default_factory=IQLUpdate)
    looks: int = LOOKS
    stop: StoppingRule | None = None
    record: int = 0

    @property
    def name(self) -> str:
        """A word for tables."""
        return "online IQL"

    def run(
        self,
        problem: TrainingProblem,
        start: HeadStart,
        seed: np.random.SeedSequence,
        monitor: TrainingMonitor,
    ) -> StageResult:
        """Train; see `Stage.run`. It hands on the best policy, and the critic as it is at the end.

        Raises:
            InvalidExperiment: if there is no policy, no critic, or no data.
            SourceFailed: if the simulator fails or the training diverges.
        """
        began = time.perf_counter()
        policy, critic = start.need_policy(self.name), start.need_critic(self.name)
        acting, rows, contexts, episodes = (int(word >> 1) for word in seed.generate_state(4))
        agent = IQLAgent(problem, policy, critic, self.update, acting)
        replay = self.replay(agent, problem, start, np.random.default_rng(rows))
        looks = Looks(monitor, self.steps, self.looks, self.provenance(seed), self.stop)
        rng = np.random.default_rng(contexts)
        with own_global_state(), closing(make_venv(problem, self.n_envs, rng)) as venv:
            life = Life(venv, agent, replay, self.record)
            venv.seed(episodes)
            try:
                done = self.learn(life, looks)
                critic = agent.critic()
            except InvalidPolicy as error:
                raise SourceFailed(
                    f"training {self.name} on {problem.label} failed: {error}"
                ) from error
        return StageResult(
            learned=start.having(policy=looks.best, critic=critic),
            steps=done,
            seconds=time.perf_counter() - began,
            curve=looks.curve,
            findings={"stopped early": looks.stopped} if self.stop is not None else {},
            recorded=life.recorded(),
        )

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

    def learn(self, life: Life, looks: Looks) -> int:
        """Act, remember, update, until the budget is spent; return the environment steps taken."""
        done, updates = 0, 0
        while done < self.steps:
            if looks.due(done):
                looks.look(done, life.agent.policy())
            if looks.stopped:
                return done
            done += life.step()
            while updates + 1 <= done * self.updates_per_step:
                life.agent.update(life.replay.draw(self.update.batch))
                updates += 1
        looks.look(done, life.agent.policy())
        return done

    def provenance(self, seed: np.random.SeedSequence) -> dict[str, str]:
        """Return what decides the weights beside the problem and the head start."""
        return {
            "algorithm": self.name,
            "budget": str(self.steps),
            "cpu": torch.backends.cpu.get_cpu_capability(),
            "numpy": np.__version__,
            "seed": str(seed.entropy),
            "torch": torch.__version__,
        }
