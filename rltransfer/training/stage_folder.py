"""A stage's result as a folder: a committed folder for each piece, and one that names them.

    policy/, member-0/ …, critic/, dynamics/, data/, recorded/
    result/         result.json: digest, steps, seconds, curve, findings, pieces

A piece that the stage left as it was before is not written. `result` is written last: a folder
without it holds nothing.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from rltransfer.data import Transitions
from rltransfer.data.transitions_file import FILE, read_transitions, write_transitions
from rltransfer.errors import CorruptRun
from rltransfer.files import Unreadable, commit_folder, parse_json, read_bytes, verify_folder
from rltransfer.training.head_start import HeadStart
from rltransfer.training.policy import Policy
from rltransfer.training.stage import CurvePoint, StageResult

__all__ = ["RESULT", "read_result", "result_of", "write_result"]

RESULT = "result"
BEFORE, NONE = "as before", "none"
"""A piece that the stage left as it was, and one that nobody has made."""


def write_result(folder: Path, digest: str, result: StageResult, before: HeadStart) -> None:
    """Write the pieces that are new, each as a committed folder, then the result."""
    pieces = {
        piece.name: write_piece(folder, piece.name, getattr(result.learned, piece.name), before)
        for piece in fields(HeadStart)
    }
    pieces["recorded"] = write_piece(folder, "recorded", result.recorded, None)
    said = {
        "digest": digest,
        "steps": result.steps,
        "seconds": result.seconds,
        "curve": [list(point) for point in result.curve],
        "findings": dict(result.findings),
        "pieces": pieces,
    }
    text = json.dumps(said)
    commit_folder(folder / RESULT, lambda path: (path / "result.json").write_text(text))


def write_piece(folder: Path, name: str, value: Any, before: HeadStart | None) -> str | int:
    """Write one piece and return how it can be found again: a word, or how many it is."""
    if before is not None and value is getattr(before, name):
        return BEFORE
    if value is None:
        return NONE
    if name == "members":
        for k, member in enumerate(value):
            commit_folder(folder / f"member-{k}", member.save)
        return len(value)
    if isinstance(value, Transitions):
        commit_folder(folder / name, lambda path: write_transitions(path / FILE, value))
    else:
        commit_folder(folder / name, value.save)
    return name


# -- reading -----------------------------------------------------------------------------------


def read_result(folder: Path) -> dict[str, Any]:
    """Read `result.json`.

    Raises:
        CorruptRun: if it was changed.
    """
    verify_folder(folder / RESULT)
    try:
        said = parse_json(read_bytes(folder / RESULT / "result.json"), float)
    except Unreadable as error:
        raise CorruptRun(f"{folder} holds no stage's result: {error}.") from None
    if not isinstance(said, dict):
        raise CorruptRun(f"{folder} holds no stage's result.")
    return said


def result_of(folder: Path, said: dict[str, Any], before: HeadStart) -> StageResult:
    """Return the stage's result that a folder holds."""
    pieces = said["pieces"]
    learned = {
        piece.name: read_piece(folder, piece.name, pieces[piece.name], before)
        for piece in fields(HeadStart)
    }
    return StageResult(
        learned=HeadStart(**learned),
        steps=said["steps"],
        seconds=said["seconds"],
        curve=tuple(CurvePoint(int(step), float(score)) for step, score in said["curve"]),
        findings=said["findings"],
        recorded=read_piece(folder, "recorded", pieces["recorded"], before),
    )


def read_piece(folder: Path, name: str, found: str | int, before: HeadStart) -> Any:
    """Return one piece, from the disk or from what was known before."""
    if found == BEFORE:
        return getattr(before, name)
    if found == NONE:
        return None
    if name == "members":
        places = [folder / f"member-{k}" for k in range(int(found))]
        return tuple(Policy.load(verified(place)) for place in places)
    place = verified(folder / name)
    if name in ("data", "recorded"):
        return read_transitions(place / FILE)
    return loader(name)(place)


def loader(name: str) -> Any:
    """Return what reads a policy, a critic or a model; the latter two import torch."""
    if name == "critic":
        from rltransfer.training.offline.critic import Critic

        return Critic.load
    if name == "dynamics":
        from rltransfer.training.offline.dynamics import Dynamics

        return Dynamics.load
    return Policy.load


def verified(folder: Path) -> Path:
    """Return a committed folder, checked against its manifest."""
    verify_folder(folder)
    return folder
