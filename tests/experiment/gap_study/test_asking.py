"""From policies, functions and runs to a study, on CartPole's own simulator."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import rltransfer
from rltransfer import GapSpec
from rltransfer.errors import InvalidExperiment, InvalidPolicy, UnknownName
from rltransfer.experiment.gap_study.files import study_dict, write_results
from rltransfer.experiment.gap_study.findings import HELD_OUT
from rltransfer.files import open_json
from rltransfer.runs import Run

REFERENCE = Path(__file__).parents[3] / "runs" / "reference"
SOURCES = REFERENCE / "seed-0" / "sources"
SMALL = GapSpec(env="cartpole", vary=("length",), targets=6, episodes=3)


def lean(observations):
    """Push to where the pole leans and turns."""
    return (observations[:, 2] + observations[:, 3] > 0).astype(int)


def push_left(observations):
    return np.zeros(len(observations), dtype=int)


@pytest.fixture(scope="module")
def reference():
    return rltransfer.gap(REFERENCE)


def test_a_run_is_studied_as_it_was_measured(reference):
    """Every selector; numbers recomputed from the committed sources."""
    assert not reference.measured
    names = [found.method.name for found in reference.findings]
    assert names == ["matrix-gp", "mbtl", "random", "equidistant", "multi-task"]
    many = reference.findings[-1].method
    committed = [run.sources()["multi-task"].returns for run in Run.find(REFERENCE)]
    np.testing.assert_array_equal(many.returns, np.stack(committed))
    table = pd.read_parquet(REFERENCE / "seed-1" / "gaps.parquet")
    last = table[(table.selector == "random") & (table["round"] == 6)]
    random = reference.findings[2].method
    np.testing.assert_allclose(random.gaps[1].mean(axis=1), last.gap)
    np.testing.assert_allclose(random.returns[1].mean(axis=1), last.reached)


def test_all_sources_of_a_run_make_one_law(reference):
    assert len(reference.rows) == sum(len(run.source_folders()) for run in Run.find(REFERENCE))
    singles = [row for row in reference.rows if len(row.home) == 1]
    assert reference.law.points == 50 * len(reference.rows)
    assert len(singles) == len(reference.rows) - 3
    below, above = reference.law.sides
    assert above.slope > 2 * below.slope  # poles that are longer than at home are harder


def test_files_hold_what_was_found(reference, tmp_path):
    write_results(reference, tmp_path)
    said = open_json((tmp_path / "gap.json").read_bytes())
    assert said == json.loads(json.dumps(study_dict(reference)))
    rows = pd.read_csv(tmp_path / "contexts.csv")
    assert len(rows) == 5 * 3 * 50
    np.testing.assert_allclose(rows.set_point - rows["return"], rows.gap, atol=1e-6)
    assert (rows.regret > -1e-9).all()
    mean = rows.groupby("method").gap.mean()
    told = {method["name"]: method["gap"]["estimate"] for method in said["methods"]}
    assert mean.to_dict() == pytest.approx(told, abs=1e-6)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "contexts.parquet"), rows)
    policies = pd.read_csv(tmp_path / "policies.csv")
    assert (policies.trained_in == 50).sum() == 3
    assert policies[policies.trained_in == 50]["home.length"].isna().all()


def test_any_function_is_a_policy():
    study = rltransfer.gap({"lean": lean, "left": push_left}, SMALL)
    left = study.findings[1].method
    assert left.returns.shape == (1, 6, 3)
    assert study.comparisons[0].difference.estimate > 0.0
    assert study.comparisons[0].improvement.estimate == 1.0
    assert study.findings[0].gap is None
    assert "--train-contexts tells it" in " ".join(study.notes)


def test_train_contexts_give_a_set_point():
    told = GapSpec(**{**vars(SMALL), "train_contexts": ({"length": 0.5}, {"length": 1.0})})
    study = rltransfer.gap(lean, told)
    (found,) = study.findings
    env = rltransfer.make("cartpole")
    home = [env.space.validate({"length": length}) for length in (0.5, 1.0)]
    own = rltransfer.evaluate(found_actor(), env, home, 3, 0).returns.mean()
    assert found.gap.estimate == pytest.approx(own - found.returns.estimate)


def found_actor():
    from rltransfer.experiment.gap_study.contender import FunctionActor

    return FunctionActor(lean)


def test_the_split_is_the_home_of_who_says_none():
    spec = GapSpec(env="cartpole", split="inner60", vary=("length",), targets=6, episodes=2)
    study = rltransfer.gap(lean, spec)
    (found,) = study.findings
    assert "taken to be trained in all 3 training contexts" in study.notes[0]
    J = found.method.mean
    assert found.lost[HELD_OUT].estimate == pytest.approx(J[:3].mean() - J[3:].mean())
    assert found.gap.estimate == pytest.approx(J[:3].mean() - J.mean())


def test_policies_of_one_method_are_its_trainings():
    spec = GapSpec(**{**vars(SMALL), "env": None})
    study = rltransfer.gap({"ours": [SOURCES / "00", SOURCES / "01"], "lean": lean}, spec)
    ours = study.findings[0].method
    assert ours.seeds == (0, 1)
    alone = rltransfer.gap(SOURCES / "01", SMALL).findings[0]
    assert alone.method.name == "01"
    np.testing.assert_array_equal(ours.returns[1], alone.method.returns[0])
    assert not study.comparisons[0].paired


def test_a_policy_in_a_run_is_measured_in_the_runs_contexts():
    study = rltransfer.gap(SOURCES / "00", GapSpec(episodes=1))
    assert len(study.ground.targets) == 50
    assert study.measured


def test_a_reference_sets_the_mark_of_the_regret():
    study = rltransfer.gap(push_left, SMALL, reference=lean)
    assert len(study.findings) == 1
    assert study.findings[0].regret.mean() > 10.0
    assert study.tells_regret
    assert not rltransfer.gap(push_left, SMALL).tells_regret


def test_the_same_question_has_the_same_answer():
    first, second = (study_dict(rltransfer.gap(lean, SMALL)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("policies", "spec", "error", "words"),
    [
        ({}, SMALL, InvalidExperiment, "at least one policy"),
        ({"none": []}, SMALL, InvalidExperiment, "at least one policy"),
        (lean, GapSpec(vary=("length",)), InvalidExperiment, "No policy says it"),
        (lean, GapSpec(env="cartpole"), InvalidExperiment, "--vary, or a split"),
        (lean, GapSpec(env="cartpole", split="no"), UnknownName, "has no split 'no'"),
        ("nowhere", GapSpec(), InvalidPolicy, "nowhere holds no policy"),
        (SOURCES / "00", GapSpec(env="pendulum", vary=("mass",)), InvalidPolicy,
         "expects 4 observations, and pendulum gives 3"),
        (5, SMALL, InvalidPolicy, "a function from observations to actions; got int"),
        (lambda o: np.zeros((len(o), 2)), SMALL, InvalidPolicy, "actions must"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said(policies, spec, error, words):
    with pytest.raises(error, match=words):
        rltransfer.gap(policies, spec)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"episodes": 0}, "episodes must be at least 1; got 0"),
        ({"targets": 0}, "targets must be at least 1; got 0"),
        ({"worst": 0.0}, "worst is a share of contexts, above 0 and at most 1; got 0"),
    ],
)
def test_numbers_out_of_range_are_refused(said, words):
    with pytest.raises(InvalidExperiment, match=words):
        GapSpec(**said)


def test_of_two_runs_each_takes_part_with_its_own_selector():
    study = rltransfer.gap({"a": REFERENCE / "seed-0", "b": REFERENCE / "seed-1"})
    assert [found.method.seeds for found in study.findings] == [(0,), (1,)]
    assert not study.measured
    (comparison,) = study.comparisons
    assert not comparison.paired
    assert len(study.rows) == 12


def test_a_run_and_a_function_are_measured_in_the_runs_contexts():
    study = rltransfer.gap({"run": REFERENCE / "seed-0", "left": push_left}, GapSpec(episodes=1))
    assert study.measured
    assert study.ground.targets[0]["length"] == pytest.approx(0.05)
    assert len(study.ground.targets) == 50
    assert len(study.findings[0].method.rows) == 6
