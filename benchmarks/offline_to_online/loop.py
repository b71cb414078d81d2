"""Sources that start from the sources before them, against sources that start from nothing.

    python benchmarks/offline_to_online/loop.py [--families cartpole:length,pendulum:length]
                                                [--trainers a,b] [--seeds 3] [--jobs 1] [--table]

The same MBTL study with three trainers and the same stopping criterion. Every environment step of
training counts; those of scoring policies for learning curves (and, for `uni-o4`, for the choice
before it goes online) are told apart. Runs lie under `benchmarks/out/warm_sources`, are resumable,
and are read again for the table `benchmarks/results/warm_sources.{json,md}`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rltransfer import Experiment, run_experiment
from rltransfer.experiment.agenda import lane_states
from rltransfer.files import write_text
from rltransfer.runs import Run

HERE = Path(__file__).resolve().parents[1]
OUT, RESULTS = HERE / "out" / "warm_sources", HERE / "results"
TRAINERS = ("from-scratch", "warm-start-ppo", "uni-o4")
TARGETS, STOP, EPISODES = 20, 0.95, 10
ROUNDS = {"cartpole": 6, "pendulum": 10}
"""Sources to train. A warm source that is good enough at once costs a round and nothing else."""

RECORD = 20_000
"""Transitions kept of each source."""

SHARE = 0.98
"""Of the last V of the cold sources: what warm ones are to reach."""


def study(family: str, trainer: str, seeds: int) -> Experiment:
    """Return the study of a family with one trainer."""
    env, feature = family.split(":")
    return Experiment.of(
        env,
        vary=[feature],
        targets=TARGETS,
        rounds=ROUNDS.get(env, 6),
        seeds=list(range(seeds)),
        name=f"{env}-{feature}-{trainer}",
        training={"trainer": trainer, "stop": STOP, "record": RECORD},
        evaluation={"episodes": EPISODES},
    )


def rounds_of(run: Run) -> dict[str, list[float]]:
    """Return, round by round, training steps, scoring steps, offline seconds and V."""
    state = next(iter(lane_states(run).values()))
    pool = run.sources()
    records = [pool[key] for key in state.keys]
    return {
        "steps": [float(record.steps) for record in records],
        "scoring": [float(record.monitor_steps or 0) for record in records],
        "seconds": [record.seconds for record in records],
        "V": [float(v) for v in state.transfer.coverage_curve()],
    }


def table(family: str, seeds: int) -> dict[str, Any]:
    """Return the numbers of a family, from the runs that are finished."""
    found = {
        trainer: [rounds_of(run) for run in finished(study(family, trainer, 1), seeds)]
        for trainer in TRAINERS
    }
    goals = [goal_of(run["V"][-1], family) for run in found["from-scratch"]]
    return {
        trainer: {
            "n": len(runs),
            "steps of a further source": mean([s for run in runs for s in run["steps"][1:]]),
            "steps in all": mean([sum(run["steps"]) for run in runs]),
            "scoring steps": mean([sum(run["scoring"]) for run in runs]),
            "seconds": mean([sum(run["seconds"]) for run in runs]),
            "V": mean([run["V"][-1] for run in runs]),
            "steps to V": [steps_to(run, goal) for run, goal in zip(runs, goals, strict=False)],
            "rounds": runs,
        }
        for trainer, runs in found.items()
    }


def finished(experiment: Experiment, seeds: int) -> list[Run]:
    """Return the runs of an experiment that hold all their sources."""
    folders = [OUT / experiment.name / f"seed-{seed}" for seed in range(seeds)]
    runs = [Run.open(folder) for folder in folders if folder.is_dir()]
    return [run for run in runs if len(run.source_folders()) >= experiment.selection.rounds]


def goal_of(V: float, family: str) -> float:
    """Return the V that counts as reached: a share of the way from the family's low score."""
    import rltransfer

    low = rltransfer.make(family.split(":")[0]).spec.score.low
    return low + SHARE * (V - low)


def steps_to(run: Mapping[str, Sequence[float]], goal: float) -> float | None:
    """Return the training steps after which V first reaches the goal."""
    reached = np.flatnonzero(np.array(run["V"]) >= goal)
    return float(np.cumsum(run["steps"])[reached[0]]) if len(reached) else None


def mean(values: Sequence[float]) -> float | None:
    """Return the mean, or None of nothing."""
    return float(np.mean(values)) if values else None


def markdown(tables: Mapping[str, Any]) -> str:
    """Return the tables as text."""
    lines = ["# Sources that inherit", "", HEADING, ""]
    for family, rows in tables.items():
        lines += [f"## {family}", "", HEAD, "|---|---|---|---|---|---|---|---|"]
        for trainer, row in rows.items():
            if row["n"]:
                reached = [f"{s:,.0f}" if s is not None else "–" for s in row["steps to V"]]
                lines.append(
                    f"| {trainer} | {row['n']} | {row['steps of a further source']:,.0f} | "
                    f"{row['steps in all']:,.0f} | {row['scoring steps']:,.0f} | "
                    f"{row['V']:.1f} | {', '.join(reached)} | {row['seconds']:.0f} |"
                )
        lines.append("")
    return "\n".join(lines)


HEADING = (
    f"MBTL, {TARGETS} targets, each source trained until its score is {STOP} of the family's "
    f"range. *steps to V*: training steps, per seed, until V has come {SHARE:.0%} of the "
    "way to what the cold sources of the same seed end with."
)
HEAD = (
    "| trainer | n | steps of a further source | steps in all | scoring steps | last V "
    "| steps to V | seconds |"
)


def main() -> None:
    """Run what is missing, then write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--families", default="cartpole:length,pendulum:length")
    parser.add_argument("--trainers", default=",".join(TRAINERS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    families = given.families.split(",")
    if not given.table:
        for seeds in range(1, given.seeds + 1):
            for family in families:
                for trainer in given.trainers.split(","):
                    run_experiment(study(family, trainer, seeds), OUT, jobs=given.jobs)
                    print(family, trainer, seeds, flush=True)
    tables = {family: table(family, given.seeds) for family in families}
    write_text(RESULTS / "warm_sources.json", json.dumps(tables, indent=1))
    write_text(RESULTS / "warm_sources.md", markdown(tables))
    print(markdown(tables))


if __name__ == "__main__":
    main()
