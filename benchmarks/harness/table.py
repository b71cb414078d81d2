"""Measurements as Markdown: every bar beside its figure, and every contender of every case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.case import AtLeast, AtMost, Case
from harness.measured import Measured, Spread
from harness.store import Results
from rltransfer.files import write_text

__all__ = ["bars_table", "details", "page", "put_between_markers"]

FEW = 1000.0
"""Below so many units a second, the time of one unit is shown."""


def page(cases: Sequence[Case], results: Results) -> str:
    """Return all that was measured."""
    known = [(case, results.cases[case.name]) for case in cases if case.name in results.cases]
    parts = [machine_line(results.machine), bars_table(known)]
    parts += [details(case, measured) for case, measured in known]
    return "\n\n".join(["# Performance", *parts]) + "\n"


def machine_line(machine: dict[str, str]) -> str:
    """Return a sentence on what it was measured."""
    libraries = [f"{name} {number}" for name, number in machine.items()][2:]
    return (
        f"{machine['processor']}, {machine['cores']} cores; {', '.join(libraries)}. Medians of the "
        "rounds; in brackets the lowest and the highest round."
    )


def bars_table(known: Iterable[tuple[Case, Measured]]) -> str:
    """Return a line for every bar."""
    lines = [
        "| what | compared | bar | measured | per core-second | reached | load of others |",
        "|---|---|---|---|---|---|---|",
    ]
    for case, measured in known:
        for bar in case.bars:
            cells = bar_cells(bar, measured)
            lines.append(f"| {' | '.join([case.title, *cells, f'{measured.foreign:.1f}'])} |")
    return "\n".join(lines)


def bar_cells(bar: AtLeast | AtMost, measured: Measured) -> list[str]:
    """Return who is compared, the bar, the two figures, and whether it is reached."""
    if isinstance(bar, AtMost):
        who, wanted = [bar.contender], f"≤ {bar.seconds:g} s"
    else:
        who, wanted = [bar.contender, bar.other], f"≥ {bar.times:g} ×"
    compared = " / ".join(who)
    if absent := [name for name in who if name not in measured.turns]:
        return [compared, wanted, f"not measured: {measured.missing.get(absent[0], 'new')}", "", ""]
    if isinstance(bar, AtMost):
        each = seconds_each(measured.speed(bar.contender))
        reached = each.median <= bar.seconds
        return [compared, wanted, f"{brackets(each)} s", "", yes(reached)]
    wall, core = (f(bar.contender, bar.other) for f in (measured.ratio, measured.core_ratio))
    return [
        compared,
        wanted,
        f"{brackets(wall)} ×",
        f"{digits(core.median)} ×",
        yes(wall.median >= bar.times),
    ]


def details(case: Case, measured: Measured) -> str:
    """Return a table of all contenders of a case."""
    first = next(iter(measured.turns))
    lines = [
        f"## {case.title}\n",
        f"`--only {case.name}`, {measured.date}, {len(measured.turns[first])} rounds, load of "
        f"others {measured.foreign:.1f} cores.\n",
        f"| contender | speed | times {first} | per core-second |",
        "|---|---|---|---|",
    ]
    for name in measured.turns:
        cells = [
            name,
            speed(measured.speed(name), case.unit),
            brackets(measured.ratio(name, first)),
            digits(measured.core_ratio(name, first).median),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [f"| {name} | not measured: {why} | | |" for name, why in measured.missing.items()]
    return "\n".join(lines)


def speed(found: Spread, unit: str) -> str:
    """Say how fast: units per second, or the time of one where there are few."""
    if found.median >= FEW:
        return f"{found.median:,.0f} {unit}s/s"
    each = seconds_each(found)
    return f"{digits(each.median)} s" if each.median >= 1 else f"{digits(1e3 * each.median)} ms"


def seconds_each(found: Spread) -> Spread:
    """Return the seconds of one unit of work."""
    return Spread(1 / found.median, 1 / found.high, 1 / found.low)


def brackets(found: Spread) -> str:
    """Return a median with its spread."""
    return f"{digits(found.median)} ({digits(found.low)} to {digits(found.high)})"


def digits(value: float) -> str:
    """Return a number with three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def yes(reached: bool) -> str:
    """Say whether a bar is reached."""
    return "yes" if reached else "**no**"


def put_between_markers(path: Path, name: str, text: str) -> None:
    """Replace what stands in a page between `<!-- NAME: begin -->` and `<!-- NAME: end -->`."""
    begin, end = (f"<!-- {name}: {which} -->" for which in ("begin", "end"))
    page = path.read_text(encoding="utf-8")
    if begin not in page or end not in page:
        raise ValueError(f"{path} must hold the lines {begin} and {end}.")
    before, _, rest = page.partition(begin)
    write_text(path, f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}")
