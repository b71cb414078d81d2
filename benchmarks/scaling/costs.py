"""What 10^3 contexts and 10^2 policies cost, from the measured speeds of one core.

    python benchmarks/scaling/costs.py

Reads `benchmarks/results/performance.json`, and writes the table of `docs/scaling.md`.

Notation
    N, M, E    policies, targets, episodes in each
    H          steps of an episode, at most
    τ, ε       core-seconds of one training with its looks, and of one evaluation in M targets
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.table import put_between_markers

from rltransfer.envs import load_catalog
from rltransfer.training.online import LOOKS

PAGE = Path("docs/scaling.md")
MEASURED = Path("benchmarks/results/performance.json")
PAGE = Path("docs/scaling.md")
BEGIN, END = "<!-- costs: begin -->\n", "<!-- costs: end -->"

N, M, E = 100, 1000, 10
CORES = 16  # of a machine
MACHINES = (1, 10, 100)
SEEDS = 10
HOUR = 3600.0
LOOK_EPISODES = 20


@dataclass(frozen=True)
class Family:
    """Which cases tell the speed of a family.

    Attributes:
        name: in the catalogue.
        training: the case of its training.
        evaluation: that of its evaluation.
    """

    name: str
    training: str
    evaluation: str


FAMILIES = (
    Family("cartpole", "ppo-cartpole-16", "matrix-cartpole"),
    Family("halfcheetah", "ppo-halfcheetah-8", "evaluation-halfcheetah"),
    Family("hopper", "ppo-hopper-8", "evaluation-hopper"),
)


def main() -> None:
    """Put the table into the page."""
    cases = json.loads(MEASURED.read_text())["cases"]
    rows = [row for family in FAMILIES for row in rows_of(family, cases)]
    put_between_markers(PAGE, "costs", "\n".join([*HEAD, *rows]))


HEAD = (
    "| family | study | core-hours, training + evaluation | longest chain | "
    + " | ".join(f"{machines} × {CORES} cores" for machines in MACHINES)
    + " |",
    "|---|---|---|---|" + "---|" * len(MACHINES),
)


@dataclass(frozen=True)
class Study:
    """So many policies.

    Attributes:
        about: what is trained.
        policies: how many.
        chain: how many of them one after another.
        share: of the targets that each is measured on.
    """

    about: str
    policies: int
    chain: int
    share: float = 1.0


STUDIES = (
    Study(f"{N} rounds, one after another", N, N),
    Study("the same, measured on a tenth of the targets", N, N, 0.1),
    Study(f"{SEEDS} seeds of the first, side by side", SEEDS * N, N),
    Study(f"all {M:,} contexts, each by itself", M, 1),
)


def rows_of(family: Family, cases: Mapping[str, Any]) -> list[str]:
    """Return a row for each study."""
    training, evaluation = (seconds / HOUR for seconds in seconds_of(family, cases))
    rows = []
    for study in STUDIES:
        policy = training + study.share * evaluation
        work, chain = study.policies * policy, study.chain * policy
        told = [
            family.name,
            study.about,
            f"{text(study.policies * training)} + {text(work - study.policies * training)}",
            time(chain),
            *(time(hours(work, chain, machines * CORES)) for machines in MACHINES),
        ]
        rows.append(f"| {' | '.join(told)} |")
    return rows


def hours(work: float, chain: float, cores: int) -> float:
    """Return the hours that pass: no less than the longest chain, no less than the work shared."""
    return max(work / cores, chain)


def seconds_of(family: Family, cases: Mapping[str, Any]) -> tuple[float, float]:
    """Return τ and ε."""
    spec = load_catalog()[family.name]
    defaults = next(iter(spec.training.values()))
    play = 1.0 / rate(cases[family.evaluation])
    looks = (LOOKS + 1) * LOOK_EPISODES * spec.horizon
    return defaults.steps / rate(cases[family.training]) + looks * play, M * E * spec.horizon * play


def rate(case: Mapping[str, Any]) -> float:
    """Return how many steps a core does in a second of its own time."""
    return median(steps / own for steps, _, own, _ in case["turns"]["ours"])


def time(value: float) -> str:
    """Return hours as hours, minutes or seconds."""
    for unit, hours_of in (("h", 1.0), ("min", 1 / 60)):
        if value >= hours_of:
            return f"{text(value / hours_of)} {unit}"
    return f"{text(value * HOUR)} s"


def text(value: float) -> str:
    """Return a number with two digits that count."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


if __name__ == "__main__":
    main()
