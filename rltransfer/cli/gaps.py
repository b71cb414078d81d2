"""`rltransfer gap`: how far any policies generalise, and which of two does so better."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rltransfer.cli.datasets import read_context
from rltransfer.cli.output import console, errors, escape, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from rltransfer.experiment.gap_study import GapStudy

__all__ = ["gap"]

FOLDER = Path("gaps")
TRAINED = "--train-contexts"
POLICIES = (
    "A policy's folder, a Stable-Baselines3 zip, a folder of such, or a run; several: compare."
)


def gap(
    policies: Annotated[list[Path], typer.Argument(metavar="POLICY…", help=POLICIES)],
    env: Annotated[str | None, typer.Option(help="The family; as the policies say.")] = None,
    split: Annotated[
        str | None, typer.Option(help="A split of the family, such as inner60.")
    ] = None,
    vary: Annotated[str | None, typer.Option(help="Features to vary; as in the run.")] = None,
    targets: Annotated[int | None, typer.Option(min=1, help="Grid points per feature.")] = None,
    train_contexts: Annotated[
        list[str] | None,
        typer.Option(
            help="Where they were trained, such as length=0.5; again for each of several."
        ),
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="Policies that set the mark for the regret.")
    ] = None,
    episodes: Annotated[
        int | None, typer.Option(min=1, help="Episodes per policy and context; 10.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the episodes' starts.")] = 0,
    worst: Annotated[
        float, typer.Option(min=0.001, max=1.0, help="Share of contexts in the CVaR.")
    ] = 0.1,
    algorithm: Annotated[
        str | None, typer.Option(help="Of Stable-Baselines3 zips; read off their weights.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the results; gaps/NAME by default.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, for programs.")
    ] = False,
) -> None:
    """Measure generalization gaps: by context, part of a split, and distance; compare policies.

    A run by itself is studied as it was measured, with each of its selectors; name contexts or
    --episodes to measure it anew.
    """
    from rltransfer.cli.pointing import room_for
    from rltransfer.experiment.gap_study import GapSpec
    from rltransfer.experiment.gap_study import gap as study_gap
    from rltransfer.experiment.gap_study.files import study_dict
    from rltransfer.reports.gap_page import publish_gap_study

    subjects = named(policies)
    spec = GapSpec(
        env=env,
        split=split,
        vary=tuple(name.strip() for name in (vary or "").split(",") if name.strip()),
        targets=targets,
        train_contexts=tuple(read_context(x, TRAINED) for x in train_contexts or ()),
        episodes=episodes,
        seed=seed,
        worst=worst,
        algorithm=algorithm,
    )
    name = "-vs-".join(name.replace("/", "-") for name in subjects)
    folder = room_for("--out", out or FOLDER / name)
    with errors.status("Measuring …"):
        study = study_gap(subjects, spec, reference)
    page = publish_gap_study(study, folder)
    if as_json:
        print_json({"folder": str(folder), **study_dict(study)})
    else:
        show(study, page)


def named(paths: list[Path]) -> dict[str, Path]:
    """Return paths by the shortest ends of them that tell them apart.

    Raises:
        InvalidExperiment: if one is given twice.
    """
    from rltransfer.errors import InvalidExperiment

    parts = [path.resolve().parts for path in paths]
    if len(set(parts)) < len(parts):
        raise InvalidExperiment(
            "the same path is given twice; a comparison needs two different policies or runs."
        )
    depth = 1
    while len({ends[-depth:] for ends in parts}) < len(parts):
        depth += 1
    return {"/".join(ends[-depth:]): path for ends, path in zip(parts, paths, strict=True)}


def show(study: GapStudy, page: Path) -> None:
    """Print a line per method, a line per comparison, the law, and where everything is."""
    from rltransfer.reports.gap_words import law_sentences

    console.print(methods_table(study))
    if study.comparisons:
        console.print()
        console.print(comparisons_table(study))
    if study.law is not None:
        console.print("\n[bold]Gap against distance")
        print_lines(law_sentences(study.law))
    console.print()
    for note in study.notes:
        console.print(f"[dim]{escape(note)}", soft_wrap=True)
    console.print(f"Page: {escape(str(page))}", soft_wrap=True)


def print_lines(sentences: list[str]) -> None:
    """Print sentences, a line each."""
    for sentence in sentences:
        console.print(sentence, soft_wrap=True, markup=False)


def methods_table(study: GapStudy) -> Table:
    """Return a row per method."""
    from rich.table import Column, Table

    from rltransfer.experiment.gap_study.findings import HELD_OUT
    from rltransfer.reports.gap_words import interval_text, settled, share_text
    from rltransfer.reports.words import number

    table = Table(Column("method", overflow="fold"), box=None, pad_edge=False)
    worst = share_text(study.spec.worst)
    for title in ("mean return", "IQM", "mean gap", "train/held-out gap", worst):
        table.add_column(title, justify="right", no_wrap=True)
    for found in study.findings:
        table.add_row(
            escape(found.method.name),
            interval_text(found.returns),
            number(found.iqm.estimate),
            "–" if found.gap is None else number(settled(found.gap.estimate)),
            interval_text(found.lost.get(HELD_OUT)),
            number(found.worst.estimate),
        )
    return table


def comparisons_table(study: GapStudy) -> Table:
    """Return a row for each method that the first is compared with."""
    from rich.table import Column, Table

    from rltransfer.reports.gap_words import interval_text, p_text
    from rltransfer.reports.words import percent

    first = escape(study.comparisons[0].first)
    table = Table(Column(f"{first} against", overflow="fold"), box=None, pad_edge=False)
    for title in ("return more", "better in", "over contexts", "over trainings"):
        table.add_column(title, justify="right", no_wrap=True)
    for found in study.comparisons:
        table.add_row(
            escape(found.second),
            interval_text(found.difference),
            percent(found.improvement.estimate),
            p_text(found.contexts_p),
            "–" if found.trainings_p is None else p_text(found.trainings_p),
        )
    return table
