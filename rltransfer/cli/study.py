"""`run`, `resume` and `report`: an experiment is run, continued, concluded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rltransfer.cli.display import display
from rltransfer.cli.output import console, print_json
from rltransfer.experiment.agenda import Agenda
from rltransfer.experiment.known import gathered
from rltransfer.experiment.lanes import make_lanes
from rltransfer.experiment.loop import continue_run, run_experiment
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import Run

if TYPE_CHECKING:
    from rltransfer.reports import Summary

__all__ = ["conclude", "describe", "execute", "resume_runs"]


def describe(experiment: Experiment, as_json: bool) -> None:
    """Print what a run would do and what it would cost."""
    experiment = gathered(experiment)
    seeds, lanes = len(experiment.seeds), make_lanes(experiment, experiment.seeds[0])
    agenda = Agenda(experiment, lanes, {})
    policies, steps = agenda.planned
    everywhere = len(agenda.many) + len(experiment.known or ())
    rule, M = experiment.measuring, len(experiment.targets())
    each = M if rule is None else rule.count
    cells = (policies - len(agenda.many)) * each + everywhere * M
    episodes = cells * experiment.evaluation.episodes
    plan = {
        "experiment": experiment.model_dump(exclude_none=True),
        "policies_at_most": seeds * policies,
        "training_steps_about": seeds * steps,
        "episodes_at_most": seeds * episodes,
    }
    if as_json:
        print_json(plan)
        return
    ends = ["trainings end"] * (experiment.stopping is not None)
    ends += ["the study ends"] * (experiment.selection.stop_gain is not None)
    sooner = f", fewer where {' or '.join(ends)} early" if ends else ""
    console.print(experiment.to_toml().strip(), markup=False)
    console.print(
        f"\nAt most {plan['policies_at_most']} policies and "
        f"{plan['episodes_at_most']:,} evaluation episodes; about "
        f"{plan['training_steps_about']:,} training steps (whole rollouts are trained){sooner}."
    )


@contextmanager
def continuable(path: Path, as_json: bool) -> Iterator[None]:
    """Say how to go on when the work is stopped by Ctrl-C or SIGTERM."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        command = f"rltransfer resume {path}"
        if as_json:
            print_json({"error": "stopped", "resume": command})
        else:
            console.print(f"Stopped. Continue with: {command}", soft_wrap=True)
        raise


def execute(experiment: Experiment, runs: Path, jobs: int, quiet: bool, as_json: bool) -> None:
    """Run an experiment to its end, showing progress, and print the conclusion."""
    folder = runs / experiment.name
    with continuable(folder, as_json), display(quiet or as_json) as events:
        run_experiment(experiment, runs, jobs=jobs, events=events)
    conclude_if_changed(folder, as_json)


def resume_runs(path: Path, jobs: int, quiet: bool, as_json: bool) -> None:
    """Continue the runs of a folder, each with its own experiment."""
    with continuable(path, as_json), display(quiet or as_json) as events:
        for run in Run.find(path):
            continue_run(run, jobs=jobs, events=events)
    conclude_if_changed(path, as_json)


def conclude(path: Path, as_json: bool) -> None:
    """Write the report of a run or an experiment and print its summary."""
    from rltransfer.reports import publish

    tell(*publish(path), as_json)


def conclude_if_changed(path: Path, as_json: bool) -> None:
    """Conclude, but leave the report of a run that was finished before as it is."""
    from rltransfer.reports import summarize

    page = path / "report.html"
    changed = max(run.study_file.stat().st_mtime for run in Run.find(path))
    if page.is_file() and page.stat().st_mtime >= changed:
        tell(page, summarize(path), as_json)
    else:
        conclude(path, as_json)


def tell(page: Path, summary: Summary, as_json: bool) -> None:
    """Print a summary and where its page is."""
    from rltransfer.cli.conclusion import print_summary

    if as_json:
        print_json({**summary.to_dict(), "report": str(page)})
    else:
        print_summary(summary)
        console.print(f"\nReport: {page}", soft_wrap=True)
