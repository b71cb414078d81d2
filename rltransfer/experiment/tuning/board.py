"""What people see of a tuning beside Optuna's own plots: a note, and figures by context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rltransfer.experiment.tuning.folder import TuningFolder
from rltransfer.experiment.tuning.outcome import Outcome
from rltransfer.experiment.tuning.storage import copied
from rltransfer.runs.ledger import quiet

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage

__all__ = ["context_figure", "copy_of", "curve_figure", "note", "show"]

WIDEST = 100
"""Most trials in the dashboard's heat map; its page reads the whole figure at each poll."""


def show(study: optuna.Study, found: Outcome) -> None:
    """Bring note and figures up to date."""
    from optuna_dashboard import save_note, save_plotly_graph_object

    with quiet():
        save_note(study, note(found))
        save_plotly_graph_object(study, context_figure(found), graph_object_id="contexts")
        save_plotly_graph_object(study, curve_figure(found), graph_object_id="curves")


def copy_of(folder: TuningFolder) -> BaseStorage:
    """Return a study in memory with the trials of a folder as they are now, and all beside it."""
    from optuna.storages import InMemoryStorage

    found = Outcome.read(folder)
    storage = InMemoryStorage()
    show(copied(found.study(), storage, found.tuning), found)
    return storage


def note(found: Outcome) -> str:
    """Return what the tuning has found so far, in Markdown."""
    tuning, best = found.tuning, found.best
    where = "; ".join(context.label for context in tuning.where)
    counted = "the mean" if tuning.worst == 1.0 else f"the mean of the worst {tuning.worst:.0%}"
    lines = [
        f"**{tuning.study().algorithm} on {tuning.env}**, {count(tuning.seeds)} in each of: "
        f"{where}. A value is {counted} over these contexts, 0 and 1 being returns of "
        f"{tuning.objective.low:g} and {tuning.objective.high:g}. "
        f"{len(found.trials)} of {tuning.trials} trials are done.",
    ]
    if best is not None:
        lines.append(f"**Best so far:** trial {best.number}, {best.value:.3f}.")
    if found.own is not None:
        lines.append(f"The unchanged settings: {found.own:.3f} with the same seeds.")
    if found.fresh is not None:
        ours, own = found.fresh
        lines.append(
            f"**With seeds that no trial has seen:** {ours:.3f}, the unchanged settings {own:.3f}."
        )
    return "\n\n".join(lines)


def count(trainings: int) -> str:
    """Return a number of trainings in words."""
    return f"{trainings} training" + ("s" if trainings > 1 else "")


def context_figure(found: Outcome) -> Any:
    """Draw the score of each trial in each context as a heat map."""
    import plotly.graph_objects as go

    shown = found.trials[-WIDEST:]
    labels = [context.label for context in found.tuning.where]
    scores = [found.scores(trial) for trial in shown]
    heat = go.Heatmap(
        z=[[rounded(row.get(label)) for row in scores] for label in labels],
        x=[str(trial.number) for trial in shown],
        y=labels,
        colorscale="Viridis",
        colorbar={"title": "score"},
    )
    return go.Figure(heat, layout=layout("Score of each trial in each context", "trial", ""))


def curve_figure(found: Outcome) -> Any:
    """Draw the learning curves of the best trial in each context, a line per training."""
    import plotly.graph_objects as go

    where, cells = found.tuning.where, () if found.best is None else found.best.cells
    lines = [
        go.Scatter(
            x=[step for step, _ in cell.looks],
            y=[rounded(found.tuning.objective.score(value)) for _, value in cell.looks],
            mode="lines",
            name=f"{where[k % len(where)].label} #{k // len(where)}",
            line={"color": COLORS[k % len(where) % len(COLORS)]},
        )
        for k, cell in enumerate(cells)
    ]
    best = "no trial yet" if found.best is None else f"trial {found.best.number}, the best so far"
    return go.Figure(lines, layout=layout(f"Learning curves of {best}", "steps", "score"))


COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's, which people tell apart whatever their sight."""


def layout(title: str, x: str, y: str) -> dict[str, Any]:
    """Return what all figures have in common; small, for the dashboard stores it in pieces."""
    return {
        "title": title,
        "xaxis": {"title": x},
        "yaxis": {"title": y, "automargin": True},
        "template": "none",
    }


def rounded(value: float | None) -> float | None:
    """Return a score with the digits that a figure can show."""
    return None if value is None else round(value, 4)
