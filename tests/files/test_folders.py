import errno
import json
import os

import pytest

from rltransfer.errors import CorruptRun, StorageError
from rltransfer.files import commit_folder, sweep, verify_folder, write_atomically, write_text


def fill(folder):
    (folder / "a.txt").write_text("alpha")
    (folder / "b.bin").write_bytes(bytes(range(256)))


@pytest.fixture
def committed(tmp_path):
    commit_folder(tmp_path / "00", fill)
    return tmp_path / "00"


def test_a_committed_folder_verifies(committed):
    verify_folder(committed)
    assert set(json.loads((committed / "MANIFEST.json").read_text())) == {"a.txt", "b.bin"}


@pytest.mark.parametrize("byte", [0, 100, 255])
@pytest.mark.parametrize("bit", [0, 7])
def test_every_flipped_bit_is_noticed(committed, byte, bit):
    data = bytearray((committed / "b.bin").read_bytes())
    data[byte] ^= 1 << bit
    (committed / "b.bin").write_bytes(data)
    with pytest.raises(CorruptRun, match=r"b\.bin was changed .*sha256 differs.*resume"):
        verify_folder(committed)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "a.txt").unlink(), r"a\.txt is missing"),
        (lambda f: (f / "a.txt").write_text("alph"), r"a\.txt was changed"),
        (lambda f: (f / "MANIFEST.json").unlink(), r"MANIFEST\.json is missing or damaged"),
        (lambda f: (f / "MANIFEST.json").write_text("{"), r"MANIFEST\.json is missing or damaged"),
        (
            lambda f: (f / "MANIFEST.json").write_text("[1]"),
            r"MANIFEST\.json is missing or damaged",
        ),
    ],
)
def test_damage_is_named(committed, damage, message):
    damage(committed)
    with pytest.raises(CorruptRun, match=message):
        verify_folder(committed)


def test_a_failure_while_filling_commits_nothing(tmp_path):
    def break_off(folder):
        (folder / "a.txt").write_text("half")
        raise RuntimeError("cut")

    with pytest.raises(RuntimeError, match="cut"):
        commit_folder(tmp_path / "00", break_off)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path, monkeypatch, call):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(StorageError, match=r"00 could not be written: No space left.*try again"):
        commit_folder(tmp_path / "00", fill)
    monkeypatch.undo()
    assert not (tmp_path / "00").exists()


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "table.csv"
    write_text(path, "old")

    def fail(temporary):
        temporary.write_text("half of the n")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StorageError, match=r"table\.csv could not be written"):
        write_atomically(path, fail)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["table.csv"]


def test_sweep_removes_only_what_was_left_unfinished(tmp_path, committed):
    (tmp_path / ".tmp-half").mkdir()
    (tmp_path / ".tmp-half" / "x").write_text("")
    (tmp_path / ".tmp-99999999-table").write_text("")  # no process has this number
    (tmp_path / f".tmp-{os.getppid()}-theirs").write_text("")
    sweep(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [f".tmp-{os.getppid()}-theirs", "00"]


def test_a_file_where_a_folder_is_needed_is_a_storage_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="could not be written"):
        write_text(tmp_path / "file" / "x.txt", "text")
