"""From a folder of runs to a page that people can read, in one call."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rltransfer.experiment.tables import write_tables
from rltransfer.files import write_text
from rltransfer.reports.comparison import Comparison
from rltransfer.reports.study import Study
from rltransfer.reports.summary import Summary
from rltransfer.seeding import derive_seed

__all__ = ["publish", "summarize", "write_report"]


def summarize(path: Path) -> Summary:
    """Return the numbers of a run, or of all runs of an experiment.

    Args:
        path: the folder of one seed, or of the experiment.

    Raises:
        CorruptRun: if there is no run, or one is damaged.
        RLTransferError: if nothing is trained yet, or the runs do not belong together.
    """
    return compared(Study.read(path))[1]


def write_report(path: Path) -> Path:
    """Write the report; return its page. See `publish`."""
    return publish(path)[0]


def publish(path: Path) -> tuple[Path, Summary]:
    """Write `report.html` and `figures/` into a run, or into an experiment's folder.

    The runs' tables are written again, so that page and tables agree. The same runs give the
    same report, byte for byte.

    Args:
        path: the folder of one seed, or of the experiment.

    Returns:
        the page, and the numbers on it.

    Raises:
        CorruptRun: if there is no run, or one is damaged.
        RLTransferError: if nothing is trained yet, or the runs do not belong together.
        StorageError: if something cannot be written.
    """
    from rltransfer.reports import exhibits
    from rltransfer.reports.drawing import draw
    from rltransfer.reports.page import page_html

    study = Study.read(path)
    for replicate in study.replicates:
        states = list(replicate.states.values())
        write_tables(replicate.run.path, states, replicate.pool, replicate.seed)
    comparison, summary = compared(study)
    figures = path / "figures"
    pictures = draw(exhibits.of_study(study, comparison), figures)
    of_seeds = {r.seed: draw(exhibits.of_replicate(study, r), figures) for r in study.replicates}
    page = path / "report.html"
    write_text(page, page_html(study, summary, pictures, of_seeds))
    return page, summary


def compared(study: Study) -> tuple[Comparison, Summary]:
    """Compare and summarise a study, with the same random numbers every time."""
    rng = np.random.default_rng(derive_seed(0, "report"))
    comparison = Comparison.of(study, rng)
    return comparison, Summary.of(study, comparison, rng)
