"""`rltransfer tune`: hyperparameters that are good over a set of contexts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rltransfer.cli.output import console, escape, print_json
from rltransfer.errors import InvalidExperiment

if TYPE_CHECKING:
    from rltransfer.experiment.tuning import Tuning

__all__ = ["tune"]

TUNINGS = Path("tuning")
"""Folder of all tunings."""


def tune(
    study: Annotated[
        str, typer.Argument(help="An environment's name, a tuning.toml, or a tuning's folder.")
    ],
    vary: Annotated[str | None, typer.Option(help="Features to vary, separated by commas.")] = None,
    preset: Annotated[str | None, typer.Option(help="Published ranges of the features.")] = None,
    contexts: Annotated[
        int | None, typer.Option(min=1, help="How many contexts every trial trains in.")
    ] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Settings to try.")] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Trainings in each context.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Root of all random numbers, 0 by default.")
    ] = None,
    algorithm: Annotated[str | None, typer.Option(help="PPO, DQN, A2C, SAC or TD3.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps of each training.")] = None,
    episodes: Annotated[
        int | None, typer.Option(min=1, help="Behind the score of each training.")
    ] = None,
    worst: Annotated[
        float | None, typer.Option(help="Share of the contexts that counts, the worst; 1 for all.")
    ] = None,
    pruner: Annotated[str | None, typer.Option(help="median, hyperband or none.")] = None,
    space: Annotated[Path | None, typer.Option(help="A TOML file of your own ranges.")] = None,
    storage: Annotated[
        str | None, typer.Option(help="A database's URL for the Optuna study; else a journal.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The tuning's name.")] = None,
    out: Annotated[Path | None, typer.Option(help="Its folder; tuning/NAME by default.")] = None,
    again: Annotated[
        int | None, typer.Option(min=0, help="Train this finished trial again, and compare.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Worker processes.")] = 1,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan and its cost; do nothing.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, for programs.")
    ] = False,
) -> None:
    """Find hyperparameters that are good over a set of contexts. Continues where it stopped."""
    from rltransfer.cli.tuning_choices import TuningChoices, resolve_tuning

    choices = TuningChoices(vary, preset, contexts, trials, seeds, seed, algorithm, steps,
                            episodes, worst, pruner, space, name)  # fmt: skip
    tuning = resolve_tuning(study, choices)
    folder = out or (Path(study) if Path(study).is_dir() else TUNINGS / tuning.name)
    if again is not None:
        compare_again(folder, again, jobs, as_json)
    elif dry_run:
        describe(tuning, as_json)
    else:
        execute(tuning, folder, jobs, storage, quiet, as_json)


def describe(tuning: Tuning, as_json: bool) -> None:
    """Print what a tuning would do, and what it would cost at most."""
    tuning = tuning.resolved()
    trainings = (tuning.trials + 3) * tuning.objective.cells
    steps = tuning.steps
    plan = {
        "tuning": tuning.model_dump(mode="json", exclude_none=True),
        "contexts": [dict(context) for context in tuning.where],
        "trainings_at_most": trainings,
        "training_steps_about": trainings * steps,
    }
    if as_json:
        print_json(plan)
        return
    console.print(tuning.to_toml().strip(), markup=False, soft_wrap=True)
    where = "; ".join(context.label for context in tuning.where)
    console.print(f"\nEvery trial trains {tuning.seeds} times in each of: {escape(where)}.")
    console.print(
        f"At most {trainings:,} trainings of {steps:,} steps: {tuning.trials} trials, the family's "
        "own settings, and these and the best once more with fresh seeds. Some trials end early."
    )


def execute(
    tuning: Tuning, folder: Path, jobs: int, storage: str | None, quiet: bool, as_json: bool
) -> None:
    """Tune to the end, showing progress, and print what was found."""
    from rltransfer.cli.stopping import continuable
    from rltransfer.cli.tuning_display import tuning_display
    from rltransfer.cli.tuning_words import tell
    from rltransfer.experiment.tuning import tune as run
    from rltransfer.reports.tuning import write_tuning_page

    command = f"rltransfer tune {folder}" + (" --storage URL" if storage else "")
    with continuable(as_json, command, folder), tuning_display(quiet or as_json) as events:
        found = run(tuning, folder, jobs=jobs, storage=storage, events=events)
    tell(found, folder, write_tuning_page(folder), as_json)


def compare_again(folder: Path, number: int, jobs: int, as_json: bool) -> None:
    """Train a finished trial once more, and say whether it comes to the same.

    Raises:
        InvalidExperiment: if there is no such trial.
    """
    from tempfile import TemporaryDirectory

    from rltransfer.cli.tuning_words import tell_again
    from rltransfer.experiment.tuning import TuningFolder, retrain

    there = TuningFolder(folder)
    tuning, trials = there.tuning(), there.trials()
    if number >= len(trials):
        raise InvalidExperiment(
            f"{folder} has {len(trials)} finished trials, numbered from 0; --again {number} is "
            "none of them."
        )
    with TemporaryDirectory(prefix="rltransfer-") as scratch:
        found = retrain(tuning, trials[number], Path(scratch), jobs=jobs)
    tell_again(trials[number], found, as_json)
