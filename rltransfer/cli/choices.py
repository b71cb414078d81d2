"""From the words on the command line to the experiment that they describe."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from rltransfer.cli.options import Choices
from rltransfer.envs import load_catalog, make
from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.spec import Experiment
from rltransfer.files import Unreadable, parse_toml, read_bytes
from rltransfer.runs.absent import is_run

__all__ = ["resolve"]

MOST_SEEDS = 1000


def resolve(study: str, choices: Choices) -> Experiment:
    """Return the experiment that a file or an environment's name, and the options, describe.

    Raises:
        InvalidExperiment, UnknownEnvironment: naming the option or the field that is wrong.
    """
    require_no_run(study)
    if study.endswith(".toml") or (Path(study).is_file() and study not in load_catalog()):
        base: dict[str, Any] = Experiment.read(Path(study)).model_dump(exclude_none=True)
    else:
        base = from_name(study, choices)
    return Experiment.checked(merged(base, choices), study)


def require_no_run(study: str) -> None:
    """Refuse a folder; a run goes on by another command.

    Raises:
        InvalidExperiment: naming that command.
    """
    path = Path(study)
    if study in load_catalog() or not path.is_dir() or study.endswith(".toml"):
        return
    if is_run(path):
        raise InvalidExperiment(f"{path} is a run. To go on with it: rltransfer resume {path}")
    raise InvalidExperiment(
        f"{path} is a folder; a study is an environment's name or an experiment.toml."
    )


def from_name(env: str, choices: Choices) -> dict[str, Any]:
    """Return the description of the usual study of an environment."""
    family = make(env)
    preset = None if choices.preset is None else family.preset(choices.preset)
    space = family.space if preset is None else preset.space
    if choices.vary is None:
        raise InvalidExperiment(
            f"--vary is needed: which features of {env} vary? Known: {', '.join(space.names)}."
        )
    vary = space.select(listed(choices.vary)).names
    if choices.targets is None and preset is not None:
        sizes = {name: preset.points[name] for name in vary}
    else:
        sizes = dict.fromkeys(vary, choices.targets or (50 if len(vary) == 1 else 8))
    contexts = {"vary": list(vary), "targets": sizes, **said(preset=choices.preset)}
    rounds = max(1, min(6, math.prod(sizes.values())))
    experiment = Experiment.of(env, vary=list(vary), rounds=rounds, contexts=contexts)
    return experiment.model_dump(exclude_none=True)


def merged(base: dict[str, Any], choices: Choices) -> dict[str, Any]:
    """Return the description with the command line's choices put in."""
    selection = {
        **base["selection"],
        **said(rounds=choices.rounds, stop_gain=choices.stop_gain, selector=choices.selector),
        **said(compare=None if choices.compare is None else listed(choices.compare)),
    }
    return {
        **base,
        **said(known=choices.known),
        **said(name=choices.name, seeds=None if choices.seeds is None else seeds(choices.seeds)),
        "contexts": merged_contexts(base["contexts"], choices),
        "selection": selection,
        "training": {
            **(base["training"] if choices.training is None else training_of(choices.training)),
            **said(recipe=choices.trainer, algorithm=choices.algorithm),
            **said(contexts=choices.contexts, tensorboard=choices.tensorboard),
            **said(steps=choices.steps, stop=choices.stop, record=choices.record),
        },
        "evaluation": {
            **base["evaluation"],
            **said(episodes=choices.episodes, measure=choices.measure),
        },
    }


def training_of(path: Path) -> dict[str, Any]:
    """Return the training table of a file, which stands for all that a study says of training.

    Raises:
        InvalidExperiment: if the file cannot be read, or has no such table.
    """
    try:
        tables = parse_toml(read_bytes(path.resolve()))
    except Unreadable as error:
        raise InvalidExperiment(f"--training {path} cannot be read: {error}.") from None
    table = tables.get("training")
    if not isinstance(table, dict):
        raise InvalidExperiment(
            f"--training {path} must hold a [training] table, as a tuning's best.toml and an "
            f"experiment's file do; got {', '.join(tables) or 'nothing'}."
        )
    return table


def merged_contexts(base: dict[str, Any], choices: Choices) -> dict[str, Any]:
    """Return the table of contexts with the command line's choices put in."""
    vary = listed(choices.vary) if choices.vary is not None else base["vary"]
    sizes, size = base["targets"], choices.targets
    grid = {name: sizes.get(name, 50) if size is None else size for name in vary}
    preset = choices.preset if choices.preset is not None else base.get("preset")
    return {"vary": vary, "targets": grid, **said(preset=preset)}


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
