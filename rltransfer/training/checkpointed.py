"""A stage's result on disk, so that an interrupted training goes on after its last stage.

A checkpoint is a folder per stage, such as `03-offline-PPO`; see `stage_folder`. Its digest is of
the problem, the seed, the head start of the first stage, and of all stages so far: where it
differs, or anything is damaged, the stage runs again and comes to the same. What is kept of a
stage that is not finished is the affair of `segments`.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rltransfer.data.transitions_file import DTYPES
from rltransfer.errors import RLTransferError, StorageError
from rltransfer.files import sweep
from rltransfer.training.head_start import HeadStart
from rltransfer.training.interruption import Interruption
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.segments import Segments
from rltransfer.training.stage import StageResult
from rltransfer.training.stage_folder import RESULT, read_result, result_of, write_result

if TYPE_CHECKING:
    from rltransfer.training.stage import Stage

__all__ = ["Checkpoint", "checkpoints_of"]


@dataclass(frozen=True)
class Checkpoint:
    """Where one stage's result is kept; nowhere, if there is no folder.

    Attributes:
        folder: of this stage; None to keep nothing.
        digest: of all that decides the result.
    """

    folder: Path | None = None
    digest: str = ""

    def restored(self, before: HeadStart) -> StageResult | None:
        """Return the result that an earlier call has kept, or None.

        Args:
            before: what the stage begins with.
        """
        if self.folder is None or not (self.folder / RESULT).is_dir():
            return None
        try:
            said = read_result(self.folder)
            return None if said["digest"] != self.digest else result_of(self.folder, said, before)
        except (RLTransferError, OSError, KeyError, TypeError, ValueError):
            return None

    def segments(self, interruption: Interruption | None = None) -> Segments:
        """Return what keeps the boundaries of this stage while it goes on.

        Args:
            interruption: heard at each of them.
        """
        if self.folder is None:
            return Segments(interruption=interruption)
        place = self.folder.with_name(f"{self.folder.name}-segments")
        return Segments(place, self.digest, interruption)

    def kept(self, result: StageResult, before: HeadStart) -> StageResult:
        """Keep a result, and return it.

        A checkpoint only saves time, so a disk that refuses it does not end the training; what
        cannot be written at the end will say so.
        """
        if self.folder is not None:
            with suppress(StorageError):
                shutil.rmtree(self.folder, ignore_errors=True)
                write_result(self.folder, self.digest, result, before)
        return result


def checkpoints_of(
    folder: Path | None,
    problem: TrainingProblem,
    seed: int,
    start: HeadStart,
    stages: Sequence[Stage],
) -> list[Checkpoint]:
    """Return the checkpoint of each stage of one training."""
    if folder is None:
        return [Checkpoint() for _ in stages]
    sweep_all(folder)
    hashed = sha256(json.dumps(plain(problem)).encode())
    hashed.update(f"{seed}".encode())
    for part in bytes_of(start):
        hashed.update(part)
    found = []
    for k, stage in enumerate(stages):
        hashed.update(f"{k} {stage.name} {stage!r}".encode())
        word = re.sub(r"\W+", "-", stage.name)
        found.append(Checkpoint(folder / f"{k:02d}-{word}", hashed.hexdigest()))
    return found


def sweep_all(folder: Path) -> None:
    """Remove what a killed process has left unfinished."""
    for stage in folder.glob("*/"):
        sweep(stage)


def plain(problem: TrainingProblem) -> dict[str, Any]:
    """Return what tells one problem from another."""
    return {
        "env": problem.env.spec.id,
        "contexts": [sorted(context.items()) for context in problem.contexts],
        "observe": problem.observe,
    }


def bytes_of(start: HeadStart) -> Iterator[bytes]:
    """Yield what a head start consists of, so that two can be told apart."""
    learned = (start.policy, start.anchor, start.critic, start.dynamics, *start.members)
    for one in learned:
        yield b"none" if one is None else repr(one.spec).encode()
        for name, array in {} if one is None else one.weights.items():
            yield name.encode()
            yield array.tobytes()
    if start.data is not None:
        yield repr(start.data.contexts).encode()
        for name in DTYPES:
            yield getattr(start.data, name).tobytes()
