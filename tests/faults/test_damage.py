"""Whatever happens to a file that was written here: it is noticed, named, and advice given."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from rltransfer.data import load_dataset
from rltransfer.errors import RLTransferError
from rltransfer.experiment.solo.record import FinalScore, SoloRecord
from rltransfer.files import commit_folder
from rltransfer.runs import Run
from rltransfer.training import Policy

ADVICE = ("remove", "take the folder", "put it back", "use the version", "choose another")


@dataclass(frozen=True)
class Kept:
    """A folder that was written, and what reads all of it.

    Attributes:
        folder: with all files.
        read: raises if one of them is not as it was written.
        derived: patterns of files that are made again from the others.
    """

    folder: Path
    read: Callable[[], object]
    derived: tuple[str, ...] = ()

    def files(self) -> list[Path]:
        found = [path for path in self.folder.rglob("*") if path.is_file()]
        return sorted(p for p in found if not any(p.match(pattern) for pattern in self.derived))


def read_run(path: Path) -> None:
    run = Run.open(path)
    run.description()
    run.provenance()
    run.sources()
    assert len(run.source_folders()) == 2


@pytest.fixture
def kept_run(run) -> Kept:
    return Kept(run.path, lambda: read_run(run.path))


@pytest.fixture
def kept_policy(tmp_path, policy) -> Kept:
    policy.save(tmp_path / "policy")
    return Kept(tmp_path / "policy", lambda: Policy.load(tmp_path / "policy"))


@pytest.fixture
def kept_dataset(dataset, cartpole) -> Kept:
    id, root = dataset
    return Kept(root / id, lambda: load_dataset(id, cartpole, root), ("namespace_metadata.json",))


@pytest.fixture
def kept_training(tmp_path, policy) -> Kept:
    record = SoloRecord({"env": "cartpole"}, (), 64, 10, 1.5, ((64, 2.0),), FinalScore(2, 1, 0, 5))

    def fill(folder: Path) -> None:
        policy.save(folder)
        record.write(folder)

    commit_folder(tmp_path / "training", fill)
    return Kept(tmp_path / "training", lambda: SoloRecord.read(tmp_path / "training"))


@pytest.fixture(params=["run", "policy", "dataset", "training"])
def kept(request) -> Kept:
    return request.getfixturevalue(f"kept_{request.param}")


# -- damage ------------------------------------------------------------------------------------


def flip(data: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    changed[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def replace(data: bytes, rng: np.random.Generator) -> bytes:
    at = int(rng.integers(len(data)))
    return data[:at] + rng.bytes(4) + data[at + 4 :]


def truncate(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: int(rng.integers(len(data)))]


def extend(data: bytes, rng: np.random.Generator) -> bytes:
    return data + rng.bytes(int(rng.integers(1, 9)))


def remove(data: bytes, rng: np.random.Generator) -> bytes:
    at = int(rng.integers(len(data)))
    return data[:at] + data[at + int(rng.integers(1, 9)) :]


def zero(data: bytes, rng: np.random.Generator) -> bytes:
    at = int(rng.integers(len(data)))
    return data[:at] + bytes(min(512, len(data) - at)) + data[at + 512 :]


DAMAGES = (flip, flip, flip, replace, truncate, extend, remove, zero)


def damaged(kept: Kept, cases: int, rng: np.random.Generator) -> Iterator[Path]:
    """Damage one file after another, each for a moment."""
    files = kept.files()
    for _ in range(cases):
        path = files[int(rng.integers(len(files)))]
        good = path.read_bytes()
        bad = DAMAGES[int(rng.integers(len(DAMAGES)))](good, rng)
        if bad == good:
            continue
        path.write_bytes(bad)
        yield path
        path.write_bytes(good)


def require_noticed(kept: Kept, path: Path) -> None:
    """Reading must raise an error of ours that names the damaged file and what to do."""
    with pytest.raises(RLTransferError) as caught:
        kept.read()
    said = str(caught.value)
    assert path.name in said or path.parent.name in said
    assert any(advice in said.lower() for advice in ADVICE), said
    assert len(said.replace(str(kept.folder), "")) <= 500


def notices_all(kept: Kept, cases: int) -> None:
    kept.read()
    for path in damaged(kept, cases, np.random.default_rng(0)):
        require_noticed(kept, path)
    kept.read()


def test_damage_is_noticed(kept):
    notices_all(kept, 75)


@pytest.mark.slow
def test_damage_is_noticed_ten_thousand_times(kept):
    notices_all(kept, 2_500)


def test_a_deleted_file_is_noticed(kept):
    for path in kept.files():
        good = path.read_bytes()
        path.unlink()
        with pytest.raises(RLTransferError, match=path.name.replace(".", r"\.")):
            kept.read()
        path.write_bytes(good)
    kept.read()


def test_two_swapped_files_are_noticed(kept, tmp_path):
    files = kept.files()
    for first, second in pairwise(files):
        if first.read_bytes() == second.read_bytes():
            continue
        shutil.move(first, tmp_path / "aside")
        shutil.move(second, first)
        shutil.move(tmp_path / "aside", second)
        with pytest.raises(RLTransferError):
            kept.read()
        shutil.move(first, tmp_path / "aside")
        shutil.move(second, first)
        shutil.move(tmp_path / "aside", second)
    kept.read()


def test_two_swapped_sources_are_two_sources(run):
    """Each folder is whole; the order of commits is not theirs to tell."""
    first, second = run.source_folders()
    keys = set(run.sources())
    shutil.move(first, first.with_name("aside"))
    shutil.move(second, first)
    shutil.move(first.with_name("aside"), second)
    assert set(run.sources()) == keys


def test_a_file_that_was_added_is_noticed(kept_run):
    folder = kept_run.folder / "sources" / "00"
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(RLTransferError, match=r"notes\.txt was added after the folder was written"):
        kept_run.read()
    (folder / "notes.txt").rename(folder / ".notes")
    kept_run.read()


def test_a_run_of_an_older_version_is_read(run):
    """Before there were seals, nothing told whether these two files were changed."""
    text = run.experiment_file.read_text()
    run.experiment_file.write_text(text.partition("\n")[2])
    run.provenance_file.write_text('{"git": null}')
    assert run.description()["name"] == "cartpole-length"
    assert run.provenance() == {"git": None}
