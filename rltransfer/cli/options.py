"""The options that describe a study, each declared once, for every command that takes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from typer import Option

__all__ = ["Choices", "Workplace", "spread"]


@dataclass(frozen=True)
class Choices:
    """What was said on the command line; None where nothing was."""

    vary: Annotated[str | None, Option(help="Features to vary, separated by commas.")]
    preset: Annotated[
        str | None, Option(help="Published ranges, such as mbtl; see rltransfer envs NAME.")
    ]
    targets: Annotated[int | None, Option(help="Grid points per feature.")]
    rounds: Annotated[int | None, Option(help="Sources to train.")]
    stop_gain: Annotated[
        float | None, Option(help="End early when another source is expected to win less return.")
    ]
    seeds: Annotated[str | None, Option(help="Such as 0, or 0-2, or 0,3,5.")]
    selector: Annotated[str | None, Option(help="Who picks the sources.")]
    compare: Annotated[str | None, Option(help="Also train: random, equidistant, multi-task, …")]
    trainer: Annotated[
        str | None, Option(help="from-scratch; uni-o4 goes on from the sources before.")
    ]
    contexts: Annotated[
        str | None, Option(help="How multi-task episodes get theirs: rounds, or mpts.")
    ]
    training: Annotated[
        Path | None, Option(help="A file with a [training] table, such as a tuning's best.toml.")
    ]
    algorithm: Annotated[str | None, Option(help="PPO, DQN, A2C, SAC or TD3.")]
    steps: Annotated[int | None, Option(help="Training steps per source.")]
    stop: Annotated[float | None, Option(help="Score, 0 to 1, at which a training may end early.")]
    tensorboard: Annotated[
        str | None, Option(help="A folder for logs of the trainings that TensorBoard shows.")
    ]
    episodes: Annotated[int | None, Option(help="Episodes per target.")]
    measure: Annotated[
        float | None, Option(help="Share or number of targets to measure each source on.")
    ]
    name: Annotated[str | None, Option(help="The experiment's name.")]
    record: Annotated[
        int | None, Option(min=0, help="Keep so many of each training's last transitions.")
    ]
    known: Annotated[
        list[str] | None,
        Option(help="A policy's or a run's folder to begin with; again for each of several."),
    ]


@dataclass(frozen=True)
class Workplace:
    """Where policies are trained, and where the study is shown."""

    jobs: Annotated[
        int | None,
        Option("--jobs", "-j", min=1, help="Trainings at once; 1, or each worker of a cluster."),
    ] = None
    backend: Annotated[str, Option(help="Where to train: local, dask or slurm.")] = "local"
    address: Annotated[str | None, Option(help="Of a Dask scheduler: tcp://HOST:PORT.")] = None
    partition: Annotated[str | None, Option(help="Of a SLURM cluster.")] = None
    time: Annotated[int | None, Option(min=1, help="Minutes of a SLURM job.")] = None
    step_timeout: Annotated[
        float, Option(min=1.0, help="Seconds without a sign of life until a training is hung.")
    ] = 300.0
    storage: Annotated[
        str | None, Option(help="A database's URL, for a copy of the study that others watch.")
    ] = None


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the fields of `Choices` and `Workplace` as options, instead of these."""
    asked = signature(command, eval_str=True)
    tables = {p.name: p.annotation for p in asked.parameters.values() if p.annotation in TABLES}

    @wraps(command)
    def called(**given: Any) -> None:
        for name, table in tables.items():
            given[name] = table(**{field.name: given.pop(field.name) for field in fields(table)})
        command(**given)

    shown: list[Parameter] = []
    for parameter in asked.parameters.values():
        table = tables.get(parameter.name)
        shown += [parameter] if table is None else options_of(table)
    shown = [parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in shown]
    called.__signature__ = asked.replace(parameters=shown)  # type: ignore[attr-defined]
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in shown}
    del called.__wrapped__
    return called


TABLES = (Choices, Workplace)


def options_of(table: type[Choices | Workplace]) -> list[Parameter]:
    """Return the fields of a table as parameters; those without a default may be left out."""
    hints = get_type_hints(table, include_extras=True)
    return [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=None if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(table)
    ]
