"""`rltransfer dataset`: record, list and show Minari datasets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rltransfer.cli.output import console, print_json
from rltransfer.errors import InvalidContext

if TYPE_CHECKING:
    from rltransfer.experiment.datasets.checkpoints import Told

__all__ = ["dataset", "read_context"]

dataset = typer.Typer(help="Record, list and show Minari datasets.", no_args_is_help=True)

STEPS = 20_000
Root = Annotated[
    Path | None, typer.Option(help="Folder of all datasets; $MINARI_DATASETS_PATH by default.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, for programs.")]


@dataset.command()
def record(
    env: Annotated[str, typer.Argument(help="An environment family.")],
    context: Annotated[
        list[str] | None,
        typer.Option(help="Such as length=0.5,gravity=9.8; again for each of mixed-context."),
    ] = None,
    quality: Annotated[
        str,
        typer.Option(
            help="random, medium, expert, medium-expert, medium-replay, full-replay, mixed-context."
        ),
    ] = "medium",
    steps: Annotated[int, typer.Option(min=1, help="Transitions to record.")] = STEPS,
    train_steps: Annotated[
        int | None, typer.Option(min=1, help="Of each training; the family's own by default.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(help="Record this policy folder in place of a training.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Decides every random number.")] = 0,
    name: Annotated[
        str | None, typer.Option(help="Such as cartpole/short; tells what it is by default.")
    ] = None,
    version: Annotated[int, typer.Option(min=0, help="The dataset's version.")] = 0,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Train in a context, record a policy of some quality there, and write a Minari dataset."""
    from rltransfer.cli.dataset_words import explain, plain
    from rltransfer.cli.pointing import policy_folder, room_for
    from rltransfer.data.library import summary_of
    from rltransfer.data.minari_writer import require_free, require_minari, write_dataset
    from rltransfer.data.shelf import default_id, root_folder
    from rltransfer.envs import make
    from rltransfer.experiment.datasets import DatasetPlan
    from rltransfer.experiment.datasets import record as record_dataset
    from rltransfer.training.policy import Policy

    require_minari()
    family = make(env)
    plan = DatasetPlan(
        family,
        tuple(family.space.validate(read_context(words)) for words in context or [""]),
        quality,  # type: ignore[arg-type]  # the plan checks it
        steps,
        seed,
        train_steps,
        None if policy is None else Policy.load(policy_folder(policy)),
    )
    known = default_id(family.spec.id, family.space, plan.contexts, quality, version)
    id = known if name is None else f"{name}-v{version}"
    require_free(id, room_for("--root", root_folder(root)))
    with progress(hidden=as_json) as told:
        found = record_dataset(plan, told)
    folder = write_dataset(id, found.transitions, found.info, family, root)
    summary = summary_of(id, root)
    if as_json:
        print_json({**plain(summary), "folder": str(folder)})
    else:
        explain(summary, folder)


@dataset.command("list")
def list_datasets(root: Root = None, as_json: Json = False) -> None:
    """List all datasets, and those that cannot be read with the reason."""
    from rltransfer.cli.dataset_words import plain, show_library
    from rltransfer.data.library import read_library
    from rltransfer.data.shelf import root_folder

    library = read_library(root)
    if as_json:
        print_json({"datasets": [plain(x) for x in library.datasets], "broken": library.broken})
    else:
        show_library(library, root_folder(root))


@dataset.command()
def show(
    id: Annotated[str, typer.Argument(help="A dataset, as `dataset list` names it.")],
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Explain one dataset: contexts, who acted, returns, scores."""
    from rltransfer.cli.dataset_words import explain, plain
    from rltransfer.data.library import summary_of
    from rltransfer.data.shelf import dataset_folder

    summary = summary_of(id, root)
    if as_json:
        print_json({**plain(summary), "folder": str(dataset_folder(id, root))})
    else:
        explain(summary, dataset_folder(id, root))


def read_context(words: str, option: str = "--context") -> dict[str, float]:
    """Read feature values written as `length=0.5,gravity=9.8`; nothing for all defaults.

    Args:
        words: what was typed.
        option: where.

    Raises:
        InvalidContext: if a part is not a name, '=' and a number, or a name comes twice.
    """
    found: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in words.split(","))):
        name, _, value = (text.strip() for text in part.partition("="))
        try:
            number = float(value)
        except ValueError:
            raise InvalidContext(
                f"{option} must look like length=0.5,gravity=9.8; got {part!r} in {words!r}."
            ) from None
        if name in found:
            raise InvalidContext(f"{option} {words} gives {name!r} twice.")
        found[name] = number
    return found


@contextmanager
def progress(hidden: bool) -> Iterator[Told]:
    """Yield what shows progress: nothing, a bar on a terminal, or a line per kind of work."""
    if hidden:
        yield lambda what, done, total: None
    elif console.is_terminal:
        from rich.progress import Progress

        with Progress(console=console, transient=True) as bars:
            bar = bars.add_task("")
            yield lambda what, done, total: bars.update(
                bar, description=what, completed=done, total=total
            )
    else:
        yield PlainLines()


class PlainLines:
    """A line when another kind of work begins, for logs."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        """Hear of progress."""
        if what != self._last:
            console.print(f"{what} …")
        self._last = what
