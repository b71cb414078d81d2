"""From the cells to a table and a figure; partial results say how many seeds they have.

Notation
    J       mean return of the deterministic policy; scores are 100 (J - random) / (expert - random)
    n       seeds
"""

from __future__ import annotations

import json
import platform
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from cells import ARMS, OUT
from matplotlib.figure import Figure
from sets import SETS

import rltransfer
from rltransfer.files import write_text
from rltransfer.transfer.adaptation import LearningCurve
from rltransfer.transfer.statistics import iqm, probability_of_improvement, stratified_bootstrap

RESULTS = Path(__file__).resolve().parents[1] / "results"
SHARE = 90.0
"""Of the expert's score: what "reached" means."""

EARLY = 50_000
"""Online steps in which a dip is looked for."""

COLORS = dict(
    zip(ARMS, ("#0b5c8e", "#7a7a7a", "#d55e00", "#e69f00", "#009e73", "#cc79a7"), strict=True)
)

Cell = dict[str, Any]


def write_table() -> None:
    """Write the table as JSON and Markdown, and the figure."""
    cells = [json.loads(path.read_text()) for path in sorted(OUT.glob("cells/*/*.json"))]
    cells = [cell for cell in cells if cell["seed"] < 100]  # others are trials
    if not cells:
        print("no cell is finished yet")
        return
    by_set: dict[str, dict[str, list[Cell]]] = defaultdict(lambda: defaultdict(list))
    for cell in cells:
        by_set[cell["set"]][cell["arm"]].append(cell)
    tables = {
        name: {arm: summary(by_set[name], arm, name) for arm in ARMS if arm in by_set[name]}
        for name in SETS
        if name in by_set
    }
    found = {"machine": machine(), "sets": tables, "calibration": calibrations()}
    write_text(RESULTS / "offline_to_online.json", json.dumps(found, indent=1))
    write_text(RESULTS / "offline_to_online.md", markdown(tables, found["calibration"]))
    draw(by_set)


def summary(arms: Mapping[str, list[Cell]], arm: str, name: str) -> dict[str, Any]:
    """Return the numbers of one arm on one set."""
    rng = np.random.default_rng(0)
    cells, budget = arms[arm], SETS[name].online
    curves = [curve_of(cell) for cell in cells]
    areas = [area(curve, budget) for curve in curves]
    ours = [area(curve_of(cell), budget) for cell in arms.get("ours", [])]
    return {
        "n": len(cells),
        "cloned": spread((score(cell, stage_of(cell, "cloning")) for cell in cells), rng),
        "offline": spread((score(cell, offline_of(cell)) for cell in cells), rng),
        "start": spread((curve.start for curve in curves), rng),
        "dip": [early_worst(curve) for curve in curves] if arm != "scratch" else [],
        "steps to 90": [curve.steps_to(SHARE) for curve in curves],
        "mean": spread(areas, rng),
        "final": spread((curve.scores[-1] for curve in curves), rng),
        "ours is better": probability_of_improvement([ours], [areas]) if ours else None,
        "offline CPU-s": float(np.mean([offline_seconds(cell) for cell in cells])),
        "CPU-s": float(np.mean([cell["cpu_seconds"] for cell in cells])),
    }


def curve_of(cell: Cell) -> LearningCurve:
    """Return the online curve in scores."""
    return LearningCurve.of((step, score(cell, J)) for step, J in cell["curve"])


def area(curve: LearningCurve, budget: int) -> float:
    """Return the mean score over the online budget; before the first look the first score."""
    if curve.steps[0] > 0:
        first = [(0.0, curve.start)]
        curve = LearningCurve.of([*first, *zip(curve.steps, curve.scores, strict=True)])
    return curve.between(0, min(budget, curve.steps[-1])).mean()


def score(cell: Cell, J: float | None) -> float:
    """Return a return as a score; NaN if there is none."""
    if J is None:
        return float("nan")
    return 100.0 * (J - cell["random"]) / (cell["expert"] - cell["random"])


def stage_of(cell: Cell, name: str) -> float | None:
    """Return the mean return of a stage's members, or of its policy."""
    for stage in cell["stages"]:
        if stage["name"] == name:
            return float(np.mean(stage["members"])) if stage["members"] else stage["policy"]
    return None


def offline_of(cell: Cell) -> float | None:
    """Return the return of the policy that goes online."""
    before = [stage["policy"] for stage in cell["stages"][:-1]]
    return before[-1] if before else None


def offline_seconds(cell: Cell) -> float:
    """Return the seconds of all stages but the last."""
    return float(sum(stage["seconds"] for stage in cell["stages"][:-1]))


def early_worst(curve: LearningCurve) -> float:
    """Return the worst score of the first steps over the first score."""
    early = [s for step, s in zip(curve.steps, curve.scores, strict=True) if step <= EARLY]
    return float(min(early) / curve.start)


def spread(values: Iterable[float], rng: np.random.Generator) -> list[float | None]:
    """Return the IQM and its 95 % bootstrap interval over seeds; None where nothing is known."""
    known = np.array([value for value in values if np.isfinite(value)])
    if not len(known):
        return [None, None, None]
    if len(known) < 2:
        return [float(known[0]), None, None]
    low, _, high = stratified_bootstrap(known[None, :], iqm, rng)
    return [float(iqm(known)), float(low), float(high)]


def calibrations() -> dict[str, dict[str, Any]]:
    """Return the mean calibration of each scorer on each set, over seeds."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted((OUT / "calibration").glob("*.json")):
        said = json.loads(path.read_text())
        found[said["set"]].append(said["calibration"])
    return {
        name: {
            scorer: {key: mean_of(row[scorer][key] for row in rows) for key in rows[0][scorer]}
            | {"n": len(rows)}
            for scorer in rows[0]
        }
        for name, rows in found.items()
    }


def mean_of(values: Iterable[float | None]) -> float | None:
    """Return the mean of what is known."""
    known = [value for value in values if value is not None and np.isfinite(value)]
    return float(np.mean(known)) if known else None


def machine() -> dict[str, Any]:
    """Return what the figures were made on."""
    return {
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "rltransfer": rltransfer.__version__,
        "torch": torch.__version__,
    }


def markdown(tables: Mapping[str, Any], calibration: Mapping[str, Any]) -> str:
    """Return everything as Markdown."""
    lines = ["# Offline to online", "", HEADING, ""]
    for name, arms in tables.items():
        lines += [f"## {name}", "", *TABLE_HEAD]
        for arm, row in arms.items():
            reached = [step for step in row["steps to 90"] if step is not None]
            steps = f"{np.median(reached):,.0f}" if reached else "–"
            dips = f"{min(row['dip']):.2f}" if row["dip"] else "–"
            better = row["ours is better"] if arm != "ours" else None
            lines.append(
                f"| {arm} | {row['n']} | {text(row['cloned'])} | {text(row['offline'])} "
                f"| {steps} ({len(reached)} of {row['n']}) | {dips} | {text(row['mean'])} "
                f"| {text(row['final'])} | {number(better)} | {row['CPU-s']:.0f} |"
            )
        lines.append("")
    lines += ["## Ranking policies without an environment", "", *CALIBRATION_HEAD]
    for name, scorers in calibration.items():
        for scorer, row in scorers.items():
            lines.append(
                f"| {name} | {scorer} | {row['n']} | {number(row['pairwise_accuracy'])} "
                f"| {number(row['rank_correlation'])} | {number(row['regret'])} |"
            )
    return "\n".join([*lines, ""])


def text(spread: list[float | None]) -> str:
    """Return an estimate with its interval."""
    value, low, high = spread
    if value is None:
        return "–"
    return f"{value:.0f}" if low is None else f"{value:.0f} ({low:.0f} … {high:.0f})"


def number(value: float | None) -> str:
    """Return a number of a table."""
    return "–" if value is None else f"{value:.2f}"


HEADING = (
    "Scores are 100 (J - random) / (expert - random), IQM over n seeds with 95 % bootstrap "
    "intervals. *cloned*: mean of the clones. *offline*: the policy that goes online. *steps to "
    "90*: median online steps to a score of 90, and how many seeds reach it. *worst early*: the "
    "least of all seeds' worst score within 50,000 steps over its first. *mean*: over the online "
    "budget. *ours is better*: probability that the mean of `ours` is larger."
)
TABLE_HEAD = (
    "| arm | n | cloned | offline | steps to 90 | worst early | mean | final "
    "| ours is better | CPU-s |",
    "|---|---|---|---|---|---|---|---|---|---|",
)
CALIBRATION_HEAD = (
    "| set | scorer | n | pairwise accuracy | rank correlation | regret@1 |",
    "|---|---|---|---|---|---|",
)


def draw(by_set: Mapping[str, Mapping[str, list[Cell]]]) -> None:
    """Draw the online curves, a panel per set."""
    names = [name for name in SETS if name in by_set]
    mpl.rcParams["svg.hashsalt"] = "rltransfer"
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(4.2 * columns, 3.1 * rows + 0.5), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel, name in zip(panels, names, strict=False):
        for arm in ARMS:
            cells = by_set[name].get(arm, [])
            if cells:
                line(panel, cells, arm)
        panel.set_title(name, fontsize=10, loc="left")
        panel.set_ylim(bottom=min(0.0, panel.get_ylim()[0]))
        panel.grid(alpha=0.25)
        panel.set_xlabel("online steps (thousands)")
        panel.set_ylabel("score")
    for panel in panels[len(names) :]:
        panel.remove()
    handles = [mpl.lines.Line2D([], [], color=COLORS[arm], label=arm) for arm in ARMS]
    figure.legend(handles=handles, loc="outside lower center", ncols=6, frameon=False, fontsize=9)
    RESULTS.mkdir(exist_ok=True)
    for suffix in ("svg", "png"):
        figure.savefig(RESULTS / f"offline_to_online.{suffix}", dpi=130, metadata=DATELESS[suffix])


DATELESS: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "png": {}}


def line(panel: Any, cells: list[Cell], arm: str) -> None:
    """Draw the mean of an arm's curves over seeds, and each seed's, light."""
    curves = [curve_of(cell) for cell in cells]
    for curve in curves:
        panel.plot(np.array(curve.steps) / 1000, curve.scores, color=COLORS[arm], lw=0.6, alpha=0.3)
    grid = np.linspace(max(c.steps[0] for c in curves), min(c.steps[-1] for c in curves), 60)
    mean = np.mean([np.interp(grid, c.steps, c.scores) for c in curves], axis=0)
    panel.plot(grid / 1000, mean, color=COLORS[arm], lw=1.8)
