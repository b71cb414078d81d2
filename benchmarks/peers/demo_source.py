"""One source of `make demo` with whatever rltransfer is imported: training and evaluation.

Answers each seed, a line, when a CartPole policy with the family's settings has been trained,
looked at on the way as in a study, and evaluated in 50 targets.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import rltransfer
from rltransfer.evaluation import evaluate
from rltransfer.experiment.monitor import FileMonitor, monitor_episodes
from rltransfer.training.recipes import make_recipe

TARGETS, EPISODES = 50, 10


def source(seed: int, folder: Path) -> None:
    """Train and evaluate a policy of the default context."""
    env = rltransfer.make("cartpole")
    recipe = make_recipe("from-scratch")
    (problem,) = recipe.problems(env, [env.space.default])
    episodes = monitor_episodes(problem, env.spec.training["PPO"].steps)
    monitor = FileMonitor(problem, episodes, seed, folder / "progress", folder / "scores")
    policy = recipe.trainer(env).train(problem, seed, monitor).policy
    targets = [env.space.validate(x) for x in env.space.select(["length"]).grid(TARGETS)]
    evaluate(policy, env, targets, EPISODES, seed)


if __name__ == "__main__":
    print("ready", flush=True)
    for line in sys.stdin:
        with tempfile.TemporaryDirectory() as folder:
            source(int(line), Path(folder))
        print(1, flush=True)
