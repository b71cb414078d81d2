"""Libraries that are not installed: each a sentence with the command that installs it."""

import sys
from importlib.metadata import metadata

import pytest

from rltransfer.cli import health
from rltransfer.cli.libraries import EXTRAS, missing_library

VARY = ("--vary", "gravity", "--targets", 2, "--rounds", 1)


@pytest.mark.parametrize(
    ("module", "words", "sentence"),
    [
        ("optuna_dashboard", ("dashboard", "studies.db"), "pip install optuna-dashboard."),
        ("minari", ("dataset", "record", "cartpole"), "rltransfer[offline]"),
        ("Box2D", ("run", "lunar_lander", *VARY), "rltransfer[box2d]"),
        ("libsumo", ("run", "traffic_signal", "--vary", "inflow"), "rltransfer[traffic]"),
        ("submitit", ("run", "cartpole", *VARY, "--backend", "slurm", "--jobs", 2),
         "rltransfer[cluster]"),
    ],
)  # fmt: skip
def test_what_is_not_installed_is_named_with_its_extra(
    command, monkeypatch, tmp_path, module, words, sentence
):
    import optuna

    optuna.create_study(storage=f"sqlite:///{tmp_path / 'studies.db'}")
    monkeypatch.setitem(sys.modules, module, None)
    done = command(*words)
    assert done.code == 2
    assert sentence in done.err
    assert "experiment:" not in done.err


def test_a_missing_part_of_ours_is_a_fault_of_ours():
    assert missing_library(ModuleNotFoundError("no", name="rltransfer.nothing")) is None
    assert missing_library(ValueError("no")) is None


def test_a_library_behind_an_error_is_found():
    error = RuntimeError("cannot draw")
    error.__cause__ = ModuleNotFoundError("no", name="h5py.h5")
    assert "'h5py', which is not installed: pip install 'rltransfer[offline]'" in str(
        missing_library(error)
    )


def test_the_extras_are_those_of_the_package():
    known = set(metadata("rltransfer").get_all("Provides-Extra") or ())
    assert {extra.name for extra in EXTRAS} == known - {"all", "dev"}


@pytest.mark.parametrize(
    ("absent", "sentence"),
    [
        (set(), "healthy: everything is installed and works."),
        (
            {"Box2D", "tensorboard"},
            "healthy: all that is installed works. Optional, not installed: box2d (lunar_lander "
            "and bipedal_walker), track (logs for TensorBoard). "
            "pip install 'rltransfer[box2d,track]'",
        ),
        ({"torch"}, "not healthy: see what is missing or failed above."),
    ],
)
def test_the_doctors_last_line_says_what_is_missing(command, monkeypatch, absent, sentence):
    monkeypatch.setattr(health, "installed", lambda name: None if name in absent else "1.0")
    monkeypatch.setattr(health, "check", lambda env: {"steps_per_second": 1})
    done = command("doctor")
    assert done.code == ("torch" in absent)
    assert done.out.strip().endswith(sentence)
