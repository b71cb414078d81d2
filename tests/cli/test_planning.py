import json
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STUDY = ("plan", "cartpole", "--vary", "length", "--rounds", 6)


@pytest.fixture
def reference(tmp_path):
    """A run to take rates from."""
    folder = tmp_path / "runs" / "reference"
    shutil.copytree(ROOT / "runs" / "reference" / "seed-0", folder / "seed-0")
    return folder


def test_a_plan_says_what_a_study_takes_and_writes_nothing(command, reference, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    done = command(*STUDY, "--targets", 50, "--seeds", "0-1", "--compare", "random,multi-task",
                   "--like", reference, "--workers", "4,16", "--price", 2)  # fmt: skip
    assert done.code == 0, done.err
    said = " ".join(done.out.split())
    assert "At most 26 trainings for 2 seeds, one after another, in chains of 6;" in said
    assert "3,600,000 training steps; 13,000 evaluation episodes, 6,500,000 steps" in said
    rows = [
        line.split()[:2] for line in done.out.splitlines() if line.startswith(("dask", "slurm"))
    ]
    assert rows == [["dask", "4"], ["slurm", "4"], ["dask", "16"], ["slurm", "16"]]
    assert "More than 3 workers hardly help" in said
    assert f"trainings of {reference}" in said
    assert sorted(tmp_path.rglob("*")) == before


def test_the_same_as_json(command, reference):
    done = command(*STUDY, "--like", reference, "--price", 2, "--json")
    told = json.loads(done.out)
    assert (told["policies"], told["useful"]) == (6, 1)
    low, high = told["work"]
    first = told["seats"][0]
    assert (first["backend"], first["workers"]) == ("local", 1)
    assert 0 < low <= high <= first["core_hours"][1]
    assert first["cost"] == pytest.approx([2 * hours for hours in first["core_hours"]])


def test_a_plan_of_a_file_is_the_plan_of_its_study(command, reference, tmp_path):
    file = ROOT / "runs" / "reference" / "seed-0" / "experiment.toml"
    (tmp_path / "study.toml").write_text(file.read_text().split("\n# sha256")[0])
    done = command("plan", "study.toml", "--like", reference, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["study"] == "reference"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--workers", "many"), "--workers must be numbers from 1 on, such as 16,160; got 'many'"),
        (("--workers", "0"), "--workers must be numbers from 1 on"),
        (("--like", "nowhere"), "nowhere is not a run"),
        (("--price", "-1"), "price"),
    ],
)
def test_what_cannot_be_planned_is_a_sentence(command, words, message):
    done = command(*STUDY, *words)
    assert done.code in (2, 5)
    assert message in " ".join(done.err.split())
    assert "Traceback" not in done.err
