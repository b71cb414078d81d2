import json
import signal
import subprocess
import sys
import time

import pytest


def rltransfer(*words, cwd=None, check=None):
    done = subprocess.run(
        [sys.executable, "-c", "from rltransfer.cli import main; main()", *map(str, words)],
        capture_output=True, text=True, cwd=cwd, timeout=120,
    )  # fmt: skip
    if check is not None:
        assert done.returncode == check, done.stderr + done.stdout
    return done


def test_help_lists_the_commands_and_loads_nothing_heavy():
    code = (
        "import sys; sys.argv = ['rltransfer', '--help']\n"
        "from rltransfer.cli import main\n"
        "try: main()\n"
        "except SystemExit as e: print('exit', e.code)\n"
        "heavy = {'torch', 'stable_baselines3', 'mujoco', 'libsumo', 'sklearn', 'scipy',\n"
        "         'optuna', 'pandas', 'matplotlib', 'pyarrow'} & set(sys.modules)\n"
        "print('heavy', sorted(heavy))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    for word in ("run", "resume", "report", "envs", "evaluate", "dashboard", "doctor"):
        assert word in out.stdout
    assert "heavy []" in out.stdout, out.stdout + out.stderr


def test_envs_lists_the_catalogue(command):
    data = json.loads(command("envs", "--json").out)
    ids = {env["id"] for env in data["environments"]}
    assert {"cartpole", "pendulum", "acrobot", "mountain_car", "mountain_car_continuous"} <= ids
    assert data["broken"] == {}
    assert "cartpole" in command("envs").out


def test_envs_shows_a_familys_features(command):
    out = command("envs", "cartpole").out
    assert "half the pole's length" in out
    assert "0.05…5 m" in out
    assert "inner60" in out


def test_envs_draws_a_strip(tmp_path):
    out = rltransfer("envs", "Cart-Pole", "--strip", "length", cwd=tmp_path, check=0).stdout
    assert "cartpole-length.png" in out
    assert (tmp_path / "cartpole-length.png").stat().st_size > 5000


def test_a_preset_gives_ranges_and_grid(command):
    words = ("run", "cart-pole", "--vary", "length", "--preset", "mbtl", "--dry-run", "--json")
    contexts = json.loads(command(*words).out)["experiment"]["contexts"]
    assert contexts["preset"] == "mbtl"
    assert contexts["targets"] == {"length": 100}


def test_a_dry_run_prints_the_plan_and_writes_nothing(command, tmp_path):
    words = ("run", "cartpole", "--vary", "length", "--targets", 5, "--rounds", 2, "--seeds", "0-2",
             "--compare", "random,multi-task", "--steps", 1000, "--dry-run", "--json")  # fmt: skip
    plan = json.loads(command(*words).out)
    assert plan["experiment"]["seeds"] == [0, 1, 2]
    assert plan["policies_at_most"] == 3 * (2 * 2 + 1)
    assert plan["training_steps_about"] == 3 * (2 * 2 + 2) * 1000
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "cartpol", "--vary", "length"], "did you mean 'cartpole'?"),
        (["run", "cartpole"], "--vary is needed"),
        (["run", "cartpole", "--vary", "lenght"], "did you mean 'length'?"),
        (
            ["run", "cartpole", "--vary", "length", "--rounds", "51"],
            "at most the number of sources",
        ),
        (
            ["run", "cartpole", "--vary", "length", "--rounds", "x"],
            "--rounds must be a whole number; got 'x'",
        ),
        (["run", "cartpole", "--vary", "length", "--seeds", "a-b"], "--seeds must look like"),
        (
            ["run", "cartpole", "--vary", "length", "--selector", "random", "--stop-gain", "1"],
            "'random' does not in 6 rounds",
        ),
        (["run", "cartpole", "--vary", "length", "--selector", "mtbl"], "did you mean 'mbtl'?"),
        (["run", "cartpole", "--vary", "length", "--algorithm", "SAC"], "SAC"),
        (
            ["run", "cartpole", "--vary", "length", "--trainer", "uni-o5"],
            "did you mean 'uni-o4'?",
        ),
        (
            ["run", "cartpole", "--vary", "length", "--stop", "2"],
            "training.stop must be at most 1.0; got 2.0",
        ),
        (
            ["run", "cartpole", "--vary", "length", "--trainer", "uni-o4", "--algorithm", "DQN"],
            "Use algorithm = 'PPO'",
        ),
        (["run", "cartpole", "--vary", "length", "--name", "../x"], "name must be"),
        (
            ["run", "cartpole", "--vary", "length", "--targets", "0"],
            "contexts.targets.length must be at least 2; got 0",
        ),
        (["run", "cartpole", "--vary", "length", "--seeds", ""], "--seeds must name"),
        (["run", "cartpole", "--vary", "length", "--seeds", "2-0"], "to a larger one"),
        (["run", "cartpole", "--vary", "length", "--seeds", "0-4000000000"], "1000 at most"),
        (
            ["run", "cartpole", "--vary", "length,gravity", "--targets", "999"],
            "998,001 contexts",
        ),
        (["run", "missing.toml"], "cannot be read"),
        (["run", "cartpole", "--vary", "length", "--bogus"], "--bogus"),
        (["resume", "nowhere"], "is not a run"),
        (["report", "nowhere"], "is not a run"),
        (["dashboard", "nowhere"], "is not a run"),
        (["evaluate", "nowhere"], "nowhere"),
        (["envs", "cartpol"], "did you mean 'cartpole'?"),
        (["envs", "cartpole", "--strip", "lenght"], "did you mean 'length'?"),
        (["envs", "--strip", "length"], "a picture needs a family"),
        (["envs", "cartpole", "--out", "a.png"], "--out a.png needs --strip"),
        (["run", "cartpole", "--vary", "length", "--preset", "mbtll"], "did you mean 'mbtl'?"),
        (["rnu"], "rnu"),
    ],
)
def test_wrong_words_are_one_sentence_and_write_nothing(command, tmp_path, words, message):
    done = command(*words)
    assert done.code in (2, 5)
    assert message in done.err.replace("\n", " ")
    assert "Traceback" not in done.err + done.out
    assert list(tmp_path.iterdir()) == []


def test_options_change_only_what_they_name(command, tmp_path):
    study = tmp_path / "study.toml"
    study.write_text(
        'name = "mine"\nenv = "cartpole"\n[contexts]\nvary = ["gravity"]\n'
        "targets = { gravity = 5 }\n[selection]\nrounds = 2\n"
    )
    words = ("run", study, "--vary", "length", "--targets", 4, "--dry-run", "--json")
    plan = json.loads(command(*words).out)["experiment"]
    assert plan["selection"]["rounds"] == 2
    assert plan["contexts"]["targets"] == {"length": 4}
    assert plan["name"] == "mine"


def test_a_trainer_and_a_stop_are_put_into_the_plan(command):
    words = ("run", "cartpole", "--vary", "length", "--trainer", "warm-start-ppo", "--stop", 0.9)
    plan = json.loads(command(*words, "--dry-run", "--json").out)
    training = plan["experiment"]["training"]
    assert (training["recipe"], training["stop"]) == ("warm-start-ppo", 0.9)
    out = command(*words, "--dry-run").out
    assert "fewer where trainings end early" in out.replace("\n", " ")


def test_a_stop_gain_is_put_into_the_plan(command):
    words = ("run", "cartpole", "--vary", "length", "--stop-gain", 2.5, "--dry-run")
    plan = json.loads(command(*words, "--json").out)
    assert plan["experiment"]["selection"]["stop_gain"] == 2.5
    out = command(*words).out
    assert "fewer where the study ends early" in out.replace("\n", " ")


def test_no_words_show_the_help(command):
    done = command()
    assert "Usage" in done.out + done.err
    assert "rltransfer: ." not in done.err


def test_output_that_cannot_be_written_is_a_sentence():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", "from rltransfer.cli import main; main()", "envs", "--json"],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 5
    assert "could not be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_errors_are_json_too(tmp_path):
    done = rltransfer("run", "cartpol", "--vary", "length", "--json", cwd=tmp_path, check=2)
    assert "did you mean" in json.loads(done.stdout)["error"]


TINY = ("cartpole", "--vary", "length", "--targets", "4", "--rounds", "2", "--steps", "2048",
        "--episodes", "2")  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    done = rltransfer("run", *TINY, "--compare", "random", "--jobs", 2, cwd=folder, check=0)
    return folder, done.stdout


def test_a_run_ends_with_a_summary_and_a_report(finished):
    folder, out = finished
    assert "Report:" in out
    run = folder / "runs" / "cartpole-length" / "seed-0"
    for name in ("experiment.toml", "provenance.json", "study.journal", "returns.parquet",
                 "gaps.parquet", "gaps.csv"):  # fmt: skip
        assert (run / name).is_file(), name
    assert (folder / "runs" / "cartpole-length" / "report.html").is_file()


def test_a_finished_run_opened_again_is_left_as_it_is(finished):
    folder, _ = finished
    files = [path for path in (folder / "runs").rglob("*") if path.is_file()]
    before = {path: path.stat().st_mtime_ns for path in files}
    out = rltransfer("resume", "runs/cartpole-length", cwd=folder, check=0).stdout
    assert "is finished; nothing to do" in out
    assert {p: p.stat().st_mtime_ns for p in before} == before


def test_another_experiment_of_the_same_name_is_refused(finished):
    folder, _ = finished
    done = rltransfer("run", *TINY[:-1], "3", "--compare", "random", cwd=folder, check=2)
    assert "evaluation.episodes was 2 and is now 3" in done.stderr.replace("\n", " ")


def test_evaluate_prints_returns_over_a_grid(finished):
    folder, _ = finished
    policy = "runs/cartpole-length/seed-0/sources/00"
    words = ("evaluate", policy, "--vary", "length", "--targets", 3, "--episodes", 2, "--json")
    data = json.loads(rltransfer(*words, cwd=folder, check=0).stdout)
    assert [r["context"]["length"] for r in data["results"]] == [0.05, pytest.approx(0.5), 5.0]
    assert "Mean over 3 contexts" in rltransfer(*words[:-1], cwd=folder, check=0).stdout
    varied = json.loads(rltransfer("evaluate", policy, "--json", cwd=folder, check=0).stdout)
    assert {len(set(r["context"])) for r in varied["results"]} == {6}
    assert len({r["context"]["length"] for r in varied["results"]}) == 20
    wrong = rltransfer("evaluate", policy, "--env", "pendulum", "--vary", "mass", cwd=folder)
    assert wrong.returncode == 2
    assert "expects 4 observations" in wrong.stderr.replace("\n", " ")


def test_report_as_json(finished):
    folder, _ = finished
    data = json.loads(rltransfer("report", "runs/cartpole-length", "--json", cwd=folder).stdout)
    assert data["report"].endswith("report.html")


def test_doctor_is_healthy(tmp_path):
    data = json.loads(rltransfer("doctor", "--json", cwd=tmp_path, check=0).stdout)
    assert data["healthy"] is True
    assert data["environments"]["cartpole"]["steps_per_second"] > 0


def gone_within(seconds, session):
    """Say whether all processes of a session are gone in time; workers have their own groups."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        listed = subprocess.run(["ps", "-eo", "sid=,stat="], capture_output=True, text=True).stdout
        living = [line.split() for line in listed.splitlines()]
        if not any(int(sid) == session and stat[0] != "Z" for sid, stat in living):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_says_how_to_go_on_and_leaves_no_worker(tmp_path, sign, code):
    words = ["run", *TINY[:8], "200000", "--jobs", "1"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from rltransfer.cli import main; main()", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("runs/*/*/study.journal")) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)
    process.send_signal(sign)
    out, err = process.communicate(timeout=20)
    assert process.returncode == code, err
    assert "rltransfer resume" in out
    assert "Traceback" not in err
    assert gone_within(5.0, process.pid)
