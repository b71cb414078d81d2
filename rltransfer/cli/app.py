"""The commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rltransfer.cli.adaptation import adapt
from rltransfer.cli.datasets import dataset
from rltransfer.cli.output import console
from rltransfer.cli.selecting import select
from rltransfer.cli.training import train
from rltransfer.errors import InvalidExperiment

__all__ = ["app"]

app = typer.Typer(
    name="rltransfer",
    help="Which few contexts should I train on, and where does each policy still generalise?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(dataset, name="dataset")
app.command()(train)
app.command()(adapt)
app.command()(select)

RunsFolder = Annotated[Path, typer.Option("--runs", help="Folder of all experiments.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Worker processes.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, for programs.")]
RunPath = Annotated[
    Path, typer.Argument(help="A run (runs/NAME/seed-N) or an experiment (runs/NAME).")
]


@app.command()
def run(
    study: Annotated[str, typer.Argument(help="An experiment.toml, or an environment's name.")],
    vary: Annotated[str | None, typer.Option(help="Features to vary, separated by commas.")] = None,
    preset: Annotated[
        str | None, typer.Option(help="Published ranges, such as mbtl; see rltransfer envs NAME.")
    ] = None,
    targets: Annotated[int | None, typer.Option(help="Grid points per feature.")] = None,
    rounds: Annotated[int | None, typer.Option(help="Sources to train.")] = None,
    stop_gain: Annotated[
        float | None,
        typer.Option(help="End early when another source is expected to win less return."),
    ] = None,
    seeds: Annotated[str | None, typer.Option(help="Such as 0, or 0-2, or 0,3,5.")] = None,
    selector: Annotated[str | None, typer.Option(help="Who picks the sources.")] = None,
    compare: Annotated[
        str | None, typer.Option(help="Also train: random, equidistant, multi-task, …")
    ] = None,
    trainer: Annotated[
        str | None, typer.Option(help="from-scratch; uni-o4 goes on from the sources before.")
    ] = None,
    contexts: Annotated[
        str | None, typer.Option(help="How multi-task episodes get theirs: rounds, or mpts.")
    ] = None,
    algorithm: Annotated[str | None, typer.Option(help="PPO, DQN, A2C, SAC or TD3.")] = None,
    steps: Annotated[int | None, typer.Option(help="Training steps per source.")] = None,
    stop: Annotated[
        float | None, typer.Option(help="Score, 0 to 1, at which a training may end early.")
    ] = None,
    episodes: Annotated[int | None, typer.Option(help="Episodes per target.")] = None,
    measure: Annotated[
        float | None, typer.Option(help="Share or number of targets to measure each source on.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The experiment's name.")] = None,
    known: Annotated[
        list[str] | None,
        typer.Option(help="A policy's or a run's folder to begin with; again for each of several."),
    ] = None,
    runs: RunsFolder = Path("runs"),
    jobs: Jobs = 1,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan and its cost; do nothing.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run a study: select, train, evaluate everywhere, report. Continues where it stopped."""
    from rltransfer.cli.choices import Choices, resolve
    from rltransfer.cli.study import describe, execute

    choices = Choices(vary, preset, targets, rounds, stop_gain, seeds, selector, compare, trainer,
                      contexts, algorithm, steps, stop, episodes, measure, name, known)  # fmt: skip
    experiment = resolve(study, choices)
    if dry_run:
        describe(experiment, as_json)
    else:
        execute(experiment, runs, jobs, quiet, as_json)


@app.command()
def resume(path: RunPath, jobs: Jobs = 1, quiet: Quiet = False, as_json: Json = False) -> None:
    """Continue an interrupted run to the same result; a finished one is left as it is."""
    from rltransfer.cli.study import resume_runs

    resume_runs(path, jobs, quiet, as_json)


@app.command()
def report(path: RunPath, as_json: Json = False) -> None:
    """Make report.html, the figures and the tables again from what is committed."""
    from rltransfer.cli.study import conclude

    conclude(path, as_json)


@app.command()
def envs(
    name: Annotated[str | None, typer.Argument(help="Explain one family in a page.")] = None,
    strip: Annotated[
        str | None, typer.Option(help="Draw frames across this feature into a picture.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the picture goes; NAME-FEATURE.png by default.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the environment families, or explain one: features, presets, splits, a picture."""
    from rltransfer.cli.families import explain, list_families

    if name is None:
        if strip is not None or out is not None:
            raise InvalidExperiment("a picture needs a family: envs NAME --strip FEATURE.")
        list_families(as_json)
    else:
        explain(name, strip, out, as_json)


@app.command()
def evaluate(
    policy: Annotated[Path, typer.Argument(help="A policy folder, such as …/sources/00.")],
    vary: Annotated[str | None, typer.Option(help="Features to vary; as trained.")] = None,
    targets: Annotated[int, typer.Option(min=2, help="Grid points per feature.")] = 20,
    episodes: Annotated[int, typer.Option(min=1, help="Episodes per target.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Of the episodes' starts.")] = 0,
    env: Annotated[str | None, typer.Option(help="Another family with equal spaces.")] = None,
    as_json: Json = False,
) -> None:
    """Evaluate a policy over a grid of contexts."""
    from rltransfer.cli.policies import evaluate_policy

    evaluate_policy(policy, env, vary, targets, episodes, seed, as_json)


@app.command()
def dashboard(
    path: RunPath,
    port: Annotated[int, typer.Option(min=1, max=65535, help="On 127.0.0.1.")] = 8080,
    as_json: Json = False,
) -> None:
    """Show a run's selection live in optuna-dashboard, on this machine only.

    Of an experiment, its first seed is shown; give the folder of another seed for that.
    """
    from rltransfer.cli.live import serve

    serve(path, port, as_json)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check the installation: libraries, the catalogue, and how fast this machine steps."""
    from rltransfer.cli.health import examine

    examine(as_json)


def version(value: bool) -> None:
    """Print the version and leave."""
    if value:
        from rltransfer import __version__

        console.print(__version__)
        raise typer.Exit


@app.callback()
def common(
    show: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Which few contexts should I train on, and where does each policy still generalise?"""
