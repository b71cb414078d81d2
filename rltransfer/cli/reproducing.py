"""`rltransfer reproduce`: published benchmarks by name, ours beside theirs, with a verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rltransfer.cli.output import console, escape, print_json
from rltransfer.errors import InvalidExperiment

if TYPE_CHECKING:
    from rich.table import Table

    from rltransfer.reproductions import Reproduction, ReproductionResult, Watch
    from rltransfer.reproductions.verdicts import Finding

__all__ = ["reproduce"]

COLORS = {"agrees": "green", "differs": "red", "not comparable": "dim"}


def reproduce(
    name: Annotated[str | None, typer.Argument(help="A reproduction, as --list names it.")] = None,
    show: Annotated[
        bool, typer.Option("--list", help="List all, with the hours that each budget takes.")
    ] = False,
    collect: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Put all finished results into FOLDER/reproductions.{json,md}."
        ),
    ] = None,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE.md", help="With --collect, a page for the table.")
    ] = None,
    budget: Annotated[str, typer.Option(help="smoke, desk or paper.")] = "smoke",
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Worker processes.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder of all experiments.")] = Path("runs"),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, for programs.")
    ] = False,
) -> None:
    """Run a published benchmark and hold its numbers against ours.

    The same command continues what was interrupted.
    """
    require_one(name, show, collect, page)
    if name is not None:
        run(name, budget, out, jobs, quiet, as_json)
    elif collect is not None:
        gather(out, collect, page, as_json)
    else:
        list_all(as_json)


def require_one(name: str | None, show: bool, collect: Path | None, page: Path | None) -> None:
    """Refuse none, and two, of the things that can be asked for."""
    if sum((name is not None, show, collect is not None)) != 1:
        raise InvalidExperiment(
            "say one thing to do: a NAME to reproduce, --list to see all names, or --collect "
            "FOLDER to gather what is finished."
        )
    if page is not None and collect is None:
        raise InvalidExperiment("--page goes with --collect, which makes the table.")


def run(name: str, size: str, out: Path, jobs: int, quiet: bool, as_json: bool) -> None:
    """Run one reproduction and print what came of it."""
    from rltransfer.cli.stopping import continuable
    from rltransfer.reproductions import load_reproduction
    from rltransfer.reproductions import reproduce as carry_out

    reproduction = load_reproduction(name)
    reproduction.budget(size)
    if not (quiet or as_json):
        announce(reproduction, size)
    with continuable(as_json):
        result = carry_out(reproduction, size, out, jobs, shown(quiet or as_json))
    if as_json:
        print_json({"folder": str(result.folder), **result.to_dict()})
    else:
        tell(result)


def shown(hidden: bool) -> Watch:
    """Return what shows progress on this terminal."""
    from rltransfer.cli.display import display
    from rltransfer.cli.stages import stage_display
    from rltransfer.experiment.events import Events
    from rltransfer.experiment.solo.listener import Listener
    from rltransfer.reproductions import Watch

    class Shown(Watch):
        """The displays of `run` and of `train`."""

        def events(self) -> AbstractContextManager[Events]:
            """Return the display of the transfer loop."""
            return display(hidden)

        def stages(self) -> AbstractContextManager[Listener]:
            """Return the display of single trainings."""
            return stage_display(hidden)

    return Shown()


def announce(reproduction: Reproduction, size: str) -> None:
    """Say what is reproduced, and how long it takes."""
    hours = reproduction.budget(size).hours
    console.print(f"[bold]{escape(reproduction.title)}[/] ({escape(reproduction.source)})",
                  soft_wrap=True)  # fmt: skip
    console.print(f"Published: {escape(reproduction.setting)}", soft_wrap=True)
    console.print(f"Budget {size}: about {duration(hours)} on one core.", soft_wrap=True)


def tell(result: ReproductionResult) -> None:
    """Print every statement with ours beside it, what else was found, and the verdict."""
    console.print()
    if result.findings:
        console.print(findings_table(result.findings))
    for mark, reason in footnotes(result.findings).items():
        console.print(f"[dim]{mark} {escape(reason)}.", soft_wrap=True)
    for sentence in (*result.measured.remarks, *result.reproduction.differences):
        console.print(escape(sentence), soft_wrap=True)
    color = COLORS[result.verdict]
    console.print(f"\n[bold {color}]{result.verdict}[/]: {escape(result.reason)}.", soft_wrap=True)
    console.print(f"Figure: {escape(str(result.figure))}", soft_wrap=True)
    console.print(f"Numbers: {escape(str(result.folder / 'reproduction.json'))}", soft_wrap=True)


def footnotes(findings: Sequence[Finding]) -> dict[str, str]:
    """Return the reasons that several findings share, each with a mark."""
    counted = Counter(finding.reason for finding in findings)
    shared = [reason for reason, count in counted.items() if count > 1]
    return {f"({k + 1})": reason for k, reason in enumerate(shared)}


def findings_table(findings: Sequence[Finding]) -> Table:
    """Return a table with a row per published statement."""
    from rich.table import Table

    marks = {reason: mark for mark, reason in footnotes(findings).items()}
    table = Table("statement", box=None, pad_edge=False)
    table.add_column("published", justify="right")
    table.add_column("ours", justify="right")
    table.add_column("verdict")
    table.add_column("why", overflow="fold")
    for finding in findings:
        ours = "–" if finding.ours is None else f"{finding.ours.value:.3f}"
        color = COLORS[finding.verdict]
        why = marks.get(finding.reason, finding.reason)
        table.add_row(escape(finding.says), published(finding), ours,
                      f"[{color}]{finding.verdict}[/]", escape(why))  # fmt: skip
    return table


def published(finding: Finding) -> str:
    """Return a published number, or that a difference was published as positive."""
    return f"> {finding.published:g}" if finding.is_order else f"{finding.published:g}"


def list_all(as_json: bool) -> None:
    """Print all reproductions with the hours of each budget."""
    from rich.table import Table

    from rltransfer.reproductions import load_reproduction, reproduction_names
    from rltransfer.reproductions.reproduction import SIZES

    known = [load_reproduction(name) for name in reproduction_names()]
    if as_json:
        print_json([plain(reproduction) for reproduction in known])
        return
    table = Table("reproduction", "what", box=None, pad_edge=False)
    for size in SIZES:
        table.add_column(size, justify="right")
    for said in known:
        hours = [duration(said.sizes[size].hours) if size in said.sizes else "–" for size in SIZES]
        table.add_row(said.name, escape(said.title), *hours)
    console.print(table)
    console.print("\nExpected time on one core. Run one with: rltransfer reproduce NAME",
                  soft_wrap=True)  # fmt: skip


def plain(reproduction: Reproduction) -> dict[str, Any]:
    """Return what --list says of one, as plain data."""
    hours = {size: budget.hours for size, budget in reproduction.sizes.items()}
    return {
        "name": reproduction.name,
        "title": reproduction.title,
        "source": reproduction.source,
        "protocol": reproduction.protocol,
        "hours": hours,
    }


def gather(out: Path, into: Path, page: Path | None, as_json: bool) -> None:
    """Put all finished results into one table."""
    from rltransfer.reproductions.collection import collect, put_into_page

    collection = collect(out, into)
    if page is not None:
        put_into_page(collection, page)
    if as_json:
        print_json({"folder": str(into), "results": dict(collection.results)})
    else:
        console.print(f"{len(collection.results)} results in {into / 'reproductions.md'}",
                      soft_wrap=True)  # fmt: skip


def duration(hours: float) -> str:
    """Return a time as people say it."""
    if hours < 1.0:
        return f"{max(1, round(60 * hours))} min"
    return f"{hours:,.0f} h" if hours >= 10 else f"{hours:.1f} h"
