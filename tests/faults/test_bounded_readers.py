"""Files that this package writes for itself, in a stranger's hand: read with bounds, or refused."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from rltransfer.contexts import ContextSpace
from rltransfer.errors import CorruptRun, InvalidContext, RunLocked, StorageError
from rltransfer.errors import InvalidTransferMatrix as InvalidMatrix
from rltransfer.experiment.monitor import read_looks
from rltransfer.experiment.progress import Progress, read_progress
from rltransfer.experiment.solo.folder import SoloFolder
from rltransfer.experiment.solo.record import FinalScore, SoloRecord
from rltransfer.files import write_manifest
from rltransfer.runs.lock import locked
from rltransfer.training.stage_folder import read_result
from rltransfer.transfer import TransferMatrix

MEMORY = 300_000_000
DEEP = "[" * 100_000
LONG = 20_000_000  # bytes of a sparse file


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """Whatever a test reads, it must not take much memory."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEMORY


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(LONG)


def deep(path: Path) -> None:
    path.write_text(DEEP + "\n")


def shallow_lie(path: Path) -> None:
    path.write_text('"a word"\n')


SPOILERS = [device, pipe, huge, deep, shallow_lie]
Spoil = Callable[[Path], None]


# -- lines -------------------------------------------------------------------------------------


@pytest.mark.parametrize("spoil", SPOILERS)
def test_progress_that_cannot_be_read_is_not_shown(tmp_path: Path, spoil: Spoil) -> None:
    path = tmp_path / "progress.jsonl"
    assert read_progress(path, 0) == []
    path.write_text("[1, 2, NaN]\n[2, 2, 0.5]\n[3, ")
    assert read_progress(path, 1) == [Progress(2, 2, 0.5)]
    path.unlink()
    spoil(path)
    assert read_progress(path, 0) == []


@pytest.mark.parametrize("spoil", SPOILERS)
def test_scores_are_read_with_bounds(tmp_path: Path, spoil: Spoil) -> None:
    path = tmp_path / "scores.jsonl"
    spoil(path)
    if spoil in (deep, shallow_lie):  # a line that says nothing is left out
        assert read_looks(path) == {}
    else:
        with pytest.raises(CorruptRun, match=r"scores\.jsonl cannot be read: it (is|has) "):
            read_looks(path)


# -- JSON --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [DEEP, '{"steps": 1e999}', '{"a": 1, "a": 2}', "[]", "\x00"])
def test_the_result_of_a_stage(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "result"
    folder.mkdir()
    (folder / "result.json").write_text(text)
    write_manifest(folder)
    with pytest.raises(CorruptRun, match="holds no stage's result"):
        read_result(tmp_path)


@pytest.mark.parametrize("spoil", SPOILERS)
def test_what_was_being_trained(tmp_path: Path, spoil: Spoil) -> None:
    solo = SoloFolder(tmp_path / "policy")
    solo.unfinished.mkdir()
    spoil(solo.unfinished / "training.json")
    with pytest.raises(CorruptRun, match=r"training\.json cannot be read: it .* to begin again"):
        solo.interrupted()


def test_what_was_being_trained_is_sealed(tmp_path: Path) -> None:
    solo, told = SoloFolder(tmp_path / "policy"), {"env": "cartpole", "seed": 1, "observe": ("a",)}
    with pytest.raises(KeyboardInterrupt), solo.working(told):
        raise KeyboardInterrupt
    path = solo.unfinished / "training.json"
    assert solo.interrupted() == {**told, "observe": ["a"]}
    with solo.working(told):
        pass
    assert not solo.unfinished.exists()
    with pytest.raises(KeyboardInterrupt), solo.working(told):
        raise KeyboardInterrupt
    path.write_text(path.read_text().replace("cartpole", "pendulum"))
    with pytest.raises(CorruptRun, match="it was changed after it was written"):
        solo.interrupted()


def test_a_training_is_not_worked_on_through_a_link(tmp_path: Path) -> None:
    solo = SoloFolder(tmp_path / "policy")
    solo.unfinished.mkdir()
    (tmp_path / "precious").write_text("mine")
    solo.scores.symlink_to(tmp_path / "precious")
    with pytest.raises(CorruptRun, match=r"scores\.jsonl is a link"), solo.working({}):
        pytest.fail("it must not begin")
    assert (tmp_path / "precious").read_text() == "mine"


@pytest.mark.parametrize(
    "text", [DEEP, "[]", "{}", '{"format": 1, "curve": {"a": 1}}', '{"a":1e999}']
)
def test_the_record_of_a_training(tmp_path: Path, text: str) -> None:
    SoloRecord({}, (), 1, 0, 0.1, ((1, np.nan),), FinalScore(1, 1.0, 0.0, 1)).write(tmp_path)
    write_manifest(tmp_path)
    assert np.isnan(SoloRecord.read(tmp_path).curve[0][1])
    (tmp_path / "result.json").write_text(text)
    write_manifest(tmp_path)
    with pytest.raises(CorruptRun, match="cannot be read as a training"):
        SoloRecord.read(tmp_path)


@pytest.mark.parametrize("read", [ContextSpace.from_json, ContextSpace.from_toml])
def test_a_context_space_that_nests(read: Any) -> None:
    for text in ("[" * 100_000, "a = " + "[" * 100_000):
        with pytest.raises(InvalidContext, match=r"does not nest this deeply|cannot be read"):
            read(text)


# -- the lock ----------------------------------------------------------------------------------


def test_the_lock_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / ".lock").symlink_to(tmp_path / "precious")
    with pytest.raises(StorageError, match=r"\.lock could not be written"), locked(tmp_path):
        pytest.fail("it must not be held")
    assert (tmp_path / "precious").read_text() == "mine"


@pytest.mark.parametrize("text", [DEEP, "[1]", "x" * 5000])
def test_a_lock_that_says_nothing_of_its_owner(tmp_path: Path, text: str) -> None:
    with locked(tmp_path):
        (tmp_path / ".lock").write_text(text)
        with pytest.raises(RunLocked, match="in use by another process"), locked(tmp_path):
            pytest.fail("it must not be held twice")


# -- tables ------------------------------------------------------------------------------------


@pytest.fixture
def matrix(tmp_path: Path) -> Path:
    """A transfer matrix of one source, in a file."""
    space = ContextSpace.from_toml('[x]\ndefault = 0.5\nrange = [0.0, 1.0]\nscale = "linear"\n')
    contexts = space.grid(3)
    whole = TransferMatrix.empty(space, contexts, contexts).learn(0, np.ones((3, 2)))
    whole.to_parquet(tmp_path / "m.parquet")
    return tmp_path / "m.parquet"


def described(path: Path, **changes: Any) -> None:
    """Change what a matrix's file says of itself."""
    table = pq.read_table(path)
    about = json.loads(table.schema.metadata[b"rltransfer"]) | changes
    pq.write_table(table.replace_schema_metadata({b"rltransfer": json.dumps(about)}), path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shape": [10**5, 10**5, 10]}, "claims 100,000,000,000 returns; at most"),
        ({"shape": [10**12]}, "claims 1,000,000,000,000 returns"),
        ({"shape": ["a"]}, "was changed or damaged"),
        ({"shape": [-1, 3, 2]}, "was changed or damaged"),
        ({"space": {"x": 1}}, "was changed or damaged"),
        ({"space": [[]]}, "was changed or damaged"),
        ({"own": {"shape": [10**9], "values": []}}, "was changed or damaged"),
        ({"measured": [[10**9]]}, "was changed or damaged"),
        ({"sources": [{"y": "z"}]}, "was changed or damaged"),
        ({"format": {"a": 1}}, "upgrade rltransfer"),
    ],
)
def test_a_matrix_that_claims_what_it_does_not_hold(
    matrix: Path, changes: dict[str, Any], message: str
) -> None:
    described(matrix, **changes)
    with pytest.raises(InvalidMatrix, match=message):
        TransferMatrix.from_parquet(matrix)


def test_a_matrix_whose_description_nests(matrix: Path) -> None:
    table = pq.read_table(matrix)
    pq.write_table(table.replace_schema_metadata({b"rltransfer": DEEP}), matrix)
    with pytest.raises(InvalidMatrix, match="it nests too deeply"):
        TransferMatrix.from_parquet(matrix)


def test_a_matrix_of_very_many_rows(matrix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rltransfer.transfer.tables.MOST_CELLS", 5)
    with pytest.raises(InvalidMatrix, match="cannot be read: it has 6 cells; at most 5 are read"):
        TransferMatrix.from_parquet(matrix)
