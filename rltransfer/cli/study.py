"""`run`, `resume` and `report`: from words to an experiment, and from runs to a conclusion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rltransfer.cli.display import display
from rltransfer.cli.output import console, print_json
from rltransfer.envs import load_catalog
from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.loop import continue_run, run_experiment
from rltransfer.experiment.spec import MULTI_TASK, Experiment
from rltransfer.runs import Run

if TYPE_CHECKING:
    from rltransfer.reports import Summary

__all__ = ["Choices", "conclude", "describe", "execute", "resolve", "resume_runs"]

MOST_SEEDS = 1000


@dataclass(frozen=True)
class Choices:
    """What was said on the command line; None where nothing was."""

    vary: str | None
    targets: int | None
    rounds: int | None
    seeds: str | None
    selector: str | None
    compare: str | None
    algorithm: str | None
    steps: int | None
    episodes: int | None
    name: str | None


def resolve(study: str, choices: Choices) -> Experiment:
    """Return the experiment that a file or an environment's name, and the options, describe.

    Raises:
        InvalidExperiment, UnknownEnvironment: naming the option or the field that is wrong.
    """
    if study.endswith(".toml") or (Path(study).is_file() and study not in load_catalog().specs):
        base: dict[str, Any] = Experiment.read(Path(study)).model_dump(exclude_none=True)
    else:
        base = from_name(study, choices)
    return Experiment.checked(merged(base, choices), study)


def from_name(env: str, choices: Choices) -> dict[str, Any]:
    """Return the description of the usual study of an environment."""
    from rltransfer.envs import make

    family = make(env)
    if choices.vary is None:
        raise InvalidExperiment(
            f"--vary is needed: which features of {env} vary? "
            f"Known: {', '.join(family.space.names)}."
        )
    vary = listed(choices.vary)
    size = choices.targets if choices.targets is not None else (50 if len(vary) == 1 else 8)
    rounds = min(6, max(1, size) ** len(vary))
    experiment = Experiment.of(env, vary=vary, targets=size, rounds=rounds)
    return experiment.model_dump(exclude_none=True)


def merged(base: dict[str, Any], choices: Choices) -> dict[str, Any]:
    """Return the description with the command line's choices put in."""
    vary = listed(choices.vary) if choices.vary is not None else base["contexts"]["vary"]
    sizes, size = base["contexts"]["targets"], choices.targets
    grid = {name: sizes.get(name, 50) if size is None else size for name in vary}
    selection = {
        **base["selection"],
        **said(rounds=choices.rounds, selector=choices.selector),
        **said(compare=None if choices.compare is None else listed(choices.compare)),
    }
    return {
        **base,
        **said(name=choices.name, seeds=None if choices.seeds is None else seeds(choices.seeds)),
        "contexts": {"vary": vary, "targets": grid},
        "selection": selection,
        "training": {**base["training"], **said(algorithm=choices.algorithm, steps=choices.steps)},
        "evaluation": {**base["evaluation"], **said(episodes=choices.episodes)},
    }


def said(**values: Any) -> dict[str, Any]:
    """Return the values that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def listed(words: str) -> list[str]:
    """Return words separated by commas."""
    return [word.strip() for word in words.split(",") if word.strip()]


def seeds(text: str) -> list[int]:
    """Read seeds written as `0`, `0-2` or `0,3,5`.

    Raises:
        InvalidExperiment: if the text is none of these.
    """
    found: list[int] = []
    for part in listed(text):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if not match:
            raise InvalidExperiment(f"--seeds must look like 0, 0-2 or 0,3,5; got {text!r}.")
        first, last = int(match[1]), int(match[2] or match[1])
        if not 0 <= last - first < MOST_SEEDS:
            raise InvalidExperiment(
                f"--seeds {part} must go from a seed to a larger one, {MOST_SEEDS} at most."
            )
        found += range(first, last + 1)
    if not found:
        raise InvalidExperiment("--seeds must name at least one seed, such as 0.")
    return found


def describe(experiment: Experiment, as_json: bool) -> None:
    """Print what a run would do and what it would cost."""
    rounds, sources = experiment.selection.rounds, len(experiment.sources())
    steps = experiment.training_defaults().steps
    policies = len(experiment.seeds) * (rounds * len(experiment.lanes))
    if "independent" in experiment.selection.compare:
        policies = len(experiment.seeds) * sources
    multi = len(experiment.seeds) * sum(m in experiment.selection.compare for m in MULTI_TASK)
    plan = {
        "experiment": experiment.model_dump(exclude_none=True),
        "policies_at_most": policies + multi,
        "training_steps_about": (policies + multi * rounds) * steps,
        "episodes_at_most": (policies + multi) * sources * experiment.evaluation.episodes,
    }
    if as_json:
        print_json(plan)
        return
    console.print(experiment.to_toml().strip(), markup=False)
    console.print(
        f"\nAt most {plan['policies_at_most']} policies and "
        f"{plan['episodes_at_most']:,} evaluation episodes; about "
        f"{plan['training_steps_about']:,} training steps (whole rollouts are trained)."
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
