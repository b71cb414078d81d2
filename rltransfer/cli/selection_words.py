"""What selectors picked from a known matrix: tables for people, plain data for programs."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Column, Table

from rltransfer.cli.output import console, escape
from rltransfer.errors import RLTransferError
from rltransfer.files import write_text
from rltransfer.selection.playback import RANDOM_SEEDS, Contest, Playback

__all__ = ["comparison_data", "playback_data", "print_comparison", "print_picks", "write_table"]

Outcomes = Mapping[str, Playback | RLTransferError]

HEADER = ("selector", "round", "pick", "context", "V", "served", "seconds", "reason")


def playback_data(contest: Contest, playback: Playback) -> dict[str, Any]:
    """Return one selector's picks as plain data, and how the targets are served in part."""
    in_part = {"served": playback.served.tolist(), "returns_measured": playback.cells}
    return {
        "picks": list(playback.picks),
        "V": playback.V.tolist(),
        **({} if contest.measuring is None else in_part),
        "seconds_per_decision": playback.seconds_per_decision,
    }


def comparison_data(contest: Contest, found: Outcomes) -> dict[str, Any]:
    """Return every selector's picks or the reason why there are none, and the references."""
    return {
        "selectors": {name: outcome_data(contest, got) for name, got in found.items()},
        "random": {"V": contest.random.tolist()},
        "oracle": {"picks": list(contest.oracle.picks), "V": contest.oracle.V.tolist()},
    }


def outcome_data(contest: Contest, got: Playback | RLTransferError) -> dict[str, Any]:
    """Return what came of one selector."""
    if isinstance(got, RLTransferError):
        return {"error": str(got)}
    return {**playback_data(contest, got), "score": contest.score_of(got.V)}


def print_picks(contest: Contest, playback: Playback) -> None:
    """Print a row per pick, and how good the last V is."""
    table = Table(
        Column("round", justify="right"), Column("pick", justify="right"),
        Column("context", overflow="fold"), Column("V", justify="right"),
        Column("why", overflow="fold"), Column("seconds", justify="right"),
        box=None, pad_edge=False,
    )  # fmt: skip
    for k, decision in enumerate(playback.decisions):
        index = decision.proposal.index
        table.add_row(
            str(k + 1), str(index), escape(contest.truth.labels[index]),
            f"{playback.V[k]:.4g}", escape(decision.proposal.reason), f"{decision.seconds:.3f}",
        )  # fmt: skip
    console.print(table)
    console.print(
        f"\nV after {contest.budget}: [bold]{playback.V[-1]:.4g}[/]; random selection "
        f"{contest.random[-1]:.4g} (mean of {RANDOM_SEEDS} seeds), greedy oracle "
        f"{contest.oracle.V[-1]:.4g}.",
        soft_wrap=True,
    )
    if contest.measuring is not None:
        print_measured(contest, playback)


def print_measured(contest: Contest, playback: Playback) -> None:
    """Say what was measured, and what the targets return when they are served by that."""
    every = contest.budget * contest.truth.J.shape[1]
    console.print(
        f"{playback.cells:,} of {every:,} returns were measured, {playback.cells / every:.0%}. "
        "Where each target is served by the policy that is measured or forecast to be best, they "
        f"return [bold]{playback.served[-1]:.4g}[/].",
        soft_wrap=True,
    )


def print_comparison(contest: Contest, found: Outcomes) -> None:
    """Print a row per selector that could run, the references, and why others could not."""
    table = Table("selector", box=None, pad_edge=False)
    in_part = () if contest.measuring is None else ("served",)
    for title in ("mean V", f"V after {contest.budget}", "score", "s per decision", *in_part):
        table.add_column(title, justify="right")
    failed = {name: got for name, got in found.items() if isinstance(got, RLTransferError)}
    for name, got in found.items():
        if not isinstance(got, RLTransferError):
            served = [f"{got.served[-1]:.4g}" for _ in in_part]
            seconds = f"{got.seconds_per_decision:.3f}"
            table.add_row(name, *cells(contest, got.V), seconds, *served)
    title = f"[dim]random, mean of {RANDOM_SEEDS}"
    table.add_row(title, *cells(contest, contest.random), "")
    table.add_row("[dim]greedy oracle", *cells(contest, contest.oracle.V), "")
    console.print(table)
    for name, error in failed.items():
        console.print(f"[yellow]{name}[/] cannot run here: {escape(str(error))}", soft_wrap=True)


def cells(contest: Contest, V: NDArray[np.float64]) -> tuple[str, str, str]:
    """Return the mean of V, its last value and the score as text."""
    score = contest.score_of(V)
    return f"{V.mean():.4g}", f"{V[-1]:.4g}", "-" if score is None else f"{score:.3f}"


def write_table(path: Path, contest: Contest, found: Outcomes) -> None:
    """Write a row per selector and round, the references among them.

    Raises:
        StorageError: if the file cannot be written.
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for name, got in {**found, "greedy oracle": contest.oracle}.items():
        if not isinstance(got, RLTransferError):
            writer.writerows(rows(name, contest, got))
    for k, V in enumerate(contest.random.tolist()):
        writer.writerow(("random, mean", k + 1, "", "", V, V, "", f"{RANDOM_SEEDS} seeds"))
    write_text(path, text.getvalue())


def rows(name: str, contest: Contest, playback: Playback) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of one selector, as `HEADER` names their cells."""
    values = zip(playback.decisions, playback.V.tolist(), playback.served.tolist(), strict=True)
    for k, (decision, V, served) in enumerate(values):
        proposal = decision.proposal
        label = contest.truth.labels[proposal.index]
        yield name, k + 1, proposal.index, label, V, served, decision.seconds, proposal.reason
