"""What a stage keeps at its boundaries, and when; the trainings that use it come after."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

from rltransfer import errors
from rltransfer.training import boundaries
from rltransfer.training.interruption import Interruption
from rltransfer.training.segments import Memory, Segments
from rltransfer.training.thrift import RESTS, Thrift


class Part:
    def __init__(self, value: float) -> None:
        self.value = value

    def state(self):
        return {"value": self.value, "table": {"array": np.array(self.value)}}

    def restore(self, state):
        assert state["table"]["array"].shape == ()
        self.value = float(state["table"]["array"])


class Table:
    """Rows 0, 1, 2 … of which the last `capacity` are remembered."""

    def __init__(self, capacity: int, count: int = 0) -> None:
        self.capacity, self.count = capacity, count
        self.known = {row: 10 * row for row in range(max(0, count - capacity), count)}

    def grow(self, count: int) -> None:
        self.__init__(self.capacity, count)

    def rows(self, first):
        return {"ten": np.array([self.known[row] for row in range(first, self.count)])}

    def put(self, first, rows):
        self.known |= {first + i: int(value) for i, value in enumerate(rows["ten"])}
        self.count = first + len(rows["ten"])
        remembered = range(self.count)[-self.capacity :]
        self.known = {row: value for row, value in self.known.items() if row in remembered}


@pytest.fixture(autouse=True)
def always(monkeypatch):
    monkeypatch.setattr(Thrift, "due", True)


def keep(folder: Path, numbers, capacity=100, digest="d", per_segment=5, conditions=None):
    """Keep the boundaries of a stage whose state is the number of the segment."""
    part, table, segments = Part(0.0), Table(capacity), Segments(folder, digest)
    segments.under(conditions or {"torch": "1"})
    for number in numbers:
        part.value = float(number)
        table.grow(per_segment * number)
        segments.keep(number, Memory({"part": part}, {"rows": table}))


def restored(folder: Path, capacity=100, digest="d", conditions=None):
    part, table, segments = Part(-1.0), Table(capacity), Segments(folder, digest)
    segments.under(conditions or {"torch": "1"})
    number = segments.restore(Memory({"part": part}, {"rows": table}))
    return number, part.value, table


def test_the_last_boundary_comes_back_with_all_rows(tmp_path):
    keep(tmp_path / "s", [1, 2, 3])
    number, value, table = restored(tmp_path / "s")
    assert (number, value, table.count) == (3, 3.0, 15)
    assert table.known == {row: 10 * row for row in range(15)}


def test_without_a_folder_nothing_is_kept():
    segments = Segments()
    segments.keep(1, Memory({"part": Part(1.0)}))
    assert segments.restore(Memory({"part": Part(1.0)})) == 0


def test_two_boundaries_are_kept_and_only_rows_that_are_remembered(tmp_path):
    keep(tmp_path, range(1, 9), capacity=7)
    assert sorted(place.name for place in tmp_path.iterdir()) == [
        "000007", "000008", "rows-000006", "rows-000007", "rows-000008",
    ]  # fmt: skip
    number, _, table = restored(tmp_path, capacity=7)
    assert (number, table.count) == (8, 40)
    assert table.known == {row: 10 * row for row in range(33, 40)}


@pytest.mark.parametrize("victim", ["000003", "rows-000003"])
@pytest.mark.parametrize("file", ["state.json", "state.safetensors", "MANIFEST.json"])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing"])
def test_what_is_damaged_gives_way_to_the_boundary_before(tmp_path, caplog, victim, file, damage):
    keep(tmp_path, [1, 2, 3])
    path = tmp_path / victim / file
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        flipped = bytes([*data[:-2], data[-2] ^ 1, data[-1]])
        path.write_bytes(data[:-3] if damage == "truncated" else flipped)
    with caplog.at_level(logging.WARNING):
        number, value, table = restored(tmp_path)
    assert (number, value, table.count) == (2, 2.0, 10)
    assert str(path) in caplog.text
    assert "goes on from a boundary before" in caplog.text
    keep(tmp_path, [3, 4])
    assert restored(tmp_path)[0] == 4


def test_where_all_is_damaged_the_stage_begins_again(tmp_path):
    keep(tmp_path, [1, 2])
    for place in tmp_path.glob("0*"):
        (place / "state.json").write_text("{}")
    assert restored(tmp_path)[:2] == (0, -1.0)
    assert not tmp_path.exists()


def test_another_stage_does_not_take_what_it_finds(tmp_path):
    keep(tmp_path, [1, 2])
    assert restored(tmp_path, digest="other")[:2] == (0, -1.0)
    assert not tmp_path.exists()


def test_other_conditions_are_named(tmp_path, caplog):
    keep(tmp_path, [1, 2])
    with caplog.at_level(logging.WARNING):
        assert restored(tmp_path, conditions={"torch": "2"})[0] == 0
    assert "torch 1 is now 2. The stage begins again." in caplog.text


def test_what_a_killed_process_has_left_unfinished_gives_way(tmp_path):
    keep(tmp_path, [1, 2])
    shutil.copytree(tmp_path / "rows-000002", tmp_path / "rows-000003")
    (tmp_path / ".tmp-1-x").mkdir()
    keep(tmp_path / "again", [1, 2])
    segments = Segments(tmp_path, "d")
    segments.under({"torch": "1"})
    part, table = Part(0.0), Table(100)
    memory = Memory({"part": part}, {"rows": table})
    assert segments.restore(memory) == 2
    part.value = 3.0
    table.grow(15)
    segments.keep(3, memory)
    assert restored(tmp_path)[:2] == (3, 3.0)


def test_what_does_not_fit_is_a_sentence(tmp_path):
    keep(tmp_path, [1])
    segments = Segments(tmp_path, "d")
    segments.under({"torch": "1"})
    with pytest.raises(errors.CorruptRun, match=r"does not fit it .* train again"):
        segments.restore(Memory({"another": Part(0.0)}, {"rows": Table(9)}))


def test_rows_elsewhere_are_not_read(tmp_path, caplog):
    keep(tmp_path / "s", [1])
    place = tmp_path / "s" / "000001"
    tree = boundaries.read_tree(place)
    tree["rows"] = ["../elsewhere"]
    boundaries.commit_tree(place, tree)
    assert restored(tmp_path / "s")[0] == 0
    assert "names rows that are none" in caplog.text


def test_a_full_disk_does_not_end_a_training(tmp_path, monkeypatch):
    def full(place, fill):
        raise errors.StorageError("full")

    monkeypatch.setattr(boundaries, "commit_folder", full)
    keep(tmp_path / "s", [1, 2])
    assert restored(tmp_path / "s")[0] == 0


# -- when, and when not --------------------------------------------------------------------------


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_writing_takes_at_most_a_fiftieth_of_the_time(monkeypatch):
    monkeypatch.undo()
    clock = Clock()
    thrift, spent = Thrift(clock), 0.0
    for _ in range(20_000):
        clock.now += 0.01
        if thrift.due:
            with thrift.timed():
                clock.now += 0.3
                spent += 0.3
    assert spent > 0.0
    assert spent <= clock.now / RESTS + 0.3


def test_what_is_not_due_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(Thrift, "due", False)
    keep(tmp_path / "s", [1, 2])
    assert not (tmp_path / "s").exists()


def test_who_is_asked_to_stop_keeps_the_boundary_first(tmp_path, monkeypatch):
    monkeypatch.setattr(Thrift, "due", False)
    interruption = Interruption()
    segments = Segments(tmp_path, "d", interruption)
    segments.under({"torch": "1"})
    segments.keep(1, Memory({"part": Part(1.0)}))
    interruption.ask()
    with pytest.raises(errors.Interrupted, match="can go on from segment 2 of a stage"):
        segments.keep(2, Memory({"part": Part(2.0)}))
    assert [place.name for place in tmp_path.iterdir()] == ["000002"]


def test_a_segment_that_lasts_too_long_is_left_at_once():
    interruption = Interruption(grace=10.0)
    segments = Segments(interruption=interruption)
    segments.heed(1e9)
    interruption.ask()
    segments.heed(9.0)
    with pytest.raises(errors.Interrupted, match="asked to stop; it can go on from the beginning"):
        segments.heed(11.0)
