"""The table of all simulations that there are."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.machine import machine
from harness.table import put_between_markers
from settings import SETTINGS
from stopwatch import PARTS

PAGE = Path("docs/scaling.md")
OUT, RESULTS = Path("benchmarks/out/scaling"), Path("benchmarks/results")

HEAD = """# One controller, trainings simulated

CPU seconds of the controller; workers wait and bring back made-up returns. *first*, *last*: seconds
of the controller for each source, in the first and the last tenth of the study.

"""


def write_table() -> None:
    """Write what the simulations have left, as JSON and as Markdown."""
    found = {name: json.loads(path.read_text()) for name in SETTINGS
             if (path := OUT / f"{name.replace(' ', '-')}.json").exists()}  # fmt: skip
    said = {"machine": machine(), "settings": found}
    (RESULTS / "scaling.json").write_text(json.dumps(said, indent=1) + "\n")
    table = "\n".join([*summary(found), "", *parts(found)])
    (RESULTS / "scaling.md").write_text(f"{HEAD}{table}\n")
    put_between_markers(PAGE, "simulated", table)


def summary(found: dict[str, Any]) -> list[str]:
    """Return a row for each setting."""
    rows = [
        "| setting | contexts | sources | decisions | workers | first, ms | last, ms | "
        "sources per second | memory, MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, told in found.items():
        rows.append(
            f"| {name}: {told['about']} | {told['contexts']:,} | {told['sources']:,} | "
            f"{told['decisions']:,} | {told['workers']} | {1000 * told['first']:.1f} | "
            f"{1000 * told['last']:.1f} | {told['per_second']:.1f} | {told['memory_mb']:,} |"
        )
    return rows


def parts(found: dict[str, Any]) -> list[str]:
    """Return where the time went, in seconds."""
    rows = [f"| seconds of | {' | '.join(found)} |", f"|---|{'---|' * len(found)}"]
    for part in PARTS:
        each = (f"{told['parts'][part]:.1f}" for told in found.values())
        rows.append(f"| {part} | {' | '.join(each)} |")
    return rows
