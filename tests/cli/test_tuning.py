"""`rltransfer tune` as people type it: a small real tuning, and words that are refused."""

import json
import re
import tomllib

import pytest

SMALL = ("--contexts", 2, "--trials", 2, "--seeds", 1, "--steps", 1024, "--episodes", 2)


@pytest.fixture
def tuned(command):
    """A finished tuning of two trials; the last is trained as it is in a study."""
    done = command("tune", "cartpole", "--vary", "length", *SMALL, "--quiet")
    assert done.code == 0, done.err
    return done


def test_tuning_trains_again_to_the_same_and_is_used_by_a_run(command, tuned, tmp_path):
    folder = tmp_path / "tuning" / "cartpole-length-ppo"
    assert "With seeds that no trial has seen" in tuned.out
    assert "2 of 2 trials complete" in tuned.out
    best = tomllib.loads((folder / "best.toml").read_text())["training"]
    for page in ("report.html", "trials.csv", "study.journal", "tuning.toml"):
        assert (folder / page).is_file()
    page = (folder / "report.html").read_text()
    assert "With seeds that no trial has seen" in page
    assert "Score of each trial in each context" in page
    assert "<script src" not in page  # it is complete in itself

    again = json.loads(command("tune", folder, "--again", 1, "--json").out)
    assert again["equal"] is True
    assert len(again["returns"]) == 2

    words = ("run", "cartpole", "--vary", "length", "--training", folder / "best.toml")
    plan = json.loads(command(*words, "--dry-run", "--json").out)
    said = plan["experiment"]["training"]
    assert said["hyperparameters"] == best["hyperparameters"]
    assert (said["algorithm"], said["steps"]) == ("PPO", 1024)

    unchanged = json.loads(command("tune", folder, "--json").out)
    assert [trial["trial"] for trial in unchanged["trials"]] == [0, 1]
    refused = command("tune", folder, "--again", 7)
    assert refused.code == 2
    assert "has 2 finished trials, numbered from 0; --again 7 is none of them" in refused.err


def test_a_plan_costs_nothing(command, tmp_path):
    done = command("tune", "pendulum", "--vary", "mass,length", "--contexts", 3, "--dry-run")
    assert done.code == 0, done.err
    assert "Every trial trains 2 times in each of" in done.out
    assert "[space.learning_rate]" in done.out
    assert not list(tmp_path.iterdir())


def test_own_ranges(command, tmp_path):
    (tmp_path / "space.toml").write_text(
        "[learning_rate]\nrange = [1e-4, 1e-2]\nscale = 'log'\nfalling = true\n"
        "[policy_kwargs.net_arch]\nchoices = [[32], [64]]\n"
    )
    done = command("tune", "cartpole", "--vary", "length", "--space", "space.toml",
                   "--dry-run", "--json")  # fmt: skip
    space = json.loads(done.out)["tuning"]["space"]
    assert set(space) == {"learning_rate", "policy_kwargs.net_arch"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cartpole"], "--vary is needed"),
        (["cartpol", "--vary", "length"], "did you mean 'cartpole'"),
        (["cartpole", "--vary", "lenght"], "did you mean 'length'"),
        (["cartpole", "--vary", "length", "--algorithm", "ppoo"], "did you mean 'PPO'"),
        (["cartpole", "--vary", "length", "--algorithm", "sac"], "cannot choose discrete actions"),
        (["cartpole", "--vary", "length", "--pruner", "best"], "'hyperband' or 'none'; got 'best'"),
        (["cartpole", "--vary", "length", "--worst", "0"], "worst must be more than 0"),
        (["cartpole", "--vary", "length", "--preset", "no"], "no"),
        (["cartpole", "--vary", "length", "--space", "gone.toml"], "gone.toml cannot be read"),
        (["gone.toml"], "gone.toml cannot be read"),
        (["."], "is not a tuning: it has no tuning.toml"),
        (["cartpole", "--vary", "length", "--trials", "1", "--storage", "nonsense"],
         "a database's URL looks like sqlite"),
        (["cartpole", "--vary", "length", "--trials", "1", "--storage", "oracle+x://u:geheim@h/d"],
         r"u:\*\*\*@h"),
        (["cartpole", "--vary", "length", "--trials", "1", "--storage", "postgresql://u@h/d"],
         "needs a database driver that is not installed|cannot be used"),
        (["cartpole", "--vary", "length", "--trials", "1", "--storage", "sqlite:////no/way.db"],
         "cannot be used"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_a_sentence(command, words, message, tmp_path):
    done = command("tune", *words)
    assert done.code in (2, 5)
    assert re.search(message, done.err), done.err
    assert "Traceback" not in done.err
    assert "geheim" not in done.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[learning_rate]\nrange = [1, 2]\nscale = 'cubic'\n", "space.learning_rate.scale"),
        ("[learning_rat]\nrange = [1, 2]\n", "did you mean 'learning_rate'"),
        ("[gamma]\nrange = [0.5, 1.5]\n", "PPO's gamma must be a number from 0 to 1"),
        ("gamma = 0.9\n", "space.gamma"),
        ("[gamma", "is not TOML"),
        ("", "space"),
        (
            "[n_steps]\nrange = [512, 65536]\nscale = 'power-of-2'\n",
            "up to rollouts of 1,048,576 steps in 16",
        ),
    ],
)
def test_ranges_that_cannot_be(command, tmp_path, text, message):
    (tmp_path / "space.toml").write_text(text)
    done = command("tune", "cartpole", "--vary", "length", "--space", "space.toml", "--dry-run")
    assert done.code == 2
    assert message in done.err, done.err


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "got nothing"), ("training = 3\n", r"must hold a \[training] table"), ("[x", "TOML")],
)
def test_a_training_file_that_is_none(command, tmp_path, text, message):
    (tmp_path / "best.toml").write_text(text)
    done = command("run", "cartpole", "--vary", "length", "--training", "best.toml", "--dry-run")
    assert done.code == 2
    assert re.search(message, done.err), done.err
