"""`rltransfer select`: selectors on a transfer matrix from a file; nothing is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rltransfer.cli.output import errors, escape, print_json
from rltransfer.errors import InvalidExperiment, RLTransferError

if TYPE_CHECKING:
    from rltransfer.contexts import Scale
    from rltransfer.selection.measuring import Measuring
    from rltransfer.selection.playback import Contest, Playback
    from rltransfer.transfer.files import CompleteMatrix

__all__ = ["select"]

ALL = "all"
TABLES, PICTURES = (".csv",), (".svg", ".png")

Outcomes = dict[str, "Playback | RLTransferError"]
"""What came of each selector, by its name."""


def default_selector() -> str:
    """Return what runs where nothing is said; selectors are loaded only then."""
    from rltransfer.selection.registry import DEFAULT_SELECTOR

    return DEFAULT_SELECTOR


def select(
    matrix: Annotated[
        Path, typer.Option(metavar="FILE", help="Long Parquet or CSV, NPZ, or a run's folder.")
    ],
    budget: Annotated[int, typer.Option(help="How many sources to pick.")],
    selector: Annotated[
        str,
        typer.Option(
            help="matrix-gp, mbtl, random, …; all compares every one.",
            default_factory=default_selector,
            show_default="matrix-gp",
        ),
    ],
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="For selectors that draw at random.")
    ] = 0,
    measure: Annotated[
        float | None,
        typer.Option(help="Share or number of targets on which each policy is measured."),
    ] = None,
    score: Annotated[
        tuple[float, float] | None,
        typer.Option(metavar="LOW HIGH", help="Returns that count as 0 and 1; else their range."),
    ] = None,
    log: Annotated[
        list[str] | None, typer.Option(metavar="FEATURE", help="Distances in its logarithm.")
    ] = None,
    linear: Annotated[
        list[str] | None, typer.Option(metavar="FEATURE", help="Distances in its own unit.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Write every pick into a table.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Draw the coverage; or FILE.png.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, for programs.")
    ] = False,
) -> None:
    """Pick sources from a known transfer matrix, and say what the picks are worth."""
    from rltransfer.cli import selection_words as words
    from rltransfer.cli.pointing import one_seed
    from rltransfer.selection.playback import Contest
    from rltransfer.transfer.files import read_matrix

    require_ending("--out", out, TABLES)
    require_ending("--plot", plot, PICTURES)
    truth = read_matrix(one_seed(matrix), scales_by_hand(log or [], linear or []))
    for note in truth.notes:
        errors.print(f"[dim]{escape(note)}")
    contest = Contest(truth, budget, seed, score or truth.score, part(measure, truth))
    found = compare(contest, quiet) if selector == ALL else run_one(contest, selector, quiet)
    if out is not None:
        words.write_table(out, contest, found)
    if plot is not None:
        draw(plot, contest, found)
    if selector == ALL:
        conclude_comparison(contest, found, as_json)
    else:
        conclude_one(contest, played(found)[selector], as_json)


def part(measure: float | None, truth: CompleteMatrix) -> Measuring | None:
    """Return which part of each row is shown; None for all of it."""
    from rltransfer.selection.measuring import Measuring

    return None if measure is None else Measuring.part_of(measure, truth.J.shape[1])


def conclude_comparison(contest: Contest, found: Outcomes, as_json: bool) -> None:
    """Print how all selectors did."""
    from rltransfer.cli import selection_words as words

    if as_json:
        print_json(words.comparison_data(contest, found))
    else:
        words.print_comparison(contest, found)


def conclude_one(contest: Contest, got: Playback, as_json: bool) -> None:
    """Print what one selector picked."""
    from rltransfer.cli import selection_words as words

    if as_json:
        print_json(words.playback_data(contest, got))
    else:
        words.print_picks(contest, got)


def require_ending(option: str, path: Path | None, endings: tuple[str, ...]) -> None:
    """Raise, before anything is done, if a file cannot be written by its name."""
    if path is not None and path.suffix.lower() not in endings:
        raise InvalidExperiment(
            f"{option} needs a file name that ends in {' or '.join(endings)}; got {str(path)!r}."
        )


def scales_by_hand(log: list[str], linear: list[str]) -> dict[str, Scale]:
    """Return the scale of each feature that was named."""
    from rltransfer.contexts import Scale

    if both := sorted(set(log) & set(linear)):
        raise InvalidExperiment(
            f"feature {both[0]!r} is named by --log and by --linear: leave one."
        )
    return {**dict.fromkeys(log, Scale.LOG), **dict.fromkeys(linear, Scale.LINEAR)}


def run_one(contest: Contest, name: str, quiet: bool) -> Outcomes:
    """Run one selector."""
    with progress(contest.budget, quiet) as heard:
        return {name: contest.play(name, heard)}


def compare(contest: Contest, quiet: bool) -> Outcomes:
    """Run every selector; of one that cannot work on this matrix, keep the reason."""
    from rltransfer.selection import SELECTORS

    found: Outcomes = {}
    with progress(contest.budget * len(SELECTORS), quiet) as heard:
        for name in SELECTORS:
            try:
                found[name] = contest.play(name, heard)
            except RLTransferError as error:
                found[name] = error
    return found


def played(found: Outcomes) -> dict[str, Playback]:
    """Return what could be run."""
    return {name: got for name, got in found.items() if not isinstance(got, RLTransferError)}


def draw(path: Path, contest: Contest, found: Outcomes) -> None:
    """Write the picture."""
    from rltransfer.files import write_bytes
    from rltransfer.reports.drawing import rendered
    from rltransfer.reports.figures.selection import selection_figure

    curves = {name: got.V for name, got in played(found).items()}
    figure = selection_figure(curves, contest.random, contest.oracle.V)
    write_bytes(path, rendered(figure, path.suffix.lower().removeprefix(".")))


@contextmanager
def progress(decisions: int, quiet: bool) -> Iterator[Callable[[], object]]:
    """Yield what to call after each decision; it moves a bar where there is a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    columns = (TextColumn("selecting"), BarColumn(24), MofNCompleteColumn(), Left())
    hidden = quiet or not errors.is_terminal
    with Progress(*columns, console=errors, transient=True, disable=hidden) as bars:
        task = bars.add_task("", total=decisions)
        yield lambda: bars.advance(task)
