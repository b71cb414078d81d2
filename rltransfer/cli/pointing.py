"""A path that somebody typed: is it a policy, a matrix, a place for results? If not, what is?"""

from __future__ import annotations

import os
from pathlib import Path

from rltransfer.errors import CorruptRun, InvalidExperiment, InvalidPolicy, StorageError
from rltransfer.runs import Run

__all__ = ["one_seed", "policy_folder", "room_for"]

FILES = ("policy.json", "policy.safetensors")
EXAMPLE = "runs/EXPERIMENT/seed-0/sources/00"


def room_for(option: str, folder: Path) -> Path:
    """Return a folder for results, before there are any: work for nothing helps nobody.

    Raises:
        InvalidExperiment: if it cannot be a folder.
        StorageError: if nothing can be written there.
    """
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not there.is_dir():
        raise InvalidExperiment(f"{option} {folder} must be a folder, and {there} is a file.")
    if not os.access(there, os.W_OK):
        raise StorageError(f"{option} {folder} cannot be made: nothing may be written in {there}.")
    return folder


def one_seed(path: Path) -> Path:
    """Return a path to a transfer matrix, which is no experiment of several seeds.

    Raises:
        InvalidExperiment: if it is one; names a seed of it.
    """
    seeds = sorted(path.glob("seed-*/returns.parquet"))
    if seeds and not (path / "returns.parquet").exists():
        raise InvalidExperiment(
            f"{path} is an experiment; the matrix is that of one seed, such as {seeds[0].parent}."
        )
    return path


def policy_folder(path: Path) -> Path:
    """Return the path of a policy's folder, which may still be damaged.

    Raises:
        InvalidPolicy: if it is something else; says what, and what to give instead.
    """
    if not is_policy(path):
        raise InvalidPolicy(f"{path} is no policy: {what_it_is(path)}")
    return path


def is_policy(path: Path) -> bool:
    """Say whether a folder holds one of a policy's files."""
    return any((path / name).is_file() for name in FILES)


def what_it_is(path: Path) -> str:
    """Return what is there instead, and where a policy is."""
    if is_policy(path.parent) and path.name in FILES:
        return f"it is a file of one. Give the folder, {path.parent}."
    if path.is_file():
        return f"it is a file, and a policy is a folder, such as {EXAMPLE}."
    if not path.exists():
        return f"there is nothing there. A policy is a folder, such as {EXAMPLE}."
    if (trained := sources_in(path)) is not None:
        return of_run(path, trained)
    inside = sorted(found.parent for found in path.glob(f"*/{FILES[0]}"))
    if inside:
        return f"it is a folder of policies. Give one of them, such as {inside[0]}."
    return f"it is a folder without {FILES[0]}. A policy is a folder such as {EXAMPLE}."


def of_run(path: Path, trained: list[Path]) -> str:
    """Return what to give instead of a run."""
    if not trained:
        return "it is a run in which none is trained yet."
    return f"it is a run. Give one of its sources, such as {trained[0]}; all: rltransfer gap {path}"


def sources_in(path: Path) -> list[Path] | None:
    """Return the trained policies of a run or an experiment; None where the path is neither."""
    try:
        return [folder for run in Run.find(path) for folder in run.source_folders()]
    except CorruptRun:
        return None
