"""`rltransfer plan`: what a study will take, and where, before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from rltransfer.cli.options import Choices, spread
from rltransfer.cli.output import console, escape, print_json
from rltransfer.errors import InvalidExperiment

if TYPE_CHECKING:
    from rltransfer.experiment.planning import Plan, Range, Rates, Seat, Workload
    from rltransfer.experiment.spec import Experiment

__all__ = ["plan"]

MOST_WORKERS = 1_000_000
HOUR = 3600.0

CLUSTERS = "Other machines' cores may be faster or slower; waiting in a queue is not in it."


@spread
def plan(
    study: Annotated[str, typer.Argument(help="An experiment.toml, or an environment's name.")],
    choices: Choices,
    like: Annotated[
        Path | None,
        typer.Option(help="Take rates from this run; by default a few seconds are measured."),
    ] = None,
    workers: Annotated[
        str, typer.Option(help="Of clusters, such as 16,160; by default what is of use.")
    ] = "",
    price: Annotated[
        float | None, typer.Option(min=0.0, help="Of a core-hour, in any currency.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, for programs.")
    ] = False,
) -> None:
    """Say what a study will take: trainings, steps, hours and cost by backend. Runs nothing."""
    from rltransfer.cli.choices import resolve
    from rltransfer.experiment.known import gathered
    from rltransfer.experiment.planning import Workload, make_plan

    experiment = gathered(resolve(study, choices))
    counts = worker_counts(workers)
    rates = measured(experiment, like)
    workload = Workload.of(experiment)
    useful = make_plan(workload, rates, []).useful
    found = make_plan(workload, rates, seats(counts or [useful]), price)
    if as_json:
        print_json({"study": experiment.name, **found.to_dict()})
    else:
        show(found)


def measured(experiment: Experiment, like: Path | None) -> Rates:
    """Return the rates of a run, or of a few seconds here."""
    from rltransfer.experiment.planning import calibrated, rates_of

    return calibrated(experiment) if like is None else rates_of(like, experiment)


def worker_counts(text: str) -> list[int]:
    """Read `16,160`.

    Raises:
        InvalidExperiment: if that is not what it says.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isdecimal() and 1 <= int(word) <= MOST_WORKERS for word in words):
        raise InvalidExperiment(
            f"--workers must be numbers from 1 on, such as 16,160; got {text!r}."
        )
    return [int(word) for word in words]


def seats(counts: list[int]) -> list[tuple[str, int]]:
    """Return this machine with one worker and with all its cores, then clusters."""
    from rltransfer.envs.cores import usable_cores

    here = [("local", count) for count in sorted({1, usable_cores()})]
    return here + [(name, count) for count in counts for name in ("dask", "slurm")]


def show(found: Plan) -> None:
    """Print amounts, times and where the figures come from."""
    console.print(amounts(found.workload), soft_wrap=True)
    console.print()
    console.print(table(found.seats))
    console.print()
    more = "A second worker hardly helps" if found.useful == 1 else (
        f"More than {found.useful} workers hardly help"
    )  # fmt: skip
    console.print(
        f"{more}: a selector's next source waits for what the one before has shown.",
        soft_wrap=True,
    )
    console.print(f"Rates: {escape(found.rates.source)}; {speeds(found.rates)}.", soft_wrap=True)
    for caution in (*found.rates.cautions, CLUSTERS):
        console.print(f"[dim]{escape(caution)}", soft_wrap=True)


def amounts(workload: Workload) -> str:
    """Say how much there is to do."""
    seeds = "" if workload.seeds == 1 else f" for {workload.seeds} seeds, one after another"
    return (
        f"At most {workload.policies:,} trainings{seeds}, in chains of {workload.rounds}; "
        f"{workload.training_steps:,} training steps; {workload.evaluation_episodes:,} evaluation "
        f"episodes, {workload.evaluation_steps:,} steps if none ends early."
    )


def table(seats: tuple[Seat, ...]) -> Table:
    """Return a row for each backend."""
    priced = any(seat.cost is not None for seat in seats)
    columns = ["backend", "workers", "time", "core-hours", *(["cost"] if priced else [])]
    made = Table(*columns, box=None, pad_edge=False)
    for seat in seats:
        cost = [] if seat.cost is None else [between(seat.cost)]
        hours = between(seat.core_hours)
        made.add_row(seat.backend, str(seat.workers), time(seat.hours), hours, *cost)
    return made


def time(hours: Range) -> str:
    """Return a range of times as people say them."""
    from rltransfer.reports.words import duration

    low, high = (duration(HOUR * end) for end in hours)
    return low if low == high else f"{low} to {high}"


def between(value: Range) -> str:
    """Return a range with two digits that count."""
    low, high = (f"{end:,.0f}" if end >= 100 else f"{end:.2g}" for end in value)
    return low if low == high else f"{low} to {high}"


def speeds(rates: Rates) -> str:
    """Return the rates as people say them."""
    train = f"{1 / rates.train.high:,.0f} to {1 / rates.train.low:,.0f} training steps"
    return f"{train} and {1 / rates.play.high:,.0f} or more evaluation steps a second on one core"
