"""Datasets in words, tables and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Column, Table

from rltransfer.cli.output import console
from rltransfer.contexts import Context
from rltransfer.data.library import DatasetSummary, Library

__all__ = ["explain", "plain", "show_library"]


def plain(summary: DatasetSummary) -> dict[str, Any]:
    """Return a dataset as JSON has it."""
    info = summary.info
    return {
        "id": summary.id,
        "episodes": summary.episodes,
        "steps": summary.steps,
        "bytes": summary.size,
        "score": None if info is None else info.score,
        "info": None if info is None else info.model_dump(mode="json"),
    }


def show_library(library: Library, root: Path) -> None:
    """Print a table of datasets."""
    table = Table(Column("dataset", overflow="fold"), box=None, pad_edge=False)
    for title in ("episodes", "steps", "mean return", "score", "MB"):
        table.add_column(title, justify="right")
    for x in library.datasets:
        table.add_row(x.id, f"{x.episodes:,}", f"{x.steps:,}", mean_return(x),
                      number(x.info.score if x.info else None), f"{x.size / 1e6:.1f}")  # fmt: skip
    if library.datasets:
        console.print(table)
    for reason in library.broken.values():
        console.print(f"[red]cannot be read:[/] {escape(reason)}", soft_wrap=True)
    count = len(library.datasets)
    what = "1 dataset" if count == 1 else f"{count} datasets"
    where = f"{root}" if root.is_dir() else f"{root}, where there is no folder"
    console.print(f"{what} in {escape(where)}", soft_wrap=True)


def mean_return(summary: DatasetSummary) -> str:
    """Return the mean return of all contexts as text."""
    if summary.info is None:
        return "-"
    means = [x.returns.mean for x in summary.info.contexts if x.returns is not None]
    return number(sum(means) / len(means) if means else None)


def number(value: float | None) -> str:
    """Return a number with one decimal, or a dash."""
    return "-" if value is None else f"{value:.1f}"


def explain(summary: DatasetSummary, folder: Path) -> None:
    """Print one dataset in a page."""
    console.print(f"[bold]{summary.id}[/]")
    console.print(
        f"{summary.steps:,} steps in {summary.episodes:,} episodes, {summary.size / 1e6:.1f} MB in "
        f"{escape(str(folder))}",
        soft_wrap=True,
    )
    info = summary.info
    if info is None:
        console.print("It was not recorded here: contexts and reference returns are not known.")
        return
    versions = ", ".join(f"{name} {version}" for name, version in info.simulator.items())
    about = f"family {info.env} · quality {info.quality} · seed {info.seed} · {versions}\n"
    console.print(escape(about))
    console.print(contexts_table(summary))


def contexts_table(summary: DatasetSummary) -> Any:
    """Return a table with a row per context."""
    table = Table(Column("context", overflow="fold"), "who acted", box=None, pad_edge=False)
    for title in ("return", "random", "expert", "score"):
        table.add_column(title, justify="right")
    for x in summary.info.contexts if summary.info else ():
        acted = "\n".join(told_of(behaviour) for behaviour in x.behaviours)
        returns = "-" if x.returns is None else f"{x.returns.mean:.1f} ± {x.returns.std:.1f}"
        known = x.reference
        table.add_row(
            escape(Context(x.context).label),
            escape(acted),
            returns,
            number(known.random if known else None),
            number(known.expert if known else None),
            number(x.score),
        )
    return table


def told_of(behaviour: dict[str, str]) -> str:
    """Return a few words on who acted."""
    words = [behaviour.get("role", ""), behaviour.get("algorithm", "")]
    if (steps := behaviour.get("steps", "")).isdecimal():
        words.append(f"after {int(steps):,} steps")
    return " ".join(filter(None, words))
