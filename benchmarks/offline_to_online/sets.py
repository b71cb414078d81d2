"""The recorded data, and the online budgets, frozen per family before any test seed was run.

python benchmarks/offline_to_online/sets.py NAME      record one set, if it is missing
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import rltransfer
from rltransfer.data import load_dataset, write_dataset
from rltransfer.envs import ContextualEnv
from rltransfer.errors import InvalidDataset
from rltransfer.experiment.datasets import DatasetPlan, record

OUT = Path(__file__).resolve().parents[1] / "out" / "offline_to_online"
ROOT = OUT / "datasets"


@dataclass(frozen=True)
class Set:
    """A data set and what is done with it.

    Attributes:
        env: the family, in its default context.
        quality: of the recording.
        steps: transitions recorded, at most.
        online: environment steps of the online stage.
        train_steps: of the policies that were recorded; None for the family's own.
    """

    env: str
    quality: str
    steps: int
    online: int
    train_steps: int | None = None

    @property
    def id(self) -> str:
        """The name of the recording."""
        return f"rltransfer/{self.env.replace('_', '-')}/bench-{self.quality}-v0"

    def family(self) -> ContextualEnv:
        """Return the family."""
        return rltransfer.make(self.env)

    def load(self) -> rltransfer.data.Dataset:
        """Return the recording, made before."""
        return load_dataset(self.id, self.family(), root=ROOT)


SETS = {
    "cartpole-medium": Set("cartpole", "medium", 20_000, 60_000),
    "cartpole-replay": Set("cartpole", "medium-replay", 20_000, 60_000),
    "pendulum-medium": Set("pendulum", "medium", 40_000, 100_000),
    "pendulum-replay": Set("pendulum", "medium-replay", 40_000, 100_000),
    "hopper-full-replay": Set("hopper", "full-replay", 100_000, 200_000),
    "hopper-replay": Set("hopper", "medium-replay", 100_000, 200_000),
    "hopper-medium": Set("hopper", "medium", 100_000, 200_000),
    "halfcheetah-replay": Set("halfcheetah", "medium-replay", 100_000, 200_000),
    "halfcheetah-medium": Set("halfcheetah", "medium", 100_000, 200_000),
    "walker2d-replay": Set("walker2d", "medium-replay", 100_000, 200_000),
    "walker2d-medium": Set("walker2d", "medium", 100_000, 200_000),
    "traffic-replay": Set("traffic_signal", "medium-replay", 10_000, 20_000),
}


def ensure(name: str) -> None:
    """Record a set unless it is there."""
    wanted = SETS[name]
    env = wanted.family()
    try:
        wanted.load()
    except InvalidDataset:
        plan = DatasetPlan(
            env, (env.space.default,), wanted.quality, wanted.steps, 1000, wanted.train_steps
        )
        made = record(plan)
        write_dataset(wanted.id, made.transitions, made.info, env, ROOT)


if __name__ == "__main__":
    ensure(sys.argv[1])
