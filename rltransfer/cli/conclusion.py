"""What a study has found, on the terminal: the answers first."""

from __future__ import annotations

from rich.table import Table

from rltransfer.cli.output import console, escape, policies_text
from rltransfer.contexts import ContextSpace
from rltransfer.envs import make
from rltransfer.reports import Summary
from rltransfer.reports.covered import Stretch
from rltransfer.reports.words import context_text, duration, estimate_text, number, percent

__all__ = ["print_summary"]


def print_summary(summary: Summary) -> None:
    """Print where the family is covered, the gaps, the cost, and the comparison."""
    console.print()
    console.print(answers(summary))
    if len(summary.selectors) + len(summary.references) > 1:
        console.print()
        console.print(comparison(summary))
    for ahead in summary.ahead:
        seed = f"Seed {ahead.seed}: " if len(summary.seeds) > 1 else ""
        console.print(f"{seed}{ahead.sentence}", soft_wrap=True)
    for note in summary.notes:
        console.print(f"[dim]{note}", soft_wrap=True)
    for source in summary.failed:
        sentence = escape(source.sentence(len(summary.seeds)))
        console.print(f"[red]Failed:[/] {sentence}", soft_wrap=True)
    if summary.missing:
        console.print(f"[yellow]Not finished:[/] {'; '.join(summary.missing)}", soft_wrap=True)


def answers(summary: Summary) -> Table:
    """Return the study's answers, one per row."""
    space = make(summary.env).space.select(summary.vary)
    worst, covered, cost = summary.worst, summary.covered, summary.cost
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row(
        "[bold]covered",
        f"{percent(covered.share.value)} of {cost.contexts} contexts return "
        f"{number(covered.threshold)} or more",
    )
    if covered.stretches:
        every = " in every seed" if len(summary.seeds) > 1 else ""
        table.add_row("", f"{stretches(space, covered.stretches)}{every}")
    table.add_row("[bold]mean return", f"{estimate_text(summary.coverage)} over all contexts")
    table.add_row(
        "[bold]mean gap",
        f"{estimate_text(summary.mean_gap)} from a policy's own context to its targets",
    )
    table.add_row(
        "[bold]worst gap",
        f"{number(worst.gap)} at {context_text(space, worst.target)}, "
        f"served by {escape(worst.server(space))}",
    )
    table.add_row(
        "[bold]cost",
        f"{policies_text(cost.policies)}, {cost.steps:,.0f} training steps, "
        f"{duration(cost.seconds)}",
    )
    if cost.monitor_steps:
        table.add_row("", f"besides, {cost.monitor_steps:,.0f} steps for learning curves")
    table.add_row(
        "[bold]saved", f"{percent(cost.saving)} of the steps of one policy for each context"
    )
    for known in summary.known:
        served = f"serves {percent(known.served)} of {cost.contexts} contexts"
        table.add_row("[bold]known", f"{escape(known.name)} {served}")
    return table


def stretches(space: ContextSpace, found: tuple[Stretch, ...]) -> str:
    """Return stretches of neighbouring contexts, such as `0.05 m … 1.2 m, 3 m`."""
    return ", ".join(
        " … ".join(dict.fromkeys(context_text(space, end) for end in ends)) for ends in found
    )


def comparison(summary: Summary) -> Table:
    """Return the mean return of every selector and of what it is compared with."""
    table = Table("compared", "policies", "mean return", f"lead of {summary.selector}", box=None,
                  pad_edge=False)  # fmt: skip
    for row in summary.selectors:
        lead = "" if row.lead is None else estimate_text(row.lead)
        table.add_row(row.name, str(row.rounds), estimate_text(row.coverage), lead)
    for reference in summary.references:
        table.add_row(reference.name, "", estimate_text(reference.coverage), "")
    return table
