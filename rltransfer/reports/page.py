"""The page: numbers, figures and tables in one file that loads nothing from elsewhere."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from rltransfer.contexts import Context
from rltransfer.reports import words
from rltransfer.reports.covered import THRESHOLD
from rltransfer.reports.exhibits import Exhibit
from rltransfer.reports.expectations import Expectation
from rltransfer.reports.study import Replicate, Study
from rltransfer.reports.summary import Summary
from rltransfer.reports.tables import TrainedRow, provenance_rows, trained_rows

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["Picture", "page_html"]

FILTERS = {
    "number": words.number,
    "signed": words.signed,
    "percent": words.percent,
    "duration": words.duration,
    "estimate": words.estimate_text,
}


@dataclass(frozen=True)
class Picture:
    """An exhibit, drawn.

    Attributes:
        exhibit: the figure and its words.
        svg: the file.
    """

    exhibit: Exhibit
    svg: bytes

    @property
    def source(self) -> str:
        """The picture as an address that holds it."""
        return f"data:image/svg+xml;base64,{b64encode(self.svg).decode('ascii')}"


@dataclass(frozen=True)
class Part:
    """What the page says of one seed."""

    replicate: Replicate
    pictures: Sequence[Picture]
    trained: Sequence[TrainedRow]
    expected: Sequence[Expectation]
    provenance: Sequence[tuple[str, str]]


def page_html(
    study: Study,
    summary: Summary,
    pictures: Sequence[Picture],
    of_seeds: Mapping[int, Sequence[Picture]],
) -> str:
    """Return the whole page.

    Args:
        study: what it is about.
        summary: its numbers.
        pictures: of all seeds together.
        of_seeds: of each seed.
    """
    parts = [
        Part(r, of_seeds[r.seed], trained_rows(r), Expectation.of_lane(r.own), provenance_rows(r))
        for r in study.replicates
    ]
    return template("report.html").render(
        study=study,
        summary=summary,
        pictures=pictures,
        parts=parts,
        stretches=[stretch_text(study, stretch) for stretch in summary.covered.stretches],
        at=lambda context: words.context_text(study.space, context),
        score=THRESHOLD,
        description=study.experiment.model_copy(update={"seeds": list(study.seeds)}).to_toml(),
    )


def stretch_text(study: Study, stretch: tuple[Context, Context]) -> str:
    """Return the ends of a covered stretch, such as `0.05 m to 1.2 m`."""
    first, last = (words.context_text(study.space, context) for context in stretch)
    return first if first == last else f"{first} to {last}"


@cache
def template(name: str) -> Template:
    """Load a page's template from the package."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("rltransfer.reports", package_path="pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    return environment.get_template(name)
