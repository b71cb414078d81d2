"""`rltransfer envs`: the catalogue, and one family explained in a page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Column, Table

from rltransfer.cli.output import console, print_json
from rltransfer.contexts import ContextFeature
from rltransfer.envs import EnvironmentSpec, load_catalog
from rltransfer.envs.preset import Preset
from rltransfer.envs.split_plan import INNER_60, SplitPlan
from rltransfer.errors import InvalidExperiment

__all__ = ["explain", "list_families"]

OURS = "rltransfer"


def list_families(as_json: bool) -> None:
    """Print all families, and those whose entry could not be read with the reason."""
    found = load_catalog()
    if as_json:
        print_json({"environments": [plain(spec) for spec in found], "broken": found.broken})
        return
    table = Table(Column("name", no_wrap=True), "what varies", box=None, pad_edge=False,
                  padding=(0, 2, 1, 0))  # fmt: skip
    for spec in found:
        table.add_row(f"[bold]{spec.id}", in_short(spec))
    console.print(table)
    for reason in found.broken.values():
        console.print(f"[red]cannot be read:[/] {escape(reason)}", soft_wrap=True)
    console.print(f"{len(found.specs)} families. One of them in a page: rltransfer envs NAME")


def in_short(spec: EnvironmentSpec) -> str:
    """Return title, features and presets of a family in a few lines."""
    lines = [
        f"{escape(spec.title)}" + ("" if spec.provider == OURS else f" (from {spec.provider})"),
        "[dim]" + ", ".join(f"{f.name} {f.range_text}" for f in spec.space) + "[/]",
    ]
    if spec.presets:
        lines.append(f"[dim]presets: {', '.join(spec.presets)}[/]")
    return "\n".join(lines)


def explain(name: str, strip: str | None, out: Path | None, as_json: bool) -> None:
    """Print one family's features, presets, splits and training; draw a strip if asked for.

    Raises:
        UnknownEnvironment, InvalidContext: if the family or the feature is unknown.
        MissingDependency: if a picture was asked for and the simulator cannot draw here.
    """
    if out is not None and strip is None:
        raise InvalidExperiment(f"--out {out} needs --strip: across which feature of {name}?")
    spec = load_catalog()[name]
    picture = None if strip is None else draw(spec, strip, out)
    if as_json:
        print_json({**plain(spec), "picture": None if picture is None else str(picture)})
        return
    console.print(f"[bold]{spec.id}[/]: {spec.title}")
    console.print(
        f"Gymnasium id {spec.gym_id} · simulator {spec.simulator} · at most {spec.horizon} steps · "
        f"score 0 to 1 is a return of {spec.score.low:g} to {spec.score.high:g}\n"
    )
    for table in (features(spec), presets(spec), splits(spec), training(spec)):
        if table.row_count:
            console.print(table)
            console.print()
    print_hints(spec, picture)


def print_hints(spec: EnvironmentSpec, picture: Path | None) -> None:
    """Say what can be done with the family next."""
    first = spec.space.names[0]
    console.print(f"Study it: rltransfer run {spec.id} --vary {first}")
    if picture is None:
        console.print(f"Draw it:  rltransfer envs {spec.id} --strip {first}")
    else:
        console.print(f"Drawn: {picture}", soft_wrap=True)


def features(spec: EnvironmentSpec) -> Table:
    """Return the features with units, ranges and defaults."""
    table = plain_table("feature", "about", "default", "range", "scale", "solvable in")
    for f in spec.space:
        solvable = "–" if f.feasible is None else "{:g}…{:g}".format(*f.feasible)
        table.add_row(f"[bold]{f.name}", escape(f.about), f"{f.default:g}", f.range_text,
                      str(f.scale), solvable)  # fmt: skip
    return table


def presets(spec: EnvironmentSpec) -> Table:
    """Return the published ranges by name."""
    table = plain_table("preset", "ranges (grid points)", "source")
    for preset in spec.presets.values():
        table.add_row(f"[bold]{preset.name}", ranges_of(preset), escape(preset.source))
    return table


def ranges_of(preset: Preset) -> str:
    """Return a preset's ranges, a line each."""
    return "\n".join(
        f"{f.name} {f.range_text}{spacing(f)} ({preset.points[f.name]})" for f in preset.space
    )


def spacing(feature: ContextFeature) -> str:
    """Say how a grid is spaced where it is not even."""
    return ", log" if feature.scale == "log" else ""


def splits(spec: EnvironmentSpec) -> Table:
    """Return the divisions into training and test contexts; `inner60`, which all have, in short."""
    table = plain_table("split", "trains on", "source")
    for plan in spec.splits.values():
        every = plan.name == INNER_60
        box = "the inner 60 % of each feature" if every else intervals_of(plan)
        source = "on the feature's scale; both tails are extrapolation" if every else plan.source
        table.add_row(f"[bold]{plan.name}[/] v{plan.version}", box, escape(source))
    return table


def intervals_of(plan: SplitPlan) -> str:
    """Return a split's intervals, a line per feature."""
    lines = []
    for name, (low, high) in plan.train.items():
        tested = ", ".join(f"{a:g}…{b:g}" for a, b in plan.test.get(name, ()))
        lines.append(f"{name} {low:g}…{high:g}" + (f"; tests {tested}" if tested else ""))
    return "\n".join(lines)


def training(spec: EnvironmentSpec) -> Table:
    """Return the algorithms with settings of their own; the first is the default."""
    table = plain_table("algorithm", "steps per source", "origin of the settings")
    for name, entry in spec.training.items():
        table.add_row(f"[bold]{name}", f"{entry.steps:,}", escape(entry.origin))
    return table


def plain_table(*columns: str) -> Table:
    """Return a table without lines."""
    return Table(*columns, box=None, pad_edge=False, padding=(0, 2, 0, 0))


def draw(spec: EnvironmentSpec, feature: str, out: Path | None) -> Path:
    """Draw frames across a feature into a PNG file; return where it is."""
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")  # frames are drawn to arrays, not to a screen
    from rltransfer.envs import make
    from rltransfer.reports.figures.strip import save_strip

    target = out or Path(f"{spec.id}-{spec.space[feature].name}.png")
    return save_strip(make(spec.id), feature, target)


def plain(spec: EnvironmentSpec) -> dict[str, Any]:
    """Return a family as plain data."""
    return {
        "id": spec.id,
        "gym_id": spec.gym_id,
        "title": spec.title,
        "simulator": spec.simulator,
        "provider": spec.provider,
        "horizon": spec.horizon,
        "score": [spec.score.low, spec.score.high],
        "features": spec.space.to_dict(),
        "presets": {
            preset.name: {
                "source": preset.source,
                "features": preset.space.to_dict(),
                "points": dict(preset.points),
            }
            for preset in spec.presets.values()
        },
        "splits": {
            plan.name: {
                "version": plan.version,
                "source": plan.source,
                "train": dict(plan.train),
                "test": dict(plan.test),
            }
            for plan in spec.splits.values()
        },
        "training": {name: table.model_dump() for name, table in spec.training.items()},
        "options": dict(spec.options),
        "cites": list(spec.cites),
    }
