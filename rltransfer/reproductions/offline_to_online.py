"""Protocol `offline-to-online`: what recorded data are worth before and while a policy learns.

The data are recorded here, in D4RL's way, for the published ones belong to other versions of the
simulators. Scores are D4RL's, 100 (J - random) / (expert - random), with our own references.
Quantities of each arm, by the arm's name:

    <arm>.start    score before the first environment step: of the clone, of the offline policy
    <arm>.final    score of the finished policy in episodes that nobody chose it by
    <arm>.mean     mean over the online steps that all arms have
    <arm>.worst    least score online over the score at the start

Arms without an online stage have `final` only. `scratch` is PPO without data.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal

from joblib import Parallel, delayed

from rltransfer.data import Dataset, load_dataset, write_dataset
from rltransfer.envs import ContextualEnv, TrainingDefaults, make
from rltransfer.errors import InvalidDataset
from rltransfer.experiment.adaptation.arms import watched
from rltransfer.experiment.datasets import DatasetPlan, record
from rltransfer.experiment.sections import Steps
from rltransfer.experiment.solo.beginnings import digest_of
from rltransfer.experiment.solo.listener import Listener
from rltransfer.experiment.solo.record import SoloRecord
from rltransfer.experiment.solo.training import SoloTraining, train_solo
from rltransfer.reproductions.arms import offline_trainer
from rltransfer.reproductions.measurements import Measurements
from rltransfer.reproductions.online_scores import summary
from rltransfer.reproductions.reproduction import Budget, Errand, Reproduction, Size
from rltransfer.training.algorithms import defaults_of
from rltransfer.training.head_start import HeadStart
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.recipes import make_recipe

__all__ = ["OfflineToOnline", "OnlineBudget"]

SCRATCH = "scratch"
RECORDING_SEED = 1000
LOOKS, EPISODES = 20, 10


class OnlineBudget(Budget):
    """How much is recorded and learned.

    Attributes:
        transitions: that are recorded.
        recorded_steps: of the training behind the recording; the family's own by default.
        steps: of each online stage.
    """

    transitions: Steps
    recorded_steps: Steps | None = None
    steps: Steps


class OfflineToOnline(Reproduction):
    """One data set and the trainings that begin with it.

    Attributes:
        env: the family, in its default context.
        quality: of the recording, a name of `data.info.QUALITIES`.
        arms: names of `ARMS`, and `scratch`.
    """

    protocol: Literal["offline-to-online"]
    env: str
    quality: str
    arms: list[Literal["uni-o4", "uni-o4-offline", "cloning", "iql", "cloning+ppo", "scratch"]]
    budgets: dict[Size, OnlineBudget]

    @property
    def sizes(self) -> Mapping[str, OnlineBudget]:
        """The budgets by size."""
        return {str(size): budget for size, budget in self.budgets.items()}

    @cached_property
    def family(self) -> ContextualEnv:
        """The family."""
        return make(self.env)

    def measure(self, errand: Errand) -> Measurements:
        """Record the data, train every arm with every seed; see `Reproduction`."""
        folder, seeds = errand.out / self.label(errand.size), self.sizes[errand.size].seeds
        data = self.recorded(errand, folder)
        cells = [(str(arm), seed) for seed in seeds for arm in self.arms]
        with errand.watch.stages() as listener:
            told = listener if errand.jobs == 1 else Listener()
            records = Parallel(n_jobs=errand.jobs)(
                delayed(self.train)(errand.size, arm, seed, data, folder, told)
                for arm, seed in cells
            )
        by_seed = [
            {arm: record for (arm, s), record in zip(cells, records, strict=True) if s == seed}
            for seed in seeds
        ]
        return summary(by_seed, data)

    def recorded(self, errand: Errand, folder: Path) -> Dataset:
        """Return the recording, made unless it is there."""
        budget, root = self.sizes[errand.size], folder / "data"
        id = f"rltransfer/{self.quality}-v0"
        try:
            return load_dataset(id, self.family, root)
        except InvalidDataset:
            pass
        plan = DatasetPlan(
            self.family,
            (self.family.space.default,),
            self.quality,  # type: ignore[arg-type]  # the plan checks it
            budget.transitions,
            RECORDING_SEED,
            budget.recorded_steps,
        )
        with errand.watch.stages() as listener:
            made = record(plan, lambda what, done, total: listener.working(what, done, total))
        write_dataset(id, made.transitions, made.info, self.family, root)
        return load_dataset(id, self.family, root)

    def defaults(self, size: str) -> TrainingDefaults:
        """Return the settings of PPO, with the budget's steps."""
        known = defaults_of(self.family, "PPO")[1]
        return known.model_copy(update={"steps": self.sizes[size].steps})

    def train(
        self, size: str, arm: str, seed: int, data: Dataset, folder: Path, listener: Listener
    ) -> SoloRecord:
        """Train one arm with one seed, or return what was finished before."""
        defaults, env = self.defaults(size), self.family
        if arm == SCRATCH:
            trainer = make_recipe("from-scratch", algorithm="PPO", defaults=defaults).trainer(env)
            start = HeadStart()
        else:
            trainer = offline_trainer(arm, env, defaults)
            start = HeadStart(data=data.transitions)
        told = {
            "arm": arm,
            "env": env.spec.id,
            "seed": seed,
            "steps": defaults.steps,
            "data": None if start.data is None else digest_of(start.data),
        }
        problem = TrainingProblem(env, [env.space.default])
        training = SoloTraining(problem, watched(trainer, LOOKS), start, arm, EPISODES, seed, told)
        return train_solo(training, folder / f"seed-{seed}" / arm, listener)
