from __future__ import annotations

import pytest

import rltransfer
from rltransfer.data import read_library, write_dataset
from rltransfer.data.info import ContextRecord, DatasetInfo, ReturnSummary
from rltransfer.data.library import summary_of
from rltransfer.data.shelf import default_id, root_folder
from rltransfer.errors import InvalidDataset


@pytest.fixture
def root(tmp_path, falls, cartpole):
    records = tuple(
        ContextRecord(context=dict(x), returns=ReturnSummary.of(falls.only([x]), 500))
        for x in falls.contexts
    )
    info = DatasetInfo(env="cartpole", quality="random", contexts=records)
    for id in ("bb/two-v0", "aa/one-v0"):
        write_dataset(id, falls, info, cartpole, tmp_path)
    return tmp_path


def test_datasets_are_listed_by_name(root, falls):
    library = read_library(root)
    assert [x.id for x in library.datasets] == ["aa/one-v0", "bb/two-v0"]
    first = library.datasets[0]
    assert (first.steps, first.episodes) == (600, len(falls.starts))
    assert first.size == sum(p.stat().st_size for p in (root / "aa").rglob("*") if p.is_file())
    assert first.info.contexts[0].returns.steps == 300
    assert library.broken == {}


def test_a_broken_folder_is_named_and_the_others_are_listed(root):
    (root / "aa" / "one-v0" / "data" / "metadata.json").write_text("{")
    (root / "c.d" / "data").mkdir(parents=True)  # what Minari leaves of a name that it refuses
    (root / "half-v0" / "data").mkdir(parents=True)
    (root / "half-v0" / "data" / "metadata.json").write_text("{}")
    (root / ".tmp-1-x" / "data").mkdir(parents=True)
    library = read_library(root)
    assert [x.id for x in library.datasets] == ["bb/two-v0"]
    assert sorted(library.broken) == ["aa/one-v0", "c.d", "half-v0"]
    assert "'aa/one-v0' is damaged" in library.broken["aa/one-v0"]
    assert "'c.d'" in library.broken["c.d"]
    assert "how many episodes" in library.broken["half-v0"]


def test_no_folder_is_no_dataset(tmp_path):
    assert read_library(tmp_path / "nowhere").datasets == ()


def test_one_dataset_is_found_by_its_name(root):
    assert summary_of("aa/one-v0", root).info.quality == "random"
    with pytest.raises(InvalidDataset, match="did you mean 'aa/one-v0'"):
        summary_of("aa/oen-v0", root)


def test_minari_is_asked_for_the_root(tmp_path, monkeypatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    assert root_folder() == tmp_path
    monkeypatch.delenv("MINARI_DATASETS_PATH")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert root_folder() == tmp_path / ".minari" / "datasets"


def test_a_name_tells_what_is_not_default():
    space = rltransfer.make("cartpole").space

    def name(*contexts):
        complete = [space.validate(context) for context in contexts]
        return default_id("cartpole", space, complete, "medium", 2)

    assert name({}) == "rltransfer/cartpole/default/medium-v2"
    assert name({"length": 0.75, "gravity": 20.0}) == (
        "rltransfer/cartpole/gravity-20_length-0p75/medium-v2"
    )
    assert name({}, {"length": 1.0}).startswith("rltransfer/cartpole/2-contexts-")
    assert name({}, {"length": 1.0}) == name({"length": 1.0}, {})
    assert name({}, {"length": 1.0}) != name({}, {"length": 2.0})
    assert "." not in name({"length": 1e-1})
