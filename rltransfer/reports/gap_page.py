"""The page of a gap study, and everything else that is written of it, in one call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rltransfer.experiment.gap_study import GapStudy
from rltransfer.experiment.gap_study.files import write_results
from rltransfer.experiment.gap_study.law import GapLaw
from rltransfer.files import write_text
from rltransfer.reports.gap_exhibits import of_gap_study
from rltransfer.reports.gap_words import (
    comparison_sentences,
    interval_text,
    loss_text,
    share_text,
    slope_text,
)
from rltransfer.reports.page import Picture, template
from rltransfer.transfer import Interval

__all__ = ["gap_page_html", "publish_gap_study"]

PAGE = "gap.html"
"""The template, and the file that it becomes."""


def publish_gap_study(study: GapStudy, folder: Path) -> Path:
    """Write `gap.json`, the tables, `figures/` and the page into a folder; return the page.

    Raises:
        StorageError: if something cannot be written.
    """
    from rltransfer.reports.drawing import draw

    write_results(study, folder)
    page = folder / PAGE
    write_text(page, gap_page_html(study, draw(of_gap_study(study), folder / "figures")))
    return page


def gap_page_html(study: GapStudy, pictures: Sequence[Picture]) -> str:
    """Return the whole page."""
    names = [found.method.name for found in study.findings]
    return template(PAGE).render(
        title=f"Generalization gaps: {', '.join(names)}",
        study=study,
        pictures=pictures,
        text=interval_text,
        worst=share_text(study.spec.worst),
        rows=list(number_rows(study)),
        laws=list(laws(study)),
        slope=slope_text,
        loss=loss_text,
        comparisons=[
            {"title": f"{c.first} against {c.second}", "sentences": comparison_sentences(c)}
            for c in study.comparisons
        ],
    )


def number_rows(study: GapStudy) -> Iterator[tuple[str, list[Interval | None]]]:
    """Yield a row of the table of numbers: its name, and a number of each method."""
    yield "mean return", [found.returns for found in study.findings]
    yield "mean score", [found.score for found in study.findings]
    yield "IQM of scores", [found.iqm for found in study.findings]
    yield "optimality gap", [found.optimality_gap for found in study.findings]
    yield f"mean return, {share_text(study.spec.worst)}", [f.worst for f in study.findings]
    yield "mean gap ΔJ", [found.gap for found in study.findings]


def laws(study: GapStudy) -> Iterator[tuple[str, GapLaw]]:
    """Yield the law of each method, and of all policies where there are several methods."""
    several = len(study.findings) > 1
    for found in study.findings:
        if found.law is not None:
            yield found.method.name, found.law
    if study.law is not None and several:
        yield "all", study.law
