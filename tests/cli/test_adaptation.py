import json

import pytest

from rltransfer.files import open_json

STUDY = ("run", "cartpole", "--vary", "length", "--targets", 4, "--rounds", 2, "--steps", 1000,
         "--episodes", 2, "--seeds", "0-1", "--name", "study", "--quiet")  # fmt: skip
ADAPT = ("adapt", "runs/study", "--context", "length=0.93", "--steps", 2000, "--looks", 4)


@pytest.mark.slow
def test_a_policy_is_adapted_and_its_head_start_is_told(command, tmp_path):
    assert command(*STUDY).code == 0
    done = command(*ADAPT, "--out", "out")
    assert done.code == 0, done.err
    for word in ("jump-start", "steps to", "asymptote", "area ratio", "warm-start-ppo",
                 "from-scratch", "selection steps", "runs/study has 2 seeds; this is seed-0",
                 "uni-o4 learns from recorded transitions"):  # fmt: skip
        assert word in done.out
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} == {
        "adaptation.json", "adaptation.svg", "adaptation.png", "arms",
    }  # fmt: skip
    said = open_json((out / "adaptation.json").read_bytes())
    assert list(said["arms"]) == ["warm-start-ppo", "from-scratch"]
    starts = [arm["curve"][0][0] for arm in said["arms"].values()]
    assert starts == [0, 0]
    again = command(*ADAPT, "--out", "out", "--json")
    assert json.loads(again.out) == {"folder": "out", **said}

    missing = command(*ADAPT[:-1], 8, "--out", "out")
    assert missing.code == 2
    assert "its looks was 4 and is now 8" in missing.err


@pytest.mark.parametrize(
    ("path", "words"),
    [("runs/none", "is not a run"), (".", "is not a run")],
)
def test_a_folder_that_is_no_run_is_refused(command, tmp_path, path, words):
    done = command("adapt", path, "--context", "length=0.5")
    assert done.code == 2
    assert words in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_target_is_needed(command):
    done = command("adapt", "runs/none")
    assert done.code == 2
    assert "--context" in done.err
