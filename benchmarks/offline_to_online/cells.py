"""One training of the comparison, and what is measured on the way.

    python benchmarks/offline_to_online/cells.py SET ARM SEED

Scores are D4RL's: 100 (J - random) / (expert - random), with the references of the recording.
Every environment step counts: those of the online stage on the horizontal axis, those of scoring
policies apart, those of recording the data once per set.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from sets import OUT, SETS, Set

from rltransfer.data import Dataset
from rltransfer.evaluation import evaluate
from rltransfer.files import write_text
from rltransfer.training import (
    HeadStart,
    Policy,
    Trainer,
    TrainingProblem,
    make_recipe,
    resolve,
)
from rltransfer.training.algorithms import defaults_of

ARMS = {
    "ours": "uni-o4",
    "scratch": "from-scratch",
    "clone + PPO": "clone-then-ppo",
    "clone + fitted PPO": "clone-then-ppo-fitted",
    "IQL fine-tune": "iql-fine-tune",
    "Uni-O4 as published": "uni-o4-faithful",
}
EPISODES = 20


def path_of(name: str, arm: str, seed: int) -> Path:
    """Return where a cell's result lies."""
    return OUT / "cells" / name / f"{arm.replace(' ', '-')}-{seed}.json"


class Watch:
    """Scores policies on their own context, and counts what that costs."""

    def __init__(self, problem: TrainingProblem, seed: int) -> None:
        self.problem, self.seed, self.steps = problem, seed, 0

    def score(self, policy: Policy) -> float:
        """Return the mean return of the deterministic policy."""
        found = evaluate(policy, self.problem.env, self.problem.contexts, EPISODES, self.seed)
        self.steps += int(found.lengths.sum())
        return float(found.returns.mean())

    def report(self, steps: int, total: int, score: float | None) -> None:
        """Say where the training is."""
        print(f"  {steps:,} of {total:,}: {score}", flush=True)

    def working(self, stage: str, done: int, total: int) -> None:
        """Do nothing."""


def run(name: str, arm: str, seed: int) -> dict[str, Any]:
    """Train one cell; return what is written down."""
    wanted = SETS[name]
    data = wanted.load()
    env = wanted.family()
    problem = TrainingProblem(env, [env.space.default])
    watch = Watch(problem, 10_000 + seed)
    trainer, start = trainer_of(wanted, ARMS[arm], data)
    began = time.process_time()
    result = trainer.train(problem, seed, watch, start)
    reference = data.info.contexts[0].reference
    assert reference is not None
    return {
        "set": name,
        "arm": arm,
        "seed": seed,
        "random": reference.random,
        "expert": reference.expert,
        "data": float(data.transitions.episode_returns.mean()),
        "cpu_seconds": time.process_time() - began,
        "steps": result.steps,
        "scoring_steps": watch.steps,
        "curve": [list(point) for point in result.curve],
        "stages": [
            {
                "name": stage,
                "seconds": found.seconds,
                "members": [watch.score(member) for member in found.learned.members],
                "policy": None if found.learned.policy is None else watch.score(found.policy),
                "findings": dict(found.findings),
            }
            for stage, found in zip(result.stages, result.results, strict=True)
        ],
    }


def trainer_of(wanted: Set, recipe: str, data: Dataset) -> tuple[Trainer, HeadStart]:
    """Return an arm's trainer, and what it begins with."""
    env = wanted.family()
    name, known = defaults_of(env, "PPO")
    defaults = known.model_copy(update={"steps": wanted.online})
    resolve(name, defaults, env)
    made = make_recipe(recipe, algorithm=name, defaults=defaults)
    if recipe == "from-scratch":
        return made.trainer(env), HeadStart()
    return made.data_trainer(env), HeadStart(data=data.transitions)


if __name__ == "__main__":
    result = run(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    path = path_of(*sys.argv[1:3], int(sys.argv[3]))
    write_text(path, json.dumps(result, indent=1))
