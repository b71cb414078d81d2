import json
import os
import signal
import subprocess
import sys
import time

import pytest

from rltransfer.cli.training import facts
from rltransfer.data import DatasetInfo, UniformRandom, collect, write_dataset
from rltransfer.data.info import ContextRecord
from rltransfer.envs import make
from rltransfer.training.policy import Policy

SMALL = ("train", "cartpole", "--context", "length=0.7", "--steps", 1500)


def test_a_policy_is_trained_told_of_and_left_alone_the_second_time(command, tmp_path):
    done = command(*SMALL)
    assert done.code == 0, done.err
    folder = tmp_path / "policies/cartpole-from-scratch-0"
    assert Policy.load(folder).spec.context["length"] == 0.7
    assert "PPO" in done.out
    assert "Return over 20 episodes" in done.out
    assert "rltransfer evaluate policies/cartpole-from-scratch-0 --vary length" in done.out
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    again = command(*SMALL)
    assert again.code == 0
    assert "is finished; nothing to do" in again.out
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert [path.name for path in (tmp_path / "policies").iterdir()] == [folder.name]

    other = command(*SMALL[:-1], 3000)
    assert other.code == 2
    assert "its steps was 1500 and is now 3000" in other.err

    evaluated = command("evaluate", folder, "--vary", "length", "--targets", 3, "--json")
    assert len(json.loads(evaluated.out)["results"]) == 3

    warm = ("train", "cartpole", "--trainer", "warm-start-ppo", "--from", folder, "--steps", 1000)
    said = json.loads(command(*warm, "--out", "warm", "--record", 50, "--json").out)
    assert said["folder"] == "warm"
    assert [stage["name"] for stage in said["stages"]] == ["fine-tuning"]
    assert (tmp_path / "warm/transitions.safetensors").is_file()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("cartpole", "--trainer", "unio4"), "did you mean 'uni-o4'"),
        (("cartpole", "--trainer", "uni-o4"), "Give --dataset or --from"),
        (("cartpole", "--context", "length=99"), "must lie in"),
        (("cartpole", "--context", "length"), "--context must look like"),
        (("cartpole", "--dataset", "no/such-v0"), "cannot use recorded data"),
        (("cartpole", "--trainer", "uni-o4", "--dataset", "no/such-v0"), "there is no dataset"),
        (("cartpole", "--trainer", "warm-start-ppo", "--from", "nowhere"), "nowhere is no policy"),
        (("nowhere",), "unknown environment"),
    ],
)
def test_wrong_words_are_sentences_and_write_nothing(command, tmp_path, words, sentence):
    done = command("train", *words, "--root", tmp_path / "data")
    assert done.code == 2
    assert sentence in done.err
    assert "Traceback" not in done.err
    assert list(tmp_path.iterdir()) == []


def test_data_of_another_family_are_refused(command, tmp_path):
    family = make("pendulum")
    context = family.space.default
    actions = family.batch([context]).action_space
    data = collect(family, [context], UniformRandom(actions), 300, seed=0)
    info = DatasetInfo(
        env="pendulum", quality="random", contexts=(ContextRecord(context=dict(context)),)
    )
    root = tmp_path / "data"
    write_dataset("toys/random-v0", data, info, family, root)
    words = ("--trainer", "uni-o4", "--dataset", "toys/random-v0", "--root", root)
    done = command("train", "cartpole", *words)
    assert done.code == 2
    assert "is of the family 'pendulum'" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_findings_are_told_in_a_line():
    told = facts({"steps": 9, "loss": 0.123456, "kept": True, "curve": [1, 2], "by": "AM-Q"})
    assert told == "loss 0.1235, kept yes, by AM-Q"


@pytest.mark.slow
def test_a_killed_training_comes_to_the_same_policy(tmp_path):
    words = ["train", "cartpole", "--steps", "1500", "--seed", "1", "--out"]
    call = [sys.executable, "-c", "from rltransfer.cli import main; main()", *words]
    subprocess.run([*call, "whole"], cwd=tmp_path, check=True, capture_output=True)
    killed = subprocess.Popen([*call, "p"], cwd=tmp_path, stdout=subprocess.DEVNULL)
    while not (tmp_path / "p.working/training.json").exists():
        time.sleep(0.05)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert not (tmp_path / "p").exists()
    subprocess.run([*call, "p"], cwd=tmp_path, check=True, capture_output=True)
    same = "policy.safetensors"
    assert (tmp_path / "p" / same).read_bytes() == (tmp_path / "whole" / same).read_bytes()
