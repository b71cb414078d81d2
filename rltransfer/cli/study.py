"""`run`, `resume` and `report`: an experiment is run, continued, concluded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rltransfer.cli.display import display
from rltransfer.cli.options import Workplace
from rltransfer.cli.output import console, policies_text, print_json
from rltransfer.cli.stopping import continuable
from rltransfer.errors import SourceFailed
from rltransfer.experiment.backends import Backend, Wish, make_backend
from rltransfer.experiment.events import Events
from rltransfer.experiment.known import gathered
from rltransfer.experiment.loop import continue_run, run_experiment
from rltransfer.experiment.mirror import Audience, Mirror
from rltransfer.experiment.planning.workload import Workload
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import Run
from rltransfer.runs.conditions import accept_conditions, require_same_conditions

if TYPE_CHECKING:
    from rltransfer.reports import Summary

__all__ = [
    "accept_environment",
    "conclude",
    "describe",
    "execute",
    "resume_runs",
    "retry_failed",
]


def describe(experiment: Experiment, as_json: bool) -> None:
    """Print what a run would do and what it would cost."""
    experiment = gathered(experiment)
    workload = Workload.of(experiment)
    plan = {
        "experiment": experiment.model_dump(exclude_none=True),
        "policies_at_most": workload.policies,
        "training_steps_about": workload.training_steps,
        "episodes_at_most": workload.evaluation_episodes,
    }
    if as_json:
        print_json(plan)
        return
    ends = ["trainings end"] * (experiment.stopping is not None)
    ends += ["the study ends"] * (experiment.selection.stop_gain is not None)
    sooner = f", fewer where {' or '.join(ends)} early" if ends else ""
    console.print(experiment.to_toml().strip(), markup=False, soft_wrap=True)
    console.print(
        f"\nAt most {policies_text(workload.policies)} and "
        f"{plan['episodes_at_most']:,} evaluation episodes; about "
        f"{plan['training_steps_about']:,} training steps (whole rollouts are trained){sooner}.",
        soft_wrap=True,
    )


@contextmanager
def audience(place: Workplace, hidden: bool) -> Iterator[Events]:
    """Yield who is told what happens: the display, and a database where one is to have a copy."""
    with display(hidden) as shown:
        if place.storage is None:
            yield shown
        else:
            yield Audience(shown, Mirror(place.storage))


def backend_of(place: Workplace) -> Backend:
    """Return the backend that was asked for."""
    wish = Wish(place.jobs, place.address, place.partition, place.time)
    return make_backend(place.backend, wish)


def execute(
    experiment: Experiment, runs: Path, place: Workplace, quiet: bool, as_json: bool
) -> None:
    """Run an experiment to its end, showing progress, and print the conclusion."""
    folder, backend = runs / experiment.name, backend_of(place)
    with (
        continuable(as_json, f"rltransfer resume {folder}", folder),
        audience(place, quiet or as_json) as events,
    ):
        run_experiment(
            experiment, runs, backend=backend, events=events, step_timeout=place.step_timeout
        )
    conclude_if_changed(folder, as_json)


def resume_runs(path: Path, place: Workplace, quiet: bool, as_json: bool) -> None:
    """Continue the runs of a folder, each with its own experiment."""
    backend = backend_of(place)
    with (
        continuable(as_json, f"rltransfer resume {path}"),
        audience(place, quiet or as_json) as events,
    ):
        for run in Run.find(path):
            continue_run(run, backend=backend, events=events, step_timeout=place.step_timeout)
    conclude_if_changed(path, as_json)


def retry_failed(path: Path) -> None:
    """Have the sources that have failed tried again when the runs are continued."""
    for run in Run.find(path):
        require_same_conditions(run)  # for else nothing may be changed
        run.forget_failures()


def accept_environment(path: Path) -> None:
    """Let the runs go on with today's libraries and processor, and say what has changed."""
    for run in Run.find(path):
        accept_conditions(run)


def conclude(path: Path, as_json: bool) -> None:
    """Write the report of a run or an experiment and print its summary."""
    from rltransfer.reports import publish

    tell(*publish(path), as_json)


def conclude_if_changed(path: Path, as_json: bool) -> None:
    """Conclude, but leave the report of a run that was finished before as it is.

    Raises:
        typer.Exit: if sources have failed.
    """
    from rltransfer.reports import publish, summarize

    page = path / "report.html"
    changed = max(run.study_file.stat().st_mtime for run in Run.find(path))
    if page.is_file() and page.stat().st_mtime >= changed:
        summary = summarize(path)
    else:
        page, summary = publish(path)
    tell(page, summary, as_json)
    if summary.failed:
        raise typer.Exit(SourceFailed.exit_code)


def tell(page: Path, summary: Summary, as_json: bool) -> None:
    """Print a summary and where its page is."""
    from rltransfer.cli.conclusion import print_summary

    if as_json:
        print_json({**summary.to_dict(), "report": str(page)})
    else:
        print_summary(summary)
        console.print(f"\nReport: {page}", soft_wrap=True)
