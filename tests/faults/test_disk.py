"""A full disk, or a folder that may not be written: a sentence, and what was there is intact."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from rltransfer.data import write_dataset
from rltransfer.data.info import ContextRecord, DatasetInfo
from rltransfer.data.transitions_file import FILE, write_transitions
from rltransfer.errors import StorageError
from rltransfer.files import commit_folder, write_text
from rltransfer.runs import Run
from rltransfer.runs.ledger import Ledger

Write = Callable[[Path], object]


@pytest.fixture(params=["text", "folder", "policy", "transitions", "run", "study", "dataset"])
def write(request, policy, transitions, experiment, cartpole) -> Write:
    """One way of writing into a folder."""

    def dataset(folder: Path) -> None:
        records = tuple(ContextRecord(context=dict(x)) for x in transitions.contexts)
        info = DatasetInfo(env="cartpole", quality="random", contexts=records)
        write_dataset("toys/more-v0", transitions, info, cartpole, folder)

    writers: dict[str, Write] = {
        "text": lambda folder: write_text(folder / "table.csv", "x" * 5000),
        "folder": lambda folder: commit_folder(folder / "00", lambda path: policy.save(path)),
        "policy": lambda folder: policy.save(folder),
        "transitions": lambda folder: write_transitions(folder / FILE, transitions),
        "run": lambda folder: Run.create(folder / "seed-0", experiment.to_toml() + "#" * 5000),
        "study": lambda folder: Ledger.rebuilt(
            folder / "study.journal", experiment.space, {name: [] for name in "abcdefghij"}
        ),
        "dataset": dataset,
    }
    if request.param == "dataset":
        pytest.importorskip("minari")
    return writers[request.param]


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes, as on a disk with so much space."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def left(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def require_intact(folder: Path, before: dict[str, bytes]) -> None:
    """Nothing that was there has changed, and nothing is half written."""
    after = left(folder)
    assert {name: after.get(name) for name in before} == before
    assert not [name for name in after if ".tmp-" in name]


def test_a_disk_without_space(write, tmp_path):
    (tmp_path / "precious").write_text("mine")
    before = left(tmp_path)
    with largest_file(100), pytest.raises(StorageError) as caught:
        write(tmp_path)
    said = str(caught.value)
    assert "could not be written: File too large. What was there before is intact" in said
    assert str(tmp_path) in said
    require_intact(tmp_path, before)
    write(tmp_path)  # there is space again


@pytest.mark.parametrize("call", ["fsync", "rename", "replace"])
def test_a_disk_that_fails_at_the_last_step(request, write, tmp_path, monkeypatch, call):
    if request.node.callspec.params == {"call": "rename", "write": "study"}:
        pytest.skip("Optuna's lock is let go of by a rename")
    (tmp_path / "precious").write_text("mine")
    before = left(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with suppress(StorageError):  # not every way of writing takes every step
            write(tmp_path)
            return
    require_intact(tmp_path, before)
    write(tmp_path)


def test_what_is_written_again_is_whole_before_and_after(tmp_path, policy):
    policy.save(tmp_path)
    before = left(tmp_path)
    with largest_file(100), pytest.raises(StorageError):
        policy.save(tmp_path)
    assert left(tmp_path) == before


def test_a_commit_that_fails_leaves_the_sources(run, policy, experiment):
    before = left(run.path)
    record = next(iter(run.sources().values()))
    with largest_file(100), pytest.raises(StorageError, match=r"sources/.* could not be written"):
        run.commit(record, policy, experiment.targets())
    assert left(run.path) == before


def test_a_read_only_folder_is_a_sentence(write, tmp_path):
    """The kernel's own read-only folder holds for root, too."""
    with pytest.raises(StorageError, match=r"/proc/self/.*could not be written"):
        write(Path("/proc/self/nowhere"))


def test_a_study_in_a_read_only_folder(refused, tmp_path):
    said = refused("run", "cartpole", "--vary", "length", "--runs", "/proc/self/runs", code=5)
    assert "could not be written" in " ".join(said.split())
