"""What `rltransfer tune` prints at the end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rltransfer.cli.output import console, escape, print_json

if TYPE_CHECKING:
    from rltransfer.experiment.tuning import Outcome
    from rltransfer.experiment.tuning.record import Trial

__all__ = ["tell", "tell_again"]

ROWS = 10
"""Trials in the printed table; all are in trials.csv."""


def tell(found: Outcome, folder: Path, page: Path, as_json: bool) -> None:
    """Print what a tuning has found, and where it lies."""
    if as_json:
        print_json({**summary(found), "best_toml": str(folder / "best.toml"), "report": str(page)})
        return
    show_trials(found)
    show_importance(found)
    show_best(found)
    tuning, vary = found.tuning, ",".join(found.tuning.contexts.vary)
    use = f"rltransfer run {tuning.env} --vary {vary} --training {folder / 'best.toml'}"
    console.print(f"Use it: {escape(use)}", soft_wrap=True)
    console.print(f"Report: {escape(str(page))}", soft_wrap=True)


def summary(found: Outcome) -> dict[str, Any]:
    """Return what a tuning has found as plain data."""
    best = found.best
    return {
        "tuning": found.tuning.digest,
        "trials": [found.row(trial) for trial in found.trials],
        "best": None if best is None else {**found.row(best), "settings": best.values},
        "family": found.own,
        "fresh_seeds": None if found.fresh is None else dict(zip(NAMES, found.fresh, strict=True)),
        "importance": found.importance,
    }


NAMES = ("best", "family")


def show_trials(found: Outcome) -> None:
    """Print the best trials, and how many came to their end."""
    from rich.table import Table

    order = sorted(
        (trial for trial in found.trials if trial.value is not None),
        key=lambda trial: -(trial.value or 0.0),
    )
    labels = [context.label for context in found.tuning.where]
    table = Table("trial", box=None, pad_edge=False)
    for head in ("value", *labels, "seconds"):
        table.add_column(escape(head), justify="right", overflow="fold")
    for trial in order[:ROWS]:
        scores = found.scores(trial)
        cells = [f"{scores[label]:.3f}" if label in scores else "" for label in labels]
        table.add_row(f"{trial.number}", f"{trial.value:.3f}", *cells, f"{trial.seconds:.1f}")
    console.print(table)
    states = [trial.state for trial in found.trials]
    told = f"{states.count('complete')} of {len(states)} trials complete"
    told += f", {states.count('pruned')} ended early" if "pruned" in states else ""
    told += f", {states.count('failed')} failed" if "failed" in states else ""
    console.print(f"{told}.")


def show_importance(found: Outcome) -> None:
    """Print which hyperparameters mattered."""
    shares = [f"{name} {share:.0%}" for name, share in found.importance.items() if share >= 0.01]
    if shares:
        console.print(f"What mattered (fANOVA): {escape(', '.join(shares))}.", soft_wrap=True)


def show_best(found: Outcome) -> None:
    """Print how good the best settings are, and how far that can be trusted."""
    if found.best is None or found.fresh is None:
        return
    ours, own = found.fresh
    console.print(
        f"\nBest: trial {found.best.number}, [bold]{found.best.value:.3f}[/] of the score range; "
        f"the unchanged settings {found.own:.3f}.\nWith seeds that no trial has seen: "
        f"[bold]{ours:.3f}[/] and {own:.3f}. The first number is the best of "
        f"{len(found.trials)}, so it is partly luck; these are not.",
        soft_wrap=True,
    )


def tell_again(before: Trial, now: Trial, as_json: bool) -> None:
    """Print a trial's numbers beside those of the same settings trained again."""
    same = before.equals(now)
    pairs = [
        {"before": old.mean, "again": new.mean}
        for old, new in zip(before.cells, now.cells, strict=False)
    ]
    if as_json:
        print_json({"trial": before.number, "equal": same, "returns": pairs})
        return
    for k, pair in enumerate(pairs):
        console.print(f"training {k}: return {pair['before']}, again {pair['again']}")
    told = "the same, bit for bit" if same else "not the same: another machine or version?"
    console.print(f"Trial {before.number} trained again comes to {told}.")
