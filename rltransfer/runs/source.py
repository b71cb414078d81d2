"""One trained policy of a run: what it cost, how it learnt, what it returns everywhere.

A committed folder holds
    result.json          context, parents, seed, costs, stages and what they found
    returns.parquet      target.<feature>…, episode, return, length: one row per episode
    learning.csv         step, score: the learning curve on the policy's own contexts
    policy.safetensors, policy.json
    transitions.safetensors      what it saw while it was trained, if that was recorded
    MANIFEST.json        sha256 of each
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.data import Transitions
from rltransfer.data.transitions_file import FILE, write_transitions
from rltransfer.errors import CorruptRun
from rltransfer.files import read_bytes, read_columns, verify_folder
from rltransfer.runs.origin import Origin
from rltransfer.runs.result_file import FORMAT, read_result

__all__ = ["SavablePolicy", "SourceRecord", "StageRecord"]


class SavablePolicy(Protocol):
    """What a run asks of a policy: that it can write itself into a folder."""

    def save(self, folder: Path) -> None:
        """Write the policy's files into an existing folder."""


@dataclass(frozen=True)
class StageRecord:
    """What one stage of a training cost, and what it found.

    Attributes:
        name: of the stage.
        steps: environment steps that it took.
        seconds: of wall-clock time.
        findings: facts by name, as plain data.
    """

    name: str
    steps: int
    seconds: float
    findings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class SourceRecord:
    """A policy's training and its returns in all targets.

    Attributes:
        key: its name in the run, made of its context and its parents; or the multi-task
            recipe's name.
        context: the source context, in the varied features; None if it was trained on many, or
            on one that these features do not say.
        returns, lengths: of each episode in each target, shape (M, E); NaN and 0 in targets that
            the policy was not measured in.
        curve: (step, mean return on its own contexts) while it was trained.
        steps: environment steps of its training.
        seconds: wall-clock time of its training.
        seed: of its training.
        started, finished: seconds since 1970, of training and evaluation together; as if stages
            that an interrupted attempt had finished had run just before.
        stages: the names of the stages, in order.
        versions: of the libraries that decide the simulator's trajectories.
        parents: keys of the sources that it was trained from, in order.
        stage_results: what each stage cost and found; empty in folders of older versions.
        monitor_steps: environment steps of the episodes behind the curve, which are not part of
            `steps`; None in folders of older versions, which did not count them.
        origin: where a known policy comes from, whose training costs this run nothing; None for
            one that it has trained.
        own: returns of a known policy on its own context; None where that is not known.
        recorded: what it saw while it was trained, to be written; `read` leaves it on the disk,
            see `data.transitions_file`.
    """

    key: str
    context: Context | None
    returns: NDArray[np.float64]
    lengths: NDArray[np.int64]
    curve: tuple[tuple[int, float], ...]
    steps: int
    seconds: float
    seed: int
    started: float
    finished: float
    stages: tuple[str, ...]
    versions: Mapping[str, str] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    stage_results: tuple[StageRecord, ...] = ()
    monitor_steps: int | None = None
    recorded: Transitions | None = None
    origin: Origin | None = None
    own: tuple[float, ...] | None = None

    @property
    def label(self) -> str:
        """A short text for tables."""
        if self.origin is not None:
            return self.origin.name
        return self.key if self.context is None else self.context.label

    @property
    def measured(self) -> NDArray[np.bool_]:
        """Which targets the policy was measured in, shape (M,)."""
        return np.asarray(~np.isnan(self.returns).any(axis=1))

    def write(self, folder: Path, policy: SavablePolicy, targets: tuple[Context, ...]) -> None:
        """Write everything but the manifest into an existing folder."""
        policy.save(folder)
        (folder / "result.json").write_text(json.dumps(self.result(), indent=1), encoding="utf-8")
        write_curve(folder / "learning.csv", self.curve)
        write_returns(folder / "returns.parquet", targets, self.returns, self.lengths)
        if self.recorded is not None:
            write_transitions(folder / FILE, self.recorded)

    def result(self) -> dict[str, Any]:
        """Return what `result.json` holds."""
        return {
            "format": FORMAT,
            "kind": "trained" if self.origin is None else "known",
            "key": self.key,
            "context": None if self.context is None else dict(self.context),
            "steps": self.steps,
            "seconds": round(self.seconds, 3),
            "seed": self.seed,
            "started": self.started,
            "finished": self.finished,
            "stages": list(self.stages),
            "parents": list(self.parents),
            "stage_results": [asdict(stage) for stage in self.stage_results],
            "monitor_steps": self.monitor_steps,
            "simulator": dict(self.versions),
            "shape": list(self.returns.shape),
            "origin": None if self.origin is None else self.origin.model_dump(),
            "own": None if self.own is None else list(self.own),
        }

    @classmethod
    def read(cls, folder: Path) -> SourceRecord:
        """Read a committed folder.

        Raises:
            CorruptRun: naming the file that is damaged, missing or of another format.
        """
        verify_folder(folder)
        said = read_result(folder)
        try:
            returns, lengths = read_returns(folder / "returns.parquet", said.shape)
            return cls(
                key=said.key,
                context=None if said.context is None else Context(said.context),
                returns=returns,
                lengths=lengths,
                curve=read_curve(folder / "learning.csv"),
                steps=said.steps,
                seconds=said.seconds,
                seed=said.seed,
                started=said.started,
                finished=said.finished,
                stages=tuple(said.stages),
                versions=said.simulator,
                parents=tuple(said.parents),
                stage_results=tuple(StageRecord(**dict(stage)) for stage in said.stage_results),
                monitor_steps=said.monitor_steps,
                origin=said.origin,
                own=None if said.own is None else tuple(said.own),
            )
        except (ValueError, KeyError, OSError) as error:
            raise CorruptRun(f"{folder} cannot be read as a trained source: {error}.") from None


def write_curve(path: Path, curve: tuple[tuple[int, float], ...]) -> None:
    """Write a learning curve as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("step", "score"), *curve])


def read_curve(path: Path) -> tuple[tuple[int, float], ...]:
    """Read what `write_curve` wrote."""
    lines = read_bytes(path).decode().splitlines()
    return tuple((int(step), float(score)) for step, score in list(csv.reader(lines))[1:])


def write_returns(
    path: Path,
    targets: tuple[Context, ...],
    returns: NDArray[np.float64],
    lengths: NDArray[np.int64],
) -> None:
    """Write returns in long form, targets in order, episodes fastest."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    episodes = returns.shape[1]
    columns: dict[str, Any] = {
        f"target.{name}": np.repeat([target[name] for target in targets], episodes)
        for name in targets[0]
    }
    columns["episode"] = np.tile(np.arange(episodes), len(targets))
    columns["return"] = returns.ravel()
    columns["length"] = lengths.ravel()
    pq.write_table(pa.table(columns), path)


def read_returns(
    path: Path, shape: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Read returns and lengths, both of the given shape (M, E)."""
    table = read_columns(path, ("return", "length").__contains__)
    if table.num_rows != shape[0] * shape[1]:
        raise ValueError(f"{path.name} has {table.num_rows:,} rows, not {shape}")
    returns = table["return"].to_numpy().astype(np.float64).reshape(shape)
    return returns, table["length"].to_numpy().astype(np.int64).reshape(shape)
