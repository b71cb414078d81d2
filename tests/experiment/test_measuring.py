"""A study whose policies are measured on some targets only: chosen, committed, replayed."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from rltransfer.errors import InvalidExperiment
from rltransfer.evaluation import evaluate
from rltransfer.experiment.agenda import Agenda, lane_states
from rltransfer.experiment.attempt import measured, train_and_evaluate
from rltransfer.experiment.job import Job
from rltransfer.experiment.keys import Lineage
from rltransfer.experiment.loop import run_experiment
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import Run, SourceRecord
from rltransfer.seeding import derive_seed
from rltransfer.selection.measuring import Measuring
from rltransfer.training.offline.fresh import fresh_policy, spec_for
from rltransfer.training.policy_spec import NetworkSpec
from rltransfer.training.problem import TrainingProblem


def study(measure=0.4, compare=("random",), **tables):
    return Experiment.of(
        "cartpole", vary=["length"], targets=9, rounds=3, selection={"compare": list(compare)},
        evaluation={"episodes": 2, "measure": measure}, **tables,
    )  # fmt: skip


def test_each_policy_is_measured_where_the_rule_says(tmp_path, stub):
    (run,) = run_experiment(study(), tmp_path)
    for state in lane_states(run).values():
        for k, source in enumerate(state.transfer.trained):
            chosen = Measuring(4).choose(state.transfer.after(k), source)
            assert np.flatnonzero(state.transfer.measured[k]).tolist() == list(chosen)
            assert source in chosen
    assert [record.measured.sum() for record in run.sources().values()] == [4] * len(stub)


def test_a_policy_returns_the_same_wherever_else_it_is_measured():
    experiment = study()
    env, targets = experiment.environment, experiment.targets()
    problem, network = (
        TrainingProblem(env, targets[:1]),
        NetworkSpec(actor=(8,), critic=(8,), activation="tanh"),
    )
    policy = fresh_policy(spec_for(problem, network, None), np.random.default_rng(0))
    whole = evaluate(policy, env, targets, 2, derive_seed(5, "evaluate"))
    found = measured(SimpleNamespace(measured=(1, 7), seed=5), experiment, env, policy)
    np.testing.assert_array_equal(found.returns[[1, 7]], whole.returns[[1, 7]])
    np.testing.assert_array_equal(found.lengths[[1, 7]], whole.lengths[[1, 7]])
    others = [0, 2, 3, 4, 5, 6, 8]
    assert np.isnan(found.returns[others]).all()
    assert not found.lengths[others].any()


@pytest.mark.parametrize("after", [1, 3])
def test_interrupted_and_resumed_it_is_the_same(tmp_path, stub, monkeypatch, after):
    (whole,) = run_experiment(study(), tmp_path / "whole")
    commit, left = Run.commit, [after]

    def stop(self, *args):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return commit(self, *args)

    monkeypatch.setattr(Run, "commit", stop)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(study(), tmp_path / "cut")
    monkeypatch.setattr(Run, "commit", commit)
    (cut,) = run_experiment(study(), tmp_path / "cut")
    for name, state in lane_states(whole).items():
        assert lane_states(cut)[name].transfer == state.transfer
    for table in ("gaps.csv", "rounds.csv", "served.csv"):
        assert (cut.path / table).read_text() == (whole.path / table).read_text()


def test_results_do_not_depend_on_which_lane_comes_first(tmp_path, stub):
    """Two lanes that ask for other targets of the same source have each their own policy."""
    (both,) = run_experiment(study(compare=("mbtl",)), tmp_path / "both")
    (alone,) = run_experiment(study(compare=()), tmp_path / "alone")
    ours = lane_states(both)["matrix-gp"].transfer
    assert ours == lane_states(alone)["matrix-gp"].transfer


def test_lanes_share_a_training_and_not_what_is_measured(tmp_path, stub):
    """A policy that one lane has had trained is measured again where another one asks."""
    (run,) = run_experiment(study(compare=()), tmp_path)
    agenda = Agenda.read(run)
    (state,) = agenda.states
    context = state.picks[0].context
    assert agenda.same_training(Lineage(context, (), (0, 5))) == state.keys[0]
    assert agenda.same_training(Lineage(context)) is None  # everywhere: a key of its own
    picked = [pick.context for pick in state.picks]
    other = next(x for x in agenda.experiment.sources() if x not in picked)
    assert agenda.same_training(Lineage(other, (), (0, 5))) is None


def test_measuring_again_trains_nothing(tmp_path):
    experiment = study().model_copy(update={"seeds": [5]})
    env, targets = experiment.environment, experiment.targets()
    problem = TrainingProblem(env, targets[:1])
    network = NetworkSpec(actor=(8,), critic=(8,), activation="tanh")
    policy = fresh_policy(spec_for(problem, network, None), np.random.default_rng(0))
    whole = evaluate(policy, env, targets, 2, derive_seed(5, "evaluate"))
    record = SourceRecord(
        key="first", context=targets[0], returns=whole.returns, lengths=whole.lengths,
        curve=((10, 1.5),), steps=4096, seconds=3.0, seed=1, started=0.0, finished=1.0,
        stages=("ppo",),
    )  # fmt: skip
    run = Run.create(tmp_path / "seed-5", experiment.to_toml())
    folder = run.commit(record, policy, targets)
    lineage = Lineage(targets[0], (), (0, 4))
    job = Job.on_source(experiment, lineage, tmp_path, {}, 0, trained=folder)
    again, same = train_and_evaluate(job)
    assert (again.key, again.steps, again.stages) == (lineage.key, 4096, ("ppo",))
    np.testing.assert_array_equal(np.flatnonzero(again.measured), [0, 4])
    np.testing.assert_array_equal(again.returns[[0, 4]], whole.returns[[0, 4]])
    assert all((same.weights[name] == policy.weights[name]).all() for name in policy.weights)


def test_keys_tell_what_was_measured():
    (x, *_) = study().sources()
    keys = {Lineage(x).key, Lineage(x, (), (0, 1)).key, Lineage(x, (), (0, 2)).key,
            Lineage(x, ("a",), (0, 1)).key}  # fmt: skip
    assert len(keys) == 4


def test_tables_tell_measured_from_forecast(tmp_path, stub):
    (run,) = run_experiment(study(), tmp_path)
    state = lane_states(run)["matrix-gp"]
    returns = pd.read_parquet(run.path / "returns.parquet").query("selector == 'matrix-gp'")
    assert len(returns) == 3 * 4 * 2  # rounds, measured targets, episodes
    assert returns["return"].notna().all()
    gaps = pd.read_csv(run.path / "gaps.csv").query("selector == 'matrix-gp' and round == 1")
    np.testing.assert_array_equal(gaps["gap"].notna(), state.transfer.after(1).seen)
    served = pd.read_csv(run.path / "served.csv").query("selector == 'matrix-gp'")
    reached = served["measured"].to_numpy()
    best = state.transfer.best
    np.testing.assert_allclose(served["return"][reached], best[reached])
    rounds = pd.read_csv(run.path / "rounds.csv").query("selector == 'matrix-gp'")
    assert rounds["measured"].tolist() == [4, 4, 4]
    assert rounds["coverage"].iloc[-1] == pytest.approx(served["return"].mean())
    assert rounds["gain"].iloc[2] == pytest.approx(np.diff(rounds["coverage"])[-1])
    truth = 500 - 300 * np.abs(np.subtract.outer(np.linspace(0, 1, 9), np.linspace(0, 1, 9)))
    true = truth[list(state.transfer.trained)].max(axis=0).mean() + 0.5  # of its two episodes
    assert rounds["coverage"].iloc[-1] == pytest.approx(true, abs=15)


def test_all_targets_are_a_study_as_ever(tmp_path, stub):
    (run,) = run_experiment(study(measure=9), tmp_path)
    assert not (run.path / "served.csv").exists()
    assert all(state.transfer.complete for state in lane_states(run).values())


@pytest.mark.parametrize(
    ("measure", "compare", "tables", "sentence"),
    [
        (1.5, (), {}, "measure must be a share of the targets between 0 and 1, .* got 1.5"),
        (10, (), {}, "a whole number of them from 1 to 9; got 10"),
        (0.0, (), {}, "evaluation.measure"),
        (0.4, ("tpe",), {}, "selector 'tpe' needs every policy measured on every target"),
        (0.4, ("gp-mbtl",), {}, "'gp-mbtl' needs every policy measured"),
        (0.4, ("independent",), {}, "does not go with 'independent' in selection.compare"),
        (0.4, (), {"training": {"recipe": "uni-o4", "algorithm": "PPO"}}, "does not go with the"),
    ],
)
def test_what_does_not_go_together_is_said_at_once(measure, compare, tables, sentence):
    with pytest.raises(InvalidExperiment, match=sentence):
        study(measure, compare, **tables)
