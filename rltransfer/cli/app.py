"""The commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rltransfer.cli.adaptation import adapt
from rltransfer.cli.datasets import dataset
from rltransfer.cli.gaps import gap
from rltransfer.cli.options import Choices, Workplace, spread
from rltransfer.cli.output import console
from rltransfer.cli.planning import plan
from rltransfer.cli.reproducing import reproduce
from rltransfer.cli.selecting import select
from rltransfer.cli.training import train
from rltransfer.cli.tuning import tune
from rltransfer.errors import InvalidExperiment

__all__ = ["app"]

app = typer.Typer(
    name="rltransfer",
    help="Which few contexts should I train on, and where does each policy still generalise?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
)
app.add_typer(dataset, name="dataset")
app.command()(train)
app.command()(plan)
app.command()(adapt)
app.command()(select)
app.command()(tune)
app.command()(gap)
app.command()(reproduce)

RunsFolder = Annotated[Path, typer.Option("--runs", help="Folder of all experiments.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, for programs.")]
RunPath = Annotated[
    Path, typer.Argument(help="A run (runs/NAME/seed-N) or an experiment (runs/NAME).")
]


@app.command()
@spread
def run(
    study: Annotated[str, typer.Argument(help="An experiment.toml, or an environment's name.")],
    choices: Choices,
    place: Workplace,
    runs: RunsFolder = Path("runs"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan and its cost; do nothing.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run a study: select, train, evaluate everywhere, report. Continues where it stopped."""
    from rltransfer.cli.choices import resolve
    from rltransfer.cli.study import describe, execute

    experiment = resolve(study, choices)
    if dry_run:
        describe(experiment, as_json)
    else:
        execute(experiment, runs, place, quiet, as_json)


@app.command()
@spread
def resume(
    path: RunPath,
    place: Workplace,
    retry: Annotated[
        bool, typer.Option("--retry-failed", help="Train again what has failed.")
    ] = False,
    accept: Annotated[
        bool,
        typer.Option("--accept-environment", help="Go on with other versions, and record them."),
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Continue an interrupted run to the same result; a finished one is left as it is."""
    from rltransfer.cli.study import accept_environment, resume_runs, retry_failed

    if accept:
        accept_environment(path)
    if retry:
        retry_failed(path)
    resume_runs(path, place, quiet, as_json)


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


@app.command("check-env")
def check_env(
    name: Annotated[str, typer.Argument(help="A family of the catalogue, such as your own.")],
    steps: Annotated[int, typer.Option(min=1, help="Of an episode, at most.")] = 200,
    as_json: Json = False,
) -> None:
    """Check a family: every feature acts, seeds decide all, spaces and numbers hold."""
    from rltransfer.cli.checking import check_family

    check_family(name, steps, as_json)


@app.command("new-env")
def new_env(
    name: Annotated[str, typer.Argument(help="Of the family, such as my_robot.")],
    out: Annotated[
        Path, typer.Option(help="The folder in which rltransfer-NAME is made.")
    ] = Path(),
    as_json: Json = False,
) -> None:
    """Make a package with an environment family of your own, which works, to begin with."""
    from rltransfer.cli.scaffolding import scaffold

    scaffold(name, out, as_json)


@app.command()
def evaluate(
    policy: Annotated[
        Path, typer.Argument(help="A policy folder, such as …/sources/00, or an SB3 zip.")
    ],
    vary: Annotated[str | None, typer.Option(help="Features to vary; as trained.")] = None,
    targets: Annotated[int, typer.Option(min=2, help="Grid points per feature.")] = 20,
    episodes: Annotated[int, typer.Option(min=1, help="Episodes per target.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Of the episodes' starts.")] = 0,
    env: Annotated[str | None, typer.Option(help="Another family with equal spaces.")] = None,
    algorithm: Annotated[
        str | None, typer.Option(help="Of a Stable-Baselines3 zip; read off its weights.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Evaluate a policy over a grid of contexts."""
    from rltransfer.cli.policies import evaluate_policy, named_policy

    chosen = named_policy(policy, env, algorithm)
    evaluate_policy(chosen, vary, targets, episodes, seed, as_json)


@app.command()
def dashboard(
    place: Annotated[
        str,
        typer.Argument(help="A run, an experiment, a tuning, or a database's URL."),
    ],
    port: Annotated[int, typer.Option(min=1, max=65535, help="On 127.0.0.1.")] = 8080,
    as_json: Json = False,
) -> None:
    """Show a run's selection, or a tuning, live in optuna-dashboard, on this machine only.

    Of an experiment, its first seed is shown; give the folder of another seed for that. Of a
    database, such as sqlite:///studies.db, a copy is shown as it is when the command begins.
    """
    from rltransfer.cli.live import serve

    serve(place, port, as_json)


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
