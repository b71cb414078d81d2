"""`rltransfer envs`: the catalogue, and the features of one family."""

from __future__ import annotations

from typing import Any

from rich.table import Column, Table

from rltransfer.cli.output import console, print_json
from rltransfer.envs import EnvironmentSpec, load_catalog

__all__ = ["family", "list_families"]


def list_families(as_json: bool) -> None:
    """Print all families, and those whose entry could not be read with the reason."""
    found = load_catalog()
    if as_json:
        print_json({"environments": [plain(spec) for spec in found], "broken": found.broken})
        return
    name, provider = Column("name", no_wrap=True), Column("from", no_wrap=True)
    table = Table(name, "title", "features", provider, box=None, pad_edge=False)
    for spec in found:
        table.add_row(f"[bold]{spec.id}", spec.title, ", ".join(spec.space.names), spec.provider)
    console.print(table)
    for reason in found.broken.values():
        console.print(f"[red]cannot be read:[/] {reason}", soft_wrap=True)
    console.print("\nShow one family's features with: rltransfer envs NAME")


def family(name: str, as_json: bool) -> None:
    """Print the features of one family with units, ranges and defaults."""
    spec = load_catalog()[name]
    if as_json:
        print_json(plain(spec))
        return
    console.print(f"[bold]{spec.id}[/]: {spec.title}\nGymnasium id: {spec.gym_id}\n")
    table = Table("feature", "about", "default", "range", "scale", "feasible", box=None,
                  pad_edge=False)  # fmt: skip
    for f in spec.space:
        low, high = f.feasible or (f.low, f.high)
        table.add_row(f"[bold]{f.name}", f.about, f"{f.default:g}", f.range_text, str(f.scale),
                      f"{low:g}…{high:g}")  # fmt: skip
    console.print(table)
    console.print(f"\nAlgorithms with settings of their own: {', '.join(spec.training) or 'none'}")
    console.print(f"Splits: {', '.join(spec.splits) or 'none'}")


def plain(spec: EnvironmentSpec) -> dict[str, Any]:
    """Return a family as plain data."""
    return {
        "id": spec.id,
        "gym_id": spec.gym_id,
        "title": spec.title,
        "provider": spec.provider,
        "horizon": spec.horizon,
        "score": [spec.score.low, spec.score.high],
        "features": spec.space.to_dict(),
        "splits": {name: dict(box) for name, box in spec.splits.items()},
        "training": {name: table.model_dump() for name, table in spec.training.items()},
        "cites": list(spec.cites),
    }
