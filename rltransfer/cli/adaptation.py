"""`rltransfer adapt`: the best zero-shot policy of a run goes on learning on one target."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rltransfer.cli.datasets import read_context
from rltransfer.cli.output import console, escape, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from rltransfer.experiment.adaptation import Adaptation, Arm
    from rltransfer.runs import Run

__all__ = ["adapt"]

TRAINERS = "warm-start-ppo,uni-o4"
FIGURE = "adaptation"


def adapt(
    path: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run (runs/NAME/seed-N), or an experiment.")
    ],
    context: Annotated[
        str, typer.Option(help="The target, such as length=0.93; the rest has its default.")
    ],
    trainer: Annotated[
        str, typer.Option(help="How to go on; several are separated by commas.")
    ] = TRAINERS,
    scratch: Annotated[bool, typer.Option(help="Also train from nothing, for reference.")] = True,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Environment steps of each; as in the run by default.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of all random numbers; the run's by default.")
    ] = None,
    looks: Annotated[
        int, typer.Option(min=2, max=1000, help="How often each policy is scored.")
    ] = 20,
    threshold: Annotated[
        float,
        typer.Option(min=0.01, max=1.0, help="Share of the way from knowing nothing to the best."),
    ] = 0.9,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the results; RUN/adaptations/… by default.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, for programs.")
    ] = False,
) -> None:
    """Adapt a run's best policy to one target, and say what its head start is worth.

    The same command continues what was interrupted.
    """
    from rltransfer.cli.pointing import room_for
    from rltransfer.cli.stages import stage_display
    from rltransfer.cli.stopping import continuable
    from rltransfer.experiment.adaptation import AdaptationSpec
    from rltransfer.experiment.adaptation import adapt as train_arms
    from rltransfer.experiment.adaptation.spec import REFERENCE

    run, notes = first_run(path)
    names = [name.strip() for name in trainer.split(",") if name.strip()]
    spec = AdaptationSpec(
        run=run,
        context=read_context(context),
        trainers=(*names, *([REFERENCE] if scratch else [])),
        steps=steps,
        seed=seed,
        looks=looks,
        share=threshold,
        notes=notes,
    )
    spec.check()
    folder = room_for("--out", out or spec.folder)
    with continuable(as_json), stage_display(quiet or as_json) as listener:
        found = train_arms(spec, folder, listener)
    draw_curves(found, folder)
    if as_json:
        print_json({"folder": str(folder), **found.to_dict()})
    else:
        show(found, folder)


def first_run(path: Path) -> tuple[Run, tuple[str, ...]]:
    """Return the first run of a folder, and a sentence on it where there are several.

    Raises:
        InvalidExperiment: if the folder holds no run.
    """
    from rltransfer.errors import CorruptRun, InvalidExperiment
    from rltransfer.runs import Run

    try:
        runs = Run.find(path)
    except CorruptRun as error:
        raise InvalidExperiment(str(error)) from None
    several = f"{path} has {len(runs)} seeds; this is {runs[0].path.name}."
    return runs[0], (several,) if len(runs) > 1 else ()


def draw_curves(found: Adaptation, folder: Path) -> None:
    """Write the figure."""
    from rltransfer.experiment.adaptation.spec import REFERENCE
    from rltransfer.reports.drawing import draw
    from rltransfer.reports.exhibits import Exhibit
    from rltransfer.reports.figures.adaptation import adaptation_figure

    reference = None if found.reference is None else REFERENCE
    figure = adaptation_figure(found.curves, reference, found.threshold)
    title = f"Adaptation to {found.spec.place}"
    caption = "Return of each policy while it learns on the target."
    draw([Exhibit(FIGURE, title, caption, alt_of(found), figure)], folder)


def alt_of(found: Adaptation) -> str:
    """Return what the figure shows, in words."""
    said = [f"{arm.name} from {arm.metrics.start:.0f} to {arm.curve.scores[-1]:.0f}"
            for arm in found.arms]  # fmt: skip
    return "Learning curves: " + "; ".join(said) + "."


def show(found: Adaptation, folder: Path) -> None:
    """Print which policy was chosen, the arms, and where everything is."""
    choice, env = found.choice, found.spec.experiment.env
    best = choice.sources[0].context.label
    console.print(
        f"\nTarget {env}\\[{escape(found.spec.place)}]. Best of {len(choice.sources)} "
        f"sources without training there: {best}, return {choice.means[0]:.1f}; finding it took "
        f"{choice.steps:,} selection steps ({choice.episodes} episodes per policy).\n",
        soft_wrap=True,
    )
    console.print(arms_table(found))
    console.print(
        f"\nOver the first {found.steps:,} environment steps on the target; the sources took "
        f"{sum(source.steps for source in choice.sources):,} before.",
        soft_wrap=True,
    )
    for note in found.notes:
        console.print(f"[dim]{escape(note)}", soft_wrap=True)
    console.print(f"Figure: {escape(str(folder / FIGURE))}.svg", soft_wrap=True)
    console.print(f"Policies: {escape(str(folder / 'arms'))}", soft_wrap=True)


def arms_table(found: Adaptation) -> Table:
    """Return a table with a row per arm."""
    from rich.table import Table

    level = "threshold" if found.threshold is None else f"{found.threshold:.1f}"
    table = Table("trainer", box=None, pad_edge=False)
    for title in ("start", "jump-start", f"steps to {level}", "asymptote", "mean", "area ratio"):
        table.add_column(title, justify="right")
    for arm in found.arms:
        table.add_row(arm.name, *cells(arm, found.threshold))
    return table


def cells(arm: Arm, threshold: float | None) -> tuple[str, ...]:
    """Return an arm's measures as text."""
    measured = arm.metrics
    reached = measured.steps_to_threshold
    missed = "-" if threshold is None else "not reached"
    return (
        f"{measured.start:.1f}",
        signed(measured.jump_start, ".1f"),
        missed if reached is None else f"{reached:,.0f}",
        f"{measured.asymptote:.1f}",
        f"{measured.mean:.1f}",
        signed(measured.transfer_ratio, ".2f"),
    )


def signed(value: float | None, digits: str) -> str:
    """Return a difference with its sign, or a dash where there is none."""
    return "-" if value is None else f"{value:+{digits}}"
