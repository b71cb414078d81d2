"""Whether the compiled PPO learns as Stable-Baselines3's does: the same settings, ten seeds each.

    python benchmarks/ppo_learning.py            goes on where it was stopped
    python benchmarks/ppo_learning.py --table    only the table of what is there

Returns are means over ten episodes of the deterministic policy, seen twenty times. Of the mean over
a training and of the last look: medians, the difference of means with a 95 % bootstrap interval,
and the p-value of Mann and Whitney's test that one is larger.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import mannwhitneyu

import rltransfer
from rltransfer.evaluation import evaluate
from rltransfer.files import write_text
from rltransfer.training import sb3_agent
from rltransfer.training.algorithms import defaults_of, resolve
from rltransfer.training.head_start import HeadStart
from rltransfer.training.online import OnlineRL
from rltransfer.training.policy import Policy
from rltransfer.training.problem import TrainingProblem

HERE = Path(__file__).parent
CELLS, RESULTS = HERE / "out" / "ppo_learning", HERE / "results"
STEPS = {"cartpole": 60_000, "pendulum": 60_000, "hopper": 150_000}
SEEDS, LOOKS, EPISODES = 10, 20, 10
BACKENDS = ("compiled", "stable-baselines3")


class Watching:
    """Scores a policy by its mean return over ten episodes."""

    def __init__(self, problem: TrainingProblem) -> None:
        self.problem = problem

    def score(self, policy: Policy) -> float:
        """Return the mean return."""
        found = evaluate(policy, self.problem.env, list(self.problem.contexts), EPISODES, seed=7)
        return float(found.mean[0])

    def report(self, steps: int, total: int, score: float | None) -> None:
        """Do nothing."""

    def working(self, stage: str, done: int, total: int) -> None:
        """Do nothing."""


def train(family: str, backend: str, seed: int) -> dict[str, Any]:
    """Train once; return the curve and the CPU time."""
    env = rltransfer.make(family)
    _, defaults = defaults_of(env, "PPO")
    settings = resolve("PPO", defaults.model_copy(update={"steps": STEPS[family]}), env)
    problem = TrainingProblem(env, [{}])
    known = dict(sb3_agent.FASTER)
    if backend != "compiled":
        sb3_agent.FASTER.clear()
    began = time.process_time()
    try:
        result = OnlineRL(settings, LOOKS).run(
            problem, HeadStart(), np.random.SeedSequence(seed), Watching(problem)
        )
    finally:
        sb3_agent.FASTER.update(known)
    curve = [(point.step, point.score) for point in result.curve]
    return {"curve": curve, "cpu seconds": time.process_time() - began, "steps": result.steps}


def run() -> None:
    """Train what is missing, in an order in which every prefix is a fair comparison."""
    for seed in range(SEEDS):
        for family in STEPS:
            for backend in BACKENDS:
                cell = CELLS / family / backend / f"{seed}.json"
                if not cell.exists():
                    cell.parent.mkdir(parents=True, exist_ok=True)
                    write_text(cell, json.dumps(train(family, backend, seed)))
                    print(f"{family} {backend} seed {seed}", flush=True)
        write_table()


def cells(family: str, backend: str) -> list[dict[str, Any]]:
    """Return what is there."""
    return [json.loads(p.read_text()) for p in sorted((CELLS / family / backend).glob("*.json"))]


def interval(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    """Return a 95 % bootstrap interval of the difference of means."""
    rng = np.random.default_rng(0)
    means = (rng.choice(side, (10_000, len(side))).mean(axis=1) for side in (ours, theirs))
    low, high = np.quantile(np.subtract(*means), [0.025, 0.975])
    return float(low), float(high)


def row(family: str, measure: str) -> dict[str, Any]:
    """Compare the two on one family by one number per training."""
    sides = []
    for backend in BACKENDS:
        curves = [[score for _, score in cell["curve"]] for cell in cells(family, backend)]
        sides.append(np.array([np.mean(c) if measure == "mean" else c[-1] for c in curves]))
    ours, theirs = sides
    low, high = interval(ours, theirs)
    p = float(mannwhitneyu(ours, theirs).pvalue)
    seconds = [np.median([cell["cpu seconds"] for cell in cells(family, b)]) for b in BACKENDS]
    return {
        "family": family, "measure": measure, "n": [len(ours), len(theirs)],
        "medians": [float(np.median(ours)), float(np.median(theirs))],
        "difference": float(ours.mean() - theirs.mean()), "interval": [low, high], "p": p,
        "cpu seconds": [float(s) for s in seconds],
    }  # fmt: skip


def write_table() -> None:
    """Write the results, as data and for people."""
    ready = [family for family in STEPS if all(cells(family, b) for b in BACKENDS)]
    rows = [row(family, measure) for family in ready for measure in ("mean", "last")]
    write_text(RESULTS / "ppo_learning.json", json.dumps(rows, indent=1) + "\n")
    lines = [
        "| family | return | n | compiled | Stable-Baselines3 | difference (95 %) | p | CPU-s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for r in rows:
        (a, b), (s, t), (low, high) = r["medians"], r["cpu seconds"], r["interval"]
        lines.append(
            f"| {r['family']} | {r['measure']} | {r['n'][0]}, {r['n'][1]} | {a:,.1f} | {b:,.1f} | "
            f"{r['difference']:+,.1f} ({low:+,.1f} … {high:+,.1f}) | {r['p']:.2f} | "
            f"{s:.1f}, {t:.1f} |"
        )
    write_text(RESULTS / "ppo_learning.md", "\n".join(lines) + "\n")


if __name__ == "__main__":
    if "--table" not in sys.argv:
        run()
    write_table()
