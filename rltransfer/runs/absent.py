"""What is said of a path that is not a run: where runs are that may be meant."""

from __future__ import annotations

from pathlib import Path

__all__ = ["is_run", "no_run"]

RUNS = Path("runs")
"""Where commands put runs unless they are told otherwise."""

MOST_NAMED = 5
ADVICE = "Give the folder of one seed, such as runs/cartpole-length/seed-0, or of an experiment."


def no_run(path: Path) -> str:
    """Return the sentence on a path that is not a run."""
    return f"{path} is not a run: it has no experiment.toml. {hint(path)}"


def hint(path: Path) -> str:
    """Return what to give instead: a run inside or around the path, one nearby, or an example."""
    if inside := experiments(path):
        return f"In it are {named(inside)}; give one of them."
    for parent in path.parents:
        if is_run(parent):
            return f"It lies in the run {parent}; give that."
    if near := experiments(path.parent) or experiments(RUNS):
        return f"Runs nearby: {named(near)}."
    return ADVICE


def is_run(path: Path) -> bool:
    """Say whether a folder is a run or an experiment."""
    return (path / "experiment.toml").is_file() or any(path.glob("seed-*/experiment.toml"))


def experiments(path: Path) -> list[Path]:
    """Return the runs and experiments right in a folder, by name."""
    return sorted(folder for folder in path.glob("*/") if is_run(folder)) if path.is_dir() else []


def named(folders: list[Path]) -> str:
    """Return folders as a list in a sentence, the first few of many."""
    more = len(folders) - MOST_NAMED
    return ", ".join(map(str, folders[:MOST_NAMED])) + (f" and {more} more" if more > 0 else "")
