"""From the cells to a table; what is not finished is a dash."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from contenders import LABELS
from families import FAMILIES, PANELS, Family
from plot import draw
from scores import Score, Scores

import rltransfer
from rltransfer.files import write_text

RESULTS = Path(__file__).resolve().parents[1] / "results"
IN = {panel: tuple(f for f in FAMILIES if f.panel == panel) for panel in PANELS}
"""The families of each panel."""

Row = Mapping[str, Score | None]


def write_table(names: Sequence[str], ours: str, seeds: int) -> None:
    """Write the table as JSON and Markdown, and the figure."""
    scores = Scores(list(dict.fromkeys([*names, ours])), seeds)
    if not scores.cells:
        print("no cell is finished yet")
        return
    finished = [name for name in scores.names if any(name == key[1] for key in scores.cells)]
    found = {
        "machine": machine(),
        "score": Score._fields,
        "ours": ours,
        "panels": summary(scores, finished),
        "families": {panel: details(scores, finished, panel) for panel in PANELS},
        "advantage": advantages(scores, finished, ours),
        "milliseconds": {name: pace(scores, name) for name in finished},
    }
    write_text(RESULTS / "selection.json", json.dumps(found, indent=1))
    write_text(RESULTS / "selection.md", markdown(found))
    draw(found["panels"], ours, RESULTS / "selection")


def summary(scores: Scores, names: Sequence[str]) -> dict[str, Row]:
    """Return the mean of each contender over each panel."""
    return {name: {p: scores.mean(IN[p], name) for p in PANELS} for name in names}


def details(scores: Scores, names: Sequence[str], panel: str) -> dict[str, Row]:
    """Return the mean of each contender on each family of a panel."""
    return {name: {f.name: scores.mean([f], name) for f in IN[panel]} for name in names}


def advantages(scores: Scores, names: Sequence[str], ours: str) -> dict[str, dict[str, Any]]:
    """Return by how much ours is better than each other one on the trained matrices."""
    found = {}
    for name in names:
        both = scores.shared(IN["trained"], [ours, name])
        if both and name != ours:
            found[name] = {
                "these matrices": scores.advantage(both, ours, name),
                "matrices like these": scores.advantage_elsewhere(both, ours, name),
                "matrices": f"{len(both)} of {len(IN['trained'])}",
            }
    return found


def pace(scores: Scores, name: str) -> dict[str, float | None]:
    """Return the median CPU time of a decision, in milliseconds, by group."""
    groups: dict[str, list[Family]] = {}
    for family in FAMILIES:
        groups.setdefault(family.group, []).append(family)
    return {group: scores.milliseconds(families, name) for group, families in groups.items()}


def machine() -> dict[str, Any]:
    """Return what the figures were made on."""
    return {
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "rltransfer": rltransfer.__version__,
    }


def markdown(found: Mapping[str, Any]) -> str:
    """Return everything as Markdown."""
    ours = found["ours"]
    lines = ["# Choosing sources", "", ABOUT, "", *grid(found["panels"], ours), ""]
    if found["advantage"]:
        lines += [f"## {ours} against each other one, trained matrices", "", PAIRED, ""]
        lines += [*grid(found["advantage"], ours), ""]
    for panel, rows in found["families"].items():
        if any(score for row in rows.values() for score in row.values()):
            lines += [f"## {panel}", "", *grid(rows, ours), ""]
    lines += ["## CPU milliseconds per decision", "", *grid(found["milliseconds"], ours)]
    return "\n".join([*lines, ""])


def grid(rows: Mapping[str, Mapping[str, Any]], ours: str) -> list[str]:
    """Return a table with a row for each contender that has a value; ours is bold."""
    columns = list(next(iter(rows.values()), {}))
    lines = [f"| selector | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, row in rows.items():
        if any(value is not None for value in row.values()):
            label = LABELS.get(name, name)
            cells = [f"**{label}**" if name == ours else label, *map(text, row.values())]
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def text(value: Score | float | str | None) -> str:
    """Return an estimate with its interval, a time, or what is text already."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.1f}"
    return f"{value.mean:.2f} ({value.low:.2f} … {value.high:.2f}; {value.seeds})"


ABOUT = (
    "Score: (mean over k of V_k - random) / (sequential oracle - random), per matrix; random is "
    "the mean of 200 orders, the oracle greedy on that matrix. Mean over the families of a panel "
    "and their seeds (95 % bootstrap interval over seeds; number of seeds). Without noise all "
    "seeds have the same matrix. K is 50 in three dimensions (N = 512), 15 in one, and "
    "min(15, N/2) on trained matrices. *equidistant (planned)* knows K and is scored at every "
    "k <= K; *equidistant per budget* has another plan for each k. There is one training of each "
    "trained matrix: seed 0 is the whole matrix, every other seed a random 70 % of its contexts, "
    "so these seeds overlap and are not independent trainings."
)
PAIRED = (
    "Score of ours minus that of the other, on the same instances. *these matrices*: the interval "
    "redraws the subsets of each matrix. *matrices like these*: it redraws the matrices too, and "
    "is the one to trust for a matrix that is not here. *matrices*: those on which both are "
    "finished; some contenders are only for one dimension."
)
