"""The page of a tuning: Optuna's own figures, and the scores by context."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rltransfer.experiment.tuning.board import context_figure, note
from rltransfer.experiment.tuning.folder import TuningFolder
from rltransfer.experiment.tuning.outcome import Outcome
from rltransfer.files import write_text

if TYPE_CHECKING:
    import optuna

__all__ = ["write_tuning_page"]

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse;font-size:.9em}}td,th{{padding:.1rem .7rem;text-align:right}}
pre{{background:#f4f4f4;padding:1rem}}pre,.wide{{overflow:auto}}</style></head>
<body><h1>{title}</h1>{words}{figures}
<h2>Trials</h2><div class="wide">{table}</div><h2>best.toml</h2><pre>{toml}</pre>
</body></html>"""


def write_tuning_page(path: Path) -> Path:
    """Write `report.html` of a tuning, complete in itself; return where it is.

    Raises:
        CorruptRun: if the folder holds no tuning, or a file in it was changed.
        StorageError: if the page cannot be written.
    """
    folder = TuningFolder(path)
    found = Outcome.read(folder)
    figures = "".join(f"<h2>{title}</h2>{html}" for title, html in drawn(found))
    words = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs(note(found)))
    table = found.to_frame().to_html(index=False, float_format=lambda x: f"{x:.4g}", na_rep="")
    toml = "" if found.best is None else escape(found.toml)
    title = escape(found.tuning.name)
    page = PAGE.format(title=title, words=words, figures=figures, table=table, toml=toml)
    write_text(folder.report, page)
    return folder.report


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a note as HTML; its only markup is **bold**."""
    parts = escape(text).split("**")
    plain = "".join(f"<b>{part}</b>" if k % 2 else part for k, part in enumerate(parts))
    return plain.split("\n\n")


def drawn(found: Outcome) -> Iterator[tuple[str, str]]:
    """Yield a title and HTML for each figure that the trials so far allow."""
    from plotly.offline import get_plotlyjs

    figures = [(title, make(found)) for title, make in FIGURES.items()]
    script = f"<script>{get_plotlyjs()}</script>"
    for title, figure in figures:
        if figure is not None:
            html = figure.to_html(full_html=False, include_plotlyjs=False, default_height=420)
            yield title, script + html
            script = ""


def history(found: Outcome) -> Any:
    """Draw the values of the trials, and the best so far."""
    from optuna.visualization import plot_optimization_history

    return plot_optimization_history(found.study()) if found.best else None


def curves(found: Outcome) -> Any:
    """Draw the intermediate values: where trials were ended."""
    from optuna.visualization import plot_intermediate_values

    return plot_intermediate_values(found.study())


def importances(found: Outcome) -> Any:
    """Draw what mattered, where that can be told."""
    from optuna.visualization import plot_param_importances

    study: optuna.Study = found.study()
    return plot_param_importances(study, evaluator=found.evaluator()) if found.importance else None


def parallel(found: Outcome) -> Any:
    """Draw the complete trials' settings side by side."""
    from optuna.visualization import plot_parallel_coordinate

    return plot_parallel_coordinate(found.study()) if found.best else None


FIGURES: dict[str, Callable[[Outcome], Any]] = {
    "Value of the trials": history,
    "What mattered": importances,
    "Scores by context": context_figure,
    "On the way": curves,
    "Settings": parallel,
}
