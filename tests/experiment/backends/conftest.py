"""Studies on whatever backend, and what must be equal in their runs."""

import json

import pytest

from rltransfer.experiment.spec import Experiment

TIMES = {"seconds", "started", "finished"}


@pytest.fixture
def small_study():
    """Four trainings of seconds, two at a time."""
    return Experiment.of(
        "cartpole", vary=["length"], targets=9, rounds=2, evaluation={"episodes": 2},
        selection={"compare": ["random"]}, training={"steps": 4096},
    )  # fmt: skip


def timeless(told):
    """Return plain data without times."""
    if isinstance(told, dict):
        return {key: timeless(value) for key, value in told.items() if key not in TIMES}
    return [timeless(value) for value in told] if isinstance(told, list) else told


def contents(run):
    """Return every byte of a run's results but times, sources by key: their order may differ."""
    files = {path.name: path.read_bytes() for path in run.path.glob("*.csv")}
    files["experiment.toml"] = run.experiment_file.read_bytes()
    for folder in run.source_folders():
        result = json.loads((folder / "result.json").read_text())
        files[result["key"]] = timeless(result)
        for path in folder.iterdir():
            if path.name not in ("result.json", "MANIFEST.json"):
                files[result["key"], path.name] = path.read_bytes()
    return files


@pytest.fixture
def same():
    """Compare two runs byte for byte."""

    def compare(one, other):
        left, right = contents(one), contents(other)
        assert left.keys() == right.keys()
        for name, value in left.items():
            assert value == right[name], name

    return compare
