"""All finished reproductions in one table; what is not finished says why.

    reproductions.json   sealed: every result, without its longer lists of numbers
    reproductions.md     the table, then every statement of every result

Results that were collected before and are not at hand now are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rltransfer.errors import CorruptRun, InvalidExperiment
from rltransfer.files import Unreadable, open_json, read_bytes, seal_json, write_text
from rltransfer.reproductions.catalogue import load_reproduction, reproduction_names
from rltransfer.reproductions.reproduction import Reproduction
from rltransfer.reproductions.result import RESULT, read_told

__all__ = ["Collection", "collect", "put_into_page"]

NAME = "reproductions"
FORMAT = 1
KEPT = ("name", "budget", "verdict", "reason", "findings", "facts", "remarks")
CONDITIONS = ("git", "python", "libraries", "machine")
"""Of the provenance; the command names folders that nobody else has."""

BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
HEAD = ("reproduction", "budget", "verdict", "why", "seeds", "policies", "hours")

Told = Mapping[str, Any]


@dataclass(frozen=True)
class Collection:
    """Results by reproduction and budget, as plain data."""

    results: Mapping[str, Told]

    @classmethod
    def of(cls, told: Iterable[Told]) -> Collection:
        """Keep what a table needs of some results; of two for the same, the later one."""
        return cls({key_of(result): kept(result) for result in told})

    def table(self) -> list[tuple[str, ...]]:
        """Return a row per reproduction and finished budget, and one for each without any."""
        return [row for name in reproduction_names() for row in self.rows(load_reproduction(name))]

    def rows(self, said: Reproduction) -> Iterator[tuple[str, ...]]:
        """Yield the rows of one reproduction."""
        finished = [size for size in said.sizes if f"{said.name}-{size}" in self.results]
        for size in finished:
            yield result_row(self.results[f"{said.name}-{size}"])
        if not finished:
            hours = min(budget.hours for budget in said.sizes.values())
            why = f"not done yet: its smallest budget takes about {hours:g} h on a free core"
            yield said.name, "–", "not run", why, "–", "–", "–"

    def markdown(self) -> str:
        """Return the table and every statement as text."""
        parts = ["# Reproductions", "", *lines(HEAD, self.table()), ""]
        for key in sorted(self.results):
            told = self.results[key]
            remarks = [" ".join(told["remarks"]), ""] if told["remarks"] else []
            parts += [f"## {key}", "", *statements(told), "", *remarks]
        return "\n".join(parts)


def kept(result: Told) -> Told:
    """Return what of a result a table needs, and under which conditions it was made."""
    conditions = {name: result["provenance"].get(name) for name in CONDITIONS}
    return {**{name: result[name] for name in KEPT}, "provenance": conditions}


def key_of(result: Told) -> str:
    """Return what tells a result from others."""
    return f"{result['name']}-{result['budget']}"


def result_row(result: Told) -> tuple[str, ...]:
    """Return one result as cells."""
    facts = result["facts"]
    seeds = facts.get("seeds", 1)
    count = len(seeds) if isinstance(seeds, list) else seeds
    hours = facts.get("training_hours")
    return (
        result["name"],
        result["budget"],
        result["verdict"],
        result["reason"],
        str(count),
        str(facts.get("policies", "–")),
        "–" if hours is None else f"{hours:.2f}",
    )


def statements(result: Told) -> list[str]:
    """Return a table of the published statements beside ours."""
    rows = [
        (x["says"], x["where"], published(x), number(x["ours"]), x["verdict"], x["reason"])
        for x in result["findings"]
    ]
    head = ("statement", "where", "published", "ours", "verdict", "why")
    return lines(head, rows) if rows else [f"Nothing to compare: {result['reason']}."]


def published(finding: Told) -> str:
    """Return a published number, or that a difference was published as positive."""
    return f"> {finding['published']:g}" if finding["is_order"] else f"{finding['published']:g}"


def number(ours: Told | None) -> str:
    """Return an estimate with its interval."""
    if ours is None:
        return "–"
    if ours["low"] is None:
        return f"{ours['value']:.3g}"
    return f"{ours['value']:.3g} ({ours['low']:.3g} … {ours['high']:.3g})"


def lines(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return a Markdown table."""
    bar = "|" + "---|" * len(head)
    return [line(head), bar, *(line(row) for row in rows)]


def line(cells: tuple[str, ...]) -> str:
    """Return one line of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def collect(out: Path, into: Path) -> Collection:
    """Gather all results under a folder, with those collected before, and write both files.

    Args:
        out: the folder of all experiments.
        into: where the files go.

    Raises:
        CorruptRun: if a result, or the earlier collection, was changed by hand.
        StorageError: if they cannot be written.
    """
    found = [read_told(path) for path in sorted(out.glob(f"*/{RESULT}"))]
    collection = Collection.of([*earlier(into / f"{NAME}.json"), *found])
    told = {"format": FORMAT, "results": dict(sorted(collection.results.items()))}
    write_text(into / f"{NAME}.json", seal_json(told) + "\n")
    write_text(into / f"{NAME}.md", collection.markdown())
    return collection


def earlier(path: Path) -> list[Told]:
    """Return the results of an earlier collection; none where there is no file."""
    if not path.is_file():
        return []
    try:
        told = open_json(read_bytes(path).rstrip(b"\n"))
    except Unreadable as error:
        raise CorruptRun(f"{path} cannot be read: {error}. Remove it to begin again.") from None
    if told.get("format") != FORMAT:
        raise CorruptRun(f"{path} has format {told.get('format')!r}; this version reads {FORMAT}.")
    return list(told["results"].values())


def put_into_page(collection: Collection, page: Path) -> None:
    """Replace the table between the two marks of a page.

    Raises:
        InvalidExperiment: if the page has no such marks.
        StorageError: if it cannot be written.
    """
    try:
        text = read_bytes(page).decode("utf-8")
    except (Unreadable, UnicodeDecodeError) as error:
        raise InvalidExperiment(f"{page} cannot be read: {error}.") from None
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise InvalidExperiment(
            f"{page} has no place for the table: write a line {BEGIN} and a line {END} into it."
        )
    table = "\n".join(lines(HEAD, collection.table()))
    write_text(page, f"{before}{BEGIN}\n\n{table}\n\n{END}{after}")
