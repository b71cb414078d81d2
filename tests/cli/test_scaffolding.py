"""A package that `rltransfer new-env` has made is installed, passes its tests, and is studied."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rltransfer.cli.scaffolding import Plugin, make_plugin, scaffold
from rltransfer.errors import InvalidExperiment, StorageError

NAME = "hill_car"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder into which pip has installed the package that was made."""
    folder = make_plugin(Plugin(NAME), tmp_path_factory.mktemp("made"))
    target = tmp_path_factory.mktemp("site")
    flags = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", target]
    subprocess.run([sys.executable, "-m", "pip", "install", *flags, folder], check=True)
    (target / "tests").symlink_to(folder / "tests")
    return target


def called(words: list[str], site: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Call a module of Python's as somebody does who has the package installed."""
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, *words], cwd=cwd, env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True,
    )  # fmt: skip


def rltransfer(words: list[str], site: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Call the command line."""
    return called(["-c", "from rltransfer.cli import main; main()", *words], site, cwd)


def test_it_passes_the_checks(site: Path, tmp_path: Path) -> None:
    checked = rltransfer(["check-env", NAME], site, tmp_path)
    assert checked.returncode == 0, checked.stdout
    assert f"{NAME}: all checks passed." in checked.stdout


@pytest.mark.slow
def test_it_is_studied(site: Path, tmp_path: Path) -> None:
    size = {"targets": 3, "rounds": 1, "steps": 2048, "episodes": 1}
    said = [word for name, value in size.items() for word in (f"--{name}", str(value))]
    done = rltransfer(["run", NAME, "--vary", "mass", *said, "--json"], site, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / f"{NAME}-mass" / "report.html").is_file()


def test_it_passes_its_own_tests(site: Path, tmp_path: Path) -> None:
    flags = ["-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(tmp_path)]
    done = called(["-m", "pytest", "-q", str(site / "tests"), *flags], site, tmp_path)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout


def test_the_next_steps_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scaffold("my_robot", tmp_path, as_json=True)
    told = json.loads(capsys.readouterr().out)
    folder = tmp_path / "rltransfer-my_robot"
    assert told["folder"] == str(folder)
    assert all((folder / name).is_file() for name in told["files"])
    assert told["next"][1] == "rltransfer check-env my_robot"
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("name", ["any", "context", "simulator", "a_1"])
def test_a_name_hides_nothing_that_the_code_needs(name: str) -> None:
    plugin = Plugin(name)
    code = plugin.files()[f"rltransfer_{name}/simulator.py"]
    found: dict[str, object] = {"__name__": "made"}
    exec(compile(code, name, "exec"), found)
    assert hasattr(found[f"{plugin.title}Simulator"], "build")


@pytest.mark.parametrize(
    ("name", "near"),
    [("My-Robot", "my_robot"), ("3d", "my_3d"), ("class", "my_class"), ("", "my_family"),
     ("../up", "up"), ("ä b", "b")],
)  # fmt: skip
def test_a_name_that_cannot_be_is_refused_with_one_that_can(name: str, near: str) -> None:
    with pytest.raises(InvalidExperiment, match=f"small letters.* Try '{near}'"):
        Plugin(name)
    assert Plugin(near).name == near


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(InvalidExperiment, match="there is a family 'cartpole' already"):
        Plugin("cart_pole")


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "rltransfer-mine"
    folder.mkdir()
    with pytest.raises(InvalidExperiment, match="rltransfer-mine is there already; choose"):
        make_plugin(Plugin("mine"), tmp_path)
    assert list(folder.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="rltransfer-mine could not be written"):
        make_plugin(Plugin("mine"), tmp_path / "file")
