from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from rltransfer.envs import Catalog, load_catalog, make
from rltransfer.envs.catalog import own_folder, plugin_files
from rltransfer.errors import InvalidExperiment, UnknownEnvironment

WriteFamily = Callable[..., Path]
MODULE = import_module("rltransfer.envs.catalog")
OURS = {"acrobot", "cartpole", "mountain_car", "mountain_car_continuous", "pendulum"}


@pytest.fixture
def read_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[], Catalog]]:
    """Return a function that reads a catalogue of the families written for the test."""

    def read() -> Catalog:
        monkeypatch.setattr(MODULE, "own_folder", lambda: tmp_path)
        load_catalog.cache_clear()
        return load_catalog()

    yield read
    monkeypatch.undo()
    load_catalog.cache_clear()


def test_ours_are_there_and_none_is_broken() -> None:
    assert set(load_catalog().specs) >= OURS
    assert not load_catalog().broken


def test_the_entries_lie_where_the_package_looks() -> None:
    assert {folder.parent.name for folder in own_folder().glob("*/env.toml")} >= OURS


def test_the_catalogue_is_read_once() -> None:
    assert load_catalog() is load_catalog()


def test_an_unknown_name_is_answered_with_the_closest() -> None:
    with pytest.raises(UnknownEnvironment) as caught:
        make("cartpol")
    assert "unknown environment 'cartpol'; did you mean 'cartpole'? `rltransfer envs`" in str(
        caught.value
    )


def test_one_broken_entry_hides_no_other(
    write_family: WriteFamily, read_folder: Callable[[], Catalog]
) -> None:
    write_family("good")
    bad = write_family("bad", replace={"horizon ": "horizont "})
    found = read_folder()
    assert [spec.id for spec in found] == ["good"]
    assert str(bad) in found.broken["bad"]
    with pytest.raises(InvalidExperiment, match="horizont: this key is unknown"):
        make("bad")


def test_a_name_that_is_taken_is_reported(
    write_family: WriteFamily,
    read_folder: Callable[[], Catalog],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, plugin = write_family("pole"), write_family("plugin")
    second = plugin / "pole"
    shutil.copytree(first, second)
    folders = [(first, "rltransfer"), (second, "someone")]
    monkeypatch.setattr(MODULE, "entry_folders", lambda broken: iter(folders))
    found = read_folder()
    assert found["pole"].provider == "rltransfer"
    assert f"the name 'pole' is taken by {first}" in found.broken["someone/pole"]


def test_an_entry_point_may_name_an_inner_package(tmp_path: Path) -> None:
    inner = tmp_path / "outer_for_test" / "inner"
    (inner / "family").mkdir(parents=True)
    (tmp_path / "outer_for_test" / "__init__.py").write_text("raise AssertionError('imported')")
    (inner / "family" / "env.toml").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        point = EntryPoint("family", "outer_for_test.inner", "rltransfer.envs")
        assert plugin_files(point) == [inner / "family" / "env.toml"]
        assert plugin_files(EntryPoint("gone", "not_installed_at_all", "rltransfer.envs")) == []


def test_a_gymnasium_id_that_is_taken_is_reported(
    write_family: WriteFamily, read_folder: Callable[[], Catalog]
) -> None:
    write_family("first")
    write_family("second")
    write_family("third", replace={"horizon ": 'gym_id = "Third-v0"\nhorizon '})
    found = read_folder()
    assert [spec.id for spec in found] == ["first", "third"]
    assert "is taken by 'first'; give the family one of its own" in found.broken["second"]
    assert found["third"].gym_id == "rltransfer/Third-v0"


def test_a_folder_in_the_place_of_the_file_is_reported(
    write_family: WriteFamily, read_folder: Callable[[], Catalog], tmp_path: Path
) -> None:
    write_family("good")
    (tmp_path / "odd" / "env.toml").mkdir(parents=True)
    assert "odd" in read_folder().broken


def test_an_entry_point_that_leads_nowhere_is_reported(
    read_folder: Callable[[], Catalog], monkeypatch: pytest.MonkeyPatch
) -> None:
    point = EntryPoint("lost", "no_such_package", "rltransfer.envs")
    monkeypatch.setattr(MODULE, "entry_points", lambda group: [point])
    assert (
        "names 'no_such_package', where no <id>/env.toml is found" in read_folder().broken["lost"]
    )
