"""`rltransfer select`: any selector on any matrix, whatever file it comes in."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rltransfer.selection import DEFAULT_SELECTOR, MBTL, SELECTORS, RandomSelector, replay
from rltransfer.selection.playback import play_back
from rltransfer.testing.toys import LinearGapToy
from rltransfer.transfer.files import read_matrix

TOY = LinearGapToy.wavy(size=12, level=100.0, slope=80.0)
U = np.linspace(0.0, 1.0, 12)
REFERENCE = Path(__file__).parents[2] / "runs" / "reference" / "seed-0"


def long_frame(J, X, Y):
    """A row per cell of J, sources slowest; X (n, d) and Y (m, d)."""
    n, m = J.shape
    source = {f"source.x{j}": np.repeat(X[:, j], m) for j in range(X.shape[1])}
    target = {f"target.x{j}": np.tile(Y[:, j], n) for j in range(Y.shape[1])}
    return pd.DataFrame({**source, **target, "return": J.ravel()})


@pytest.fixture
def toy(tmp_path):
    np.savez(tmp_path / "toy.npz", J=TOY.truth, sources=U, names=["position"])
    return "toy.npz"


@pytest.fixture
def plane(tmp_path):
    """Two features: the literal MBTL cannot run."""
    x, y = np.meshgrid([0.0, 1.0, 2.0], [1.0, 2.0])
    X = np.stack([x.ravel(), y.ravel()], axis=1)
    J = -np.abs(X[:, None] - X).sum(axis=2)
    long_frame(J, X, X).to_csv(tmp_path / "plane.csv", index=False)
    return "plane.csv"


def ran(command, *words):
    done = command("select", *words)
    assert done.code == 0, done.err
    return done


@pytest.mark.parametrize(("name", "selector"), [("mbtl", MBTL()), ("random", RandomSelector(3))])
def test_the_picks_are_those_of_the_replayed_table(command, toy, name, selector):
    words = ("--matrix", toy, "--selector", name, "--budget", 4, "--seed", 3, "--json")
    said = json.loads(ran(command, *words).out)
    expected = replay(selector, TOY.truth, TOY.space, TOY.contexts, TOY.contexts, 4)
    assert list(said) == ["picks", "V", "seconds_per_decision"]
    assert said["picks"] == list(expected.trained)
    np.testing.assert_allclose(said["V"], expected.coverage_curve())
    assert 0.0 <= said["seconds_per_decision"] < 1.0


def test_without_a_name_the_default_runs(command, toy):
    one = ran(command, "--matrix", toy, "--budget", 3, "--json").out
    two = ran(command, "--matrix", toy, "--budget", 3, "--selector", DEFAULT_SELECTOR, "--json").out
    assert json.loads(one)["picks"] == json.loads(two)["picks"]


def test_people_read_each_pick_its_reason_and_its_worth(command, toy):
    said = " ".join(ran(command, "--matrix", toy, "--budget", 3, "--selector", "mbtl").out.split())
    expected = replay(MBTL(), TOY.truth, TOY.space, TOY.contexts, TOY.contexts, 3)
    for words in ("nothing is trained", f"V after 3: {expected.coverage:.4g};", "greedy oracle",
                  "mean of 100 seeds"):  # fmt: skip
        assert words in said
    assert f"position={expected.sources[expected.trained[0]]['position']:.6g}" in said


def test_all_compares_every_selector_and_tells_why_one_cannot_run(command, plane):
    words = ("--matrix", plane, "--selector", "all", "--budget", 3)
    said = json.loads(ran(command, *words, "--json").out)
    assert list(said) == ["selectors", "random", "oracle"]
    assert set(said["selectors"]) == set(SELECTORS)
    assert "exactly one feature" in said["selectors"]["mbtl-literal"]["error"]
    mean = {name: np.mean(said[name]["V"]) for name in ("random", "oracle")}
    for found in said["selectors"].values():
        if "error" not in found:
            lead = np.mean(found["V"]) - mean["random"]
            assert found["score"] == pytest.approx(lead / (mean["oracle"] - mean["random"]))
    shown = ran(command, *words).out
    assert "mbtl-literal cannot run here" in shown
    assert "greedy oracle" in shown


def test_the_literal_selector_runs_on_a_line_with_its_score_bounds(command, toy):
    words = ("--matrix", toy, "--selector", "mbtl-literal", "--budget", 4, "--json")
    by_range = json.loads(ran(command, *words).out)["picks"]
    low, high = TOY.truth.min(), TOY.truth.max()
    by_hand = json.loads(ran(command, *words, "--score", low, high).out)["picks"]
    assert by_hand == by_range
    assert len(set(by_range)) == 4
    swapped = command("select", *words, "--score", high, low)
    assert swapped.code == 2
    assert "low < high" in swapped.err


def test_a_run_of_ours_is_a_matrix(command):
    said = json.loads(ran(command, "--matrix", REFERENCE, "--budget", 5, "--json").out)
    frame = pd.read_parquet(REFERENCE / "returns.parquet")
    J = frame.groupby(["source.length", "target.length"], sort=False)["return"].mean().unstack()
    J = J.loc[frame["source.length"].unique()].to_numpy()
    V = np.maximum.accumulate(J[said["picks"]], axis=0).mean(axis=1)
    np.testing.assert_allclose(said["V"], V)
    assert read_matrix(REFERENCE).untrained.space["length"].scale == "log"


def test_the_help_names_the_default_selector(command):
    assert f"[default: ({DEFAULT_SELECTOR})]" in command("select", "--help").out


def test_scales_and_dropped_features_are_told(command, tmp_path):
    X = np.stack([np.geomspace(1.0, 100.0, 9), np.full(9, 9.8)], axis=1)
    J = -np.abs(np.log(X[:, :1] / X[:, 0]))
    np.savez(tmp_path / "m.npz", J=J, sources=X, names=["length", "gravity"])
    words = ("--matrix", "m.npz", "--budget", 1, "--selector", "mbtl", "--json")
    found = ran(command, *words)
    assert "feature 'gravity' is 9.8 everywhere" in found.err
    assert json.loads(found.out)["picks"] == [4]  # the middle of the logarithm
    linear = ran(command, *words, "--linear", "length")
    assert json.loads(linear.out)["picks"] == [7]  # 56 is nearest to 50.5
    both = command("select", *words, "--linear", "length", "--log", "length")
    assert "named by --log and by --linear" in both.err


def test_picks_and_curves_can_be_kept(command, toy, tmp_path):
    words = ("--matrix", toy, "--budget", 3, "--selector", "all", "--json")
    said = json.loads(ran(command, *words, "--out", "out/t.csv", "--plot", "out/p.svg").out)
    ran(command, *words, "--plot", "out/p.png")
    with (tmp_path / "out/t.csv").open() as file:
        rows = list(csv.DictReader(file))
    for name, found in {**said["selectors"], "greedy oracle": said["oracle"]}.items():
        own = [row for row in rows if row["selector"] == name]
        assert [int(row["pick"]) for row in own] == found["picks"]
        assert [float(row["V"]) for row in own] == found["V"]
    assert [float(r["V"]) for r in rows if r["selector"] == "random, mean"] == said["random"]["V"]
    assert (tmp_path / "out/p.svg").read_text().startswith("<?xml")
    assert (tmp_path / "out/p.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--matrix", "none.npz"], "none.npz does not exist"),
        (["--matrix", "."], "returns.parquet does not exist"),
        (["--matrix", "text.npz"], "text.npz is no NPZ archive"),
        (["--matrix", "text.md"], "is no transfer matrix by its name"),
        (["--matrix", "toy.npz", "--selector", "mbtll"], "did you mean 'mbtl'"),
        (["--matrix", "toy.npz", "--budget", "0"], "between 1 and 12"),
        (["--matrix", "toy.npz", "--budget", "13"], "between 1 and 12"),
        (["--matrix", "toy.npz", "--log", "positon"], "did you mean 'position'"),
        (["--matrix", "toy.npz", "--log", "position"], "must be positive"),
        (["--matrix", "toy.npz", "--out", "t.xlsx"], "--out needs a file name that ends in .csv"),
        (["--matrix", "toy.npz", "--plot", "t.gif"], "that ends in .svg or .png"),
        (["--matrix", "toy.npz", "--seed", "-1"], "seed"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_writes_nothing(command, toy, tmp_path, words, told):
    for name in ("text.npz", "text.md"):
        (tmp_path / name).write_text("some text")
    before = sorted(tmp_path.iterdir())
    extra = [] if "--budget" in words else ["--budget", "2"]
    plot = [] if "--plot" in words or "--out" in words else ["--out", "t.csv", "--plot", "p.svg"]
    done = command("select", *words, *extra, *plot)
    assert done.code == 2
    assert told in done.err
    assert "Traceback" not in done.err
    assert sorted(tmp_path.iterdir()) == before


def test_ctrl_c_stops_with_a_sentence(tmp_path):
    """It is sent while the selectors are at work on a matrix that would keep them for minutes."""
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "m.npz", J=rng.random((400, 400)), sources=rng.random((400, 3)))
    script = (
        "import rltransfer.selection.playback as p\n"
        "begun = p.play_back\n"
        "def play_back(*given):\n"
        "    open('begun', 'w').close()\n"
        "    return begun(*given)\n"
        "p.play_back = play_back\n"
        "from rltransfer.cli import main; main()"
    )
    words = ["select", "--matrix", "m.npz", "--budget", "400", "--selector", "mbtl"]
    process = subprocess.Popen(
        [sys.executable, "-c", script, *words], cwd=tmp_path, env={**os.environ},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Stopped; the same command starts again." in err
    assert "Traceback" not in err


def test_the_command_line_starts_without_tables_or_selectors():
    script = (
        "import sys; from rltransfer.cli.app import app; "
        "print([m for m in ('pandas', 'pyarrow', 'sklearn', 'torch', 'matplotlib',"
        " 'rltransfer.selection', 'rltransfer.cli.selection_words') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@st.composite
def matrices(draw):
    """Return J and different contexts of one or two features; some sources are targets."""
    n, m, d = draw(st.integers(2, 6)), draw(st.integers(2, 6)), draw(st.integers(1, 2))
    seed = draw(st.integers(0, 2**20))
    rng = np.random.default_rng(seed)
    pool = rng.uniform(0.1, 9.0, (n + m, d))
    shared = draw(st.integers(0, min(n, m) - 1))
    X, Y = pool[:n], np.concatenate([pool[:shared], pool[n : n + m - shared]])
    return rng.normal(size=(n, m)) * 10.0 ** draw(st.integers(-3, 3)), X, Y


@settings(deadline=None, max_examples=15)
@given(matrices())
def test_every_format_gives_the_same_picks(tmp_path_factory, case):
    J, X, Y = case
    folder = tmp_path_factory.mktemp("formats")
    long_frame(J, X, Y).to_csv(folder / "m.csv", index=False)
    long_frame(J, X, Y).to_parquet(folder / "m.parquet")
    np.savez(folder / "m.npz", J=J, sources=X, targets=Y)
    found = [read_matrix(folder / f"m.{kind}") for kind in ("npz", "csv", "parquet")]
    for matrix in found[1:]:
        np.testing.assert_array_equal(matrix.J, found[0].J)
        assert matrix.untrained.problem == found[0].untrained.problem
    played = [play_back(MBTL(), matrix, len(J)).picks for matrix in found]
    assert played[0] == played[1] == played[2]


@settings(deadline=None, max_examples=20)
@given(matrices(), st.integers(-40, 40), st.integers(-1000, 1000))
def test_mbtl_picks_the_same_whatever_the_unit_of_the_returns(
    tmp_path_factory, case, exponent, shift
):
    J, X, Y = case
    J = np.round(J / np.abs(J).max() * 1024)  # shifts and scales are exact on these
    folder = tmp_path_factory.mktemp("units")
    for name, table in (("one", J), ("other", (J + shift) * 2.0**exponent)):
        np.savez(folder / f"{name}.npz", J=table, sources=X, targets=Y)
    one, other = (
        play_back(MBTL(), read_matrix(folder / f"{name}.npz"), len(J)).picks
        for name in ("one", "other")
    )
    assert one == other


# -- parts of rows ----------------------------------------------------------------------------


def test_policies_may_be_measured_on_some_targets_only(command, toy):
    words = ("--matrix", toy, "--budget", 3, "--measure", 0.25)
    told = json.loads(ran(command, *words, "--json").out)
    assert set(told) == {"picks", "V", "served", "returns_measured", "seconds_per_decision"}
    assert told["returns_measured"] == 3 * 3
    picks = told["picks"]
    assert told["V"] == pytest.approx([TOY.truth[picks[:k]].max(axis=0).mean() for k in (1, 2, 3)])
    assert np.all(np.array(told["served"]) <= np.array(told["V"]) + 1e-9)
    said = ran(command, *words).out
    assert "9 of 36 returns were measured, 25%." in said
    assert f"return {told['served'][-1]:.4g}." in " ".join(said.split())


def test_selectors_that_need_whole_rows_are_named(command, toy):
    done = command("select", "--matrix", toy, "--budget", 3, "--measure", 4, "--selector", "tpe")
    assert done.code == 2
    assert "selector 'tpe' needs every policy measured on every target" in done.err
    told = json.loads(
        ran(
            command, "--matrix", toy, "--budget", 3, "--measure", 4, "--selector", "all", "--json"
        ).out
    )["selectors"]
    assert {name for name, got in told.items() if "error" in got} == {
        "mbtl-literal", "gp-mbtl", "m-gp-mbtl", "mpts", "optuna-gp", "tpe"
    }  # fmt: skip
    assert told["random"]["returns_measured"] == 12


@pytest.mark.parametrize("measure", ["0", "1.5", "13", "-1", "nan"])
def test_a_part_that_is_none(command, toy, measure):
    done = command("select", "--matrix", toy, "--budget", 3, "--measure", measure)
    assert done.code == 2
    assert "a whole number of them from 1 to 12; got" in " ".join(done.err.split())


def test_a_study_says_what_measuring_less_saves(command, tmp_path):
    words = ("cartpole", "--vary", "length", "--targets", 20, "--rounds", 3, "--dry-run", "--json")
    whole, part = (
        json.loads(command("run", *words, *more).out) for more in ((), ("--measure", 0.25))
    )
    assert part["episodes_at_most"] * 4 == whole["episodes_at_most"] == 3 * 20 * 10
    assert part["experiment"]["evaluation"]["measure"] == 0.25
    done = command("run", *words, "--measure", 0.25, "--selector", "mpts")
    assert done.code == 2
    assert "'mpts' needs every policy measured" in done.err
