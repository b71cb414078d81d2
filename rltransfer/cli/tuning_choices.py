"""From the words on the command line to the tuning that they describe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rltransfer.cli.choices import listed, said
from rltransfer.envs import load_catalog, make
from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.tuning import Tuning, TuningFolder
from rltransfer.files import Unreadable, parse_toml, read_bytes

__all__ = ["TuningChoices", "resolve_tuning"]

LONGEST_NAME = 64
LARGEST_FILE = 1_000_000  # bytes


@dataclass(frozen=True)
class TuningChoices:
    """What was said on the command line; None where nothing was."""

    vary: str | None
    preset: str | None
    contexts: int | None
    trials: int | None
    seeds: int | None
    seed: int | None
    algorithm: str | None
    steps: int | None
    episodes: int | None
    worst: float | None
    pruner: str | None
    space: Path | None
    name: str | None


def resolve_tuning(study: str, choices: TuningChoices) -> Tuning:
    """Return the tuning that a folder, a file or an environment's name, and the options, describe.

    Raises:
        InvalidExperiment, UnknownEnvironment: naming the option or the field that is wrong.
        CorruptRun: if a folder holds no tuning.
    """
    path = Path(study)
    if path.is_dir() and study not in load_catalog():
        base = TuningFolder(path).tuning().model_dump(exclude_none=True)
    elif study.endswith(".toml") or (path.is_file() and study not in load_catalog()):
        base = Tuning.read(path).model_dump(exclude_none=True)
    else:
        base = from_name(study, choices)
    return Tuning.checked(merged(base, choices), study)


def from_name(env: str, choices: TuningChoices) -> dict[str, Any]:
    """Return the description of the usual tuning of an environment."""
    family = make(env)
    if choices.vary is None:
        raise InvalidExperiment(
            f"--vary is needed: over which features of {env} shall settings be good? Known: "
            f"{', '.join(family.space.names)}."
        )
    vary = list(family.space.select(listed(choices.vary)).names)
    algorithm = (choices.algorithm or next(iter(family.spec.training), "PPO")).lower()
    name = "-".join([family.spec.id, *vary, algorithm])
    if len(name) > LONGEST_NAME:
        name = f"{family.spec.id}-{len(vary)}-features-{algorithm}"
    return {"name": name, "env": env, "contexts": {"vary": vary}}


def merged(base: dict[str, Any], choices: TuningChoices) -> dict[str, Any]:
    """Return the description with the command line's choices put in."""
    vary = None if choices.vary is None else listed(choices.vary)
    algorithm = None if choices.algorithm is None else choices.algorithm.upper()
    own = {} if choices.space is None else own_space(choices.space)
    return {
        **base,
        **own,
        **said(name=choices.name, trials=choices.trials, seeds=choices.seeds, seed=choices.seed),
        **said(episodes=choices.episodes, worst=choices.worst, pruner=choices.pruner),
        "contexts": {
            **base["contexts"],
            **said(vary=vary, count=choices.contexts, preset=choices.preset),
        },
        "training": {
            **base.get("training", {}),
            **said(algorithm=algorithm, steps=choices.steps),
        },
    }


def own_space(path: Path) -> dict[str, Any]:
    """Return what a file with a table per hyperparameter says, and where that is from.

    Raises:
        InvalidExperiment: if it cannot be read.
    """
    try:
        tables = parse_toml(read_bytes(path.resolve(), LARGEST_FILE))
    except Unreadable as error:
        raise InvalidExperiment(f"{path} cannot be read: {error}.") from None
    return {"space": tables, "space_source": path.name}
