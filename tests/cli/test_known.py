"""`--known`: a study begins with policies from elsewhere, or says what is wrong with them."""

import json

import numpy as np
import pytest

import rltransfer
from rltransfer.training import TrainingProblem
from rltransfer.training.offline.fresh import fresh_policy, spec_for
from rltransfer.training.policy_spec import NetworkSpec

STUDY = ("run", "cartpole", "--vary", "length", "--targets", "5", "--rounds", "1",
         "--steps", "600", "--episodes", "2")  # fmt: skip


def saved(folder, env):
    family = rltransfer.make(env)
    network = NetworkSpec(actor=(8,), critic=(8,), activation="tanh")
    spec = spec_for(TrainingProblem(family, [{}]), network, None)
    fresh_policy(spec, np.random.default_rng(0)).save(folder)


def test_a_plan_names_the_policies_and_counts_their_episodes(command, tmp_path):
    saved(tmp_path / "mine", "cartpole")
    plan = json.loads(command(*STUDY, "--known", "mine", "--dry-run", "--json").out)
    (known,) = plan["experiment"]["known"]
    assert known["name"] == "mine"
    assert len(known["digest"]) == 16
    assert plan["policies_at_most"] == 1
    assert plan["episodes_at_most"] == 2 * 5 * 2


def test_the_conclusion_says_what_they_serve(command, tmp_path):
    saved(tmp_path / "mine", "cartpole")
    done = command(*STUDY, "--known", "mine", "--json")
    (known,) = json.loads(done.out)["known"]
    assert done.code == 0
    assert 0.0 <= known["served"] <= 1.0
    assert known["context"]["length"] == 0.5
    page = (tmp_path / "runs" / "cartpole-length" / "report.html").read_text()
    assert "Policies from elsewhere" in page
    assert "mine serves" in command("report", "runs/cartpole-length").out.replace("\n", " ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--known", "nowhere"), "nowhere holds no policy: a known policy is a folder with"),
        (("--known", "other"), "other holds a policy of acrobot, and this study is of cartpole"),
        (
            ("--known", "mine", "--selector", "mbtl"),
            "selector 'mbtl' can learn from sources of its own choice only",
        ),
    ],
)
def test_what_cannot_be_used_is_a_sentence_and_nothing_is_written(
    command, tmp_path, words, message
):
    saved(tmp_path / "mine", "cartpole")
    saved(tmp_path / "other", "acrobot")
    for extra in ((), ("--dry-run",)):
        done = command(*STUDY, *words, *extra)
        assert done.code == 2
        assert message in " ".join(done.err.split())
    assert not (tmp_path / "runs").exists()
