"""`rltransfer gap`, and `rltransfer evaluate` on archives of Stable-Baselines3."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.numpy import load_file

import rltransfer
from rltransfer.files import open_json

REFERENCE = Path(__file__).parents[2] / "runs" / "reference"
SOURCE = REFERENCE / "seed-0" / "sources" / "00"
SMALL = ("--vary", "length", "--targets", 4, "--episodes", 2)
FIGURES = {"contexts", "parts", "distance", "profiles", "comparison-1", "comparison-2",
           "comparison-3", "comparison-4"}  # fmt: skip


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """What Stable-Baselines3 would save of a policy of the reference run."""
    from stable_baselines3 import PPO

    path = tmp_path_factory.mktemp("archive") / "agent.zip"
    agent = PPO("MlpPolicy", "CartPole-v1", device="cpu", policy_kwargs=architecture())
    weights = load_file(SOURCE / "policy.safetensors")
    agent.policy.load_state_dict({k: torch.tensor(v) for k, v in weights.items()})
    agent.save(path)
    return path


def architecture():
    spec = rltransfer.Policy.load(SOURCE).spec.network
    return {"net_arch": {"pi": list(spec.actor), "vf": list(spec.critic)}}


def test_a_run_makes_a_table_a_page_and_files(command, tmp_path):
    shutil.copytree(REFERENCE, tmp_path / "runs" / "reference")
    done = command("gap", "runs/reference")
    assert done.code == 0, done.err
    for word in ("mbtl", "random", "equidistant", "multi-task", "train/held-out gap", "worst 10",
                 "matrix-gp against", "over trainings", "With 3 trainings", "length above training",
                 "gaps' variance", "Page: gaps/reference/gap.html"):  # fmt: skip
        assert word in done.out
    folder = tmp_path / "gaps" / "reference"
    assert {path.name for path in folder.iterdir()} == {
        "gap.html", "gap.json", "contexts.csv", "contexts.parquet", "policies.csv", "figures",
    }  # fmt: skip
    drawn = {path.name for path in (folder / "figures").iterdir()}
    assert drawn == {f"{name}.{kind}" for name in FIGURES for kind in ("svg", "png")}


def test_two_policies_are_compared_on_a_split(command, tmp_path):
    other = SOURCE.parent / "01"
    words = ("--split", "inner60", "--vary", "length", "--targets", 5, "--episodes", 2)
    done = command("gap", SOURCE, other, *words, "--out", "out", "--json")
    assert done.code == 0, done.err
    printed = json.loads(done.out)
    assert printed.pop("folder") == "out"
    assert printed == open_json((tmp_path / "out" / "gap.json").read_bytes())
    assert printed["split"] == "inner60"
    assert [method["name"] for method in printed["methods"]] == ["00", "01"]
    assert {part["name"] for part in printed["methods"][0]["parts"]} == {
        "train", "interpolation", "extrapolation", "held-out",
    }  # fmt: skip
    (comparison,) = printed["comparisons"]
    assert comparison["paired"]
    assert comparison["trainings_p"] is None


def test_an_archive_acts_as_the_policy_that_it_was_saved_from(command, archive):
    words = ("--env", "cartpole", *SMALL, "--json")
    ours = json.loads(command("evaluate", SOURCE, *words).out)
    theirs = command("evaluate", archive, *words)
    assert theirs.code == 0, theirs.err
    assert json.loads(theirs.out)["results"] == ours["results"]
    named = command("evaluate", archive, *words, "--algorithm", "A2C")
    assert json.loads(named.out)["results"] == ours["results"]


def test_an_archive_has_gaps_once_its_context_is_told(archive):
    home = rltransfer.Policy.load(SOURCE).spec.context
    asked = {"env": "cartpole", "vary": ("length",), "targets": 4, "episodes": 2}
    (theirs,) = rltransfer.gap(
        archive, rltransfer.GapSpec(**asked, train_contexts=(home,))
    ).findings
    (ours,) = rltransfer.gap(SOURCE, rltransfer.GapSpec(**asked)).findings
    assert theirs.gap == ours.gap
    (untold,) = rltransfer.gap(archive, rltransfer.GapSpec(**asked)).findings
    assert untold.gap is None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere"], "nowhere holds no policy"),
        ([SOURCE, SOURCE], "given twice"),
        ([SOURCE, "--vary", "lenth"], "did you mean 'length'?"),
        ([SOURCE, "--split", "inner6"], "did you mean 'inner60'?"),
        ([SOURCE, "--train-contexts", "length"], "--train-contexts must look like"),
        ([SOURCE, "--train-contexts", "length=99"], "must lie in 0.05…5 m; got 99"),
        ([SOURCE, "--env", "pendulum", "--vary", "mass"], "pendulum gives 3"),
        ([SOURCE, "--worst", 2], "--worst"),
        ([], "POLICY… is missing"),
    ],
)
def test_bad_input_is_a_sentence_and_nothing_is_written(command, tmp_path, words, sentence):
    done = command("gap", *words)
    assert done.code == 2
    assert sentence in done.err
    assert "Traceback" not in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "words", "sentence"),
    [
        (b"PK nothing", ["--env", "cartpole"], "cannot be read as a Stable-Baselines3 zip"),
        (None, [], "name it with --env"),
        (None, ["--env", "pendulum"], "is no PPO policy for pendulum"),
        (None, ["--env", "cartpole", "--algorithm", "DQN"], "is no DQN policy for cartpole"),
        (None, ["--env", "cartpole", "--algorithm", "P"], "PPO"),
    ],
)
def test_an_archive_that_does_not_fit_is_refused(command, archive, tmp_path, data, words, sentence):
    path = archive
    if data is not None:
        path = tmp_path / "bad.zip"
        path.write_bytes(data)
    done = command("evaluate", path, "--vary", "mass" if "pendulum" in words else "length", *words)
    assert done.code == 2
    assert sentence in done.err
