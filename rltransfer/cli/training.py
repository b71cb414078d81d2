"""`rltransfer train`: one policy for one context, by any trainer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rltransfer.cli.datasets import read_context
from rltransfer.cli.output import console, escape, print_json

if TYPE_CHECKING:
    from rltransfer.experiment.solo import SoloRecord

__all__ = ["train"]

FACTS = 4
"""Most findings of a stage that are printed; all are in `result.json`."""

KNOWN = ("steps", "members")
"""Findings that only repeat a stage's settings."""


def train(
    env: Annotated[str, typer.Argument(help="An environment family.")],
    trainer: Annotated[
        str, typer.Option(help="from-scratch, uni-o4, clone-then-ppo, warm-start-ppo, …")
    ] = "from-scratch",
    context: Annotated[
        str, typer.Option(help="Such as length=0.5,gravity=9.8; the rest has its default.")
    ] = "",
    dataset: Annotated[
        list[str] | None, typer.Option(help="A Minari dataset; again for each of several.")
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="Folder of all datasets; $MINARI_DATASETS_PATH by default.")
    ] = None,
    start: Annotated[
        Path | None, typer.Option("--from", help="A policy folder to start from.")
    ] = None,
    algorithm: Annotated[str | None, typer.Option(help="PPO, DQN, A2C, SAC or TD3.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Environment steps, at most.")] = None,
    stop: Annotated[
        float | None, typer.Option(min=0.01, max=1.0, help="Score that ends it early, 0 to 1.")
    ] = None,
    record: Annotated[int, typer.Option(min=0, help="Keep so many of its last transitions.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Decides every random number.")] = 0,
    observe: Annotated[
        str, typer.Option(help="Context features that the policy sees, separated by commas.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="The policy's folder; policies/ENV-TRAINER-SEED by default.")
    ] = None,
    tensorboard: Annotated[
        Path | None, typer.Option(help="A folder for logs that TensorBoard shows.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, for programs.")
    ] = False,
) -> None:
    """Train one policy for one context. The same command continues what was interrupted."""
    from rltransfer.cli.pointing import policy_folder
    from rltransfer.cli.stages import stage_display, stoppable
    from rltransfer.cli.stopping import continuable
    from rltransfer.experiment.solo import SoloSpec, train_solo

    training = SoloSpec(
        env=env,
        context=read_context(context),
        trainer=trainer,
        algorithm=algorithm,
        datasets=tuple(dataset or ()),
        root=root,
        policy=None if start is None else policy_folder(start),
        steps=steps,
        stop=stop,
        record=record,
        seed=seed,
        observe=tuple(name.strip() for name in observe.split(",") if name.strip()),
        tensorboard=tensorboard,
    ).training()
    folder = out or Path("policies") / f"{training.problem.env.spec.id}-{trainer}-{seed}"
    hidden = quiet or as_json
    with continuable(as_json), stage_display(hidden) as listener, stoppable() as interruption:
        found = train_solo(training, folder, listener, interruption)
    if as_json:
        print_json({"folder": str(folder), **found.to_dict()})
    else:
        show(found, folder)


def show(record: SoloRecord, folder: Path) -> None:
    """Print each stage, what came of it, and what to do next."""
    from rich.table import Table

    table = Table("stage", box=None, pad_edge=False)
    table.add_column("steps", justify="right")
    table.add_column("seconds", justify="right")
    table.add_column("found", overflow="fold")
    for stage in record.stages:
        found = escape(facts(stage.findings))
        table.add_row(stage.name, f"{stage.steps:,}", f"{stage.seconds:.1f}", found)
    console.print(table)
    final = record.final
    console.print(
        f"\nReturn over {final.episodes} episodes: [bold]{final.mean:.1f}[/] ± {final.std:.1f}. "
        f"Looking at it on the way took {record.monitor_steps:,} steps more.",
        soft_wrap=True,
    )
    console.print(f"Policy: {escape(str(folder))}", soft_wrap=True)
    where = escape(f"rltransfer evaluate {folder} --vary {feature_of(record)}")
    console.print(f"Where else is it good? {where}", soft_wrap=True)


def feature_of(record: SoloRecord) -> str:
    """Return a feature worth varying: the first that is not at its default, or the first."""
    from rltransfer.envs import make

    space = make(record.training["env"]).space
    context = record.training["context"]
    changed = [name for name in space.names if context[name] != space.default[name]]
    return (changed or list(space.names))[0]


def facts(findings: Mapping[str, Any]) -> str:
    """Return a few findings in a line: plain numbers and words first come, lists are left out."""
    plain = {
        name: value
        for name, value in findings.items()
        if isinstance(value, (bool, int, float, str)) and name not in KNOWN
    }
    told = [f"{name} {fact(value)}" for name, value in list(plain.items())[:FACTS]]
    return ", ".join(told)


def fact(value: Any) -> str:
    """Return a finding as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
