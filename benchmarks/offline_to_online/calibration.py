"""How well policies are ranked without an environment: each scorer against true returns.

    python benchmarks/offline_to_online/calibration.py SET SEED

Offline PPO without any gate leads an ensemble from its clones to better policies and then, on
most data, to worse ones. On the way every scorer is asked, and the true return measured.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cells import EPISODES
from sets import OUT, SETS
from torch import Tensor, ones_like

from rltransfer.evaluation import evaluate
from rltransfer.files import write_text
from rltransfer.training import HeadStart, SilentMonitor, TrainingProblem, resolve
from rltransfer.training.algorithms import defaults_of
from rltransfer.training.offline.calibration import Calibration
from rltransfer.training.offline.cloning import Cloning
from rltransfer.training.offline.dynamics_fit import FitDynamics
from rltransfer.training.offline.fresh import network_of
from rltransfer.training.offline.improvement import Improvement
from rltransfer.training.offline.improving import Improving
from rltransfer.training.offline.iql import FitIQL
from rltransfer.training.offline.scorers import AMQ, ModelReturn, Scores, SurvivalTime
from rltransfer.training.offline.view import DataView

CHECKS = 15
LEAST = 0.05
"""Of the distance from random to expert: smaller differences of true returns are not asked for."""


@dataclass(frozen=True)
class Always:
    """A gate that accepts everything."""

    def decide(self, accepted: Scores, candidate: Scores) -> Tensor:
        """Return true for all."""
        return ones_like(candidate.values).bool()


def path_of(name: str, seed: int) -> Path:
    """Return where a result lies."""
    return OUT / "calibration" / f"{name}-{seed}.json"


def run(name: str, seed: int) -> dict[str, Any]:
    """Train an ensemble without a gate and ask all scorers on the way."""
    wanted, data = SETS[name], SETS[name].load()
    env = wanted.family()
    problem = TrainingProblem(env, [env.space.default])
    settings = resolve(*defaults_of(env, "PPO"), env)
    view = DataView(gamma=settings.hyperparameters.get("gamma", 0.99))
    learned = HeadStart(data=data.transitions)
    for stage in (Cloning(network_of(settings), view), FitIQL(view), FitDynamics(view)):
        learned = stage.run(problem, learned, np.random.SeedSequence(seed), SilentMonitor()).learned
    rows = []
    scorers = {
        "ModelReturn 100": ModelReturn(100),
        "ModelReturn 200": ModelReturn(200),
        "AMQ 100": AMQ(100),
        "SurvivalTime 200": SurvivalTime(200),
    }
    free = Improvement(view, gate=Always(), kl_budget=None)
    work = Improving(free, view.samples([problem], [learned], "x"), [learned], [seeded(seed)])
    for check in range(CHECKS):
        if check:
            for _ in range(100):
                work.step(free.learning_rate)
            work.check()
        truths = [
            float(evaluate(policy, env, problem.contexts, EPISODES, 5).returns.mean())
            for policy in work.members()[0]
        ]
        said = {name: work.scored(scorer)[0] for name, scorer in scorers.items()}
        rows.append({"step": 100 * check, "truths": truths, **said})
        print(check, np.round(truths, 1), flush=True)
    reference = data.info.contexts[0].reference
    assert reference is not None
    least = LEAST * (reference.expert - reference.random)
    truths = np.ravel([row["truths"] for row in rows])
    return {
        "set": name,
        "seed": seed,
        "rows": rows,
        "calibration": {
            scorer: Calibration.of(np.ravel([r[scorer] for r in rows]), truths, least).to_dict()
            for scorer in scorers
        },
    }


def seeded(seed: int) -> np.random.SeedSequence:
    """Return the seed of the improvement."""
    return np.random.SeedSequence((seed, 1))


if __name__ == "__main__":
    result = run(sys.argv[1], int(sys.argv[2]))
    write_text(path_of(sys.argv[1], int(sys.argv[2])), json.dumps(result, indent=1))
    print(json.dumps(result["calibration"], indent=1))
