"""Studies that begin with policies from elsewhere."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

import rltransfer
from rltransfer.contexts import Context
from rltransfer.errors import CorruptRun, InvalidExperiment, InvalidPolicy, StorageError
from rltransfer.evaluation import evaluate
from rltransfer.experiment import controller
from rltransfer.experiment.agenda import Agenda, lane_states
from rltransfer.experiment.events import Work
from rltransfer.experiment.known import gathered
from rltransfer.experiment.loop import continue_run, run_experiment
from rltransfer.experiment.spec import Experiment
from rltransfer.files import digest
from rltransfer.runs import Run
from rltransfer.seeding import derive_seed
from rltransfer.training import Policy, TrainingProblem
from rltransfer.training.offline.fresh import fresh_policy, spec_for
from rltransfer.training.policy_spec import NetworkSpec

CARTPOLE = rltransfer.make("cartpole")
NETWORK = NetworkSpec(actor=(8,), critic=(8,), activation="tanh")


def saved(folder, seed=0, contexts=({"length": 0.7},), env=CARTPOLE, observe=()):
    """Save a policy with random weights, as if it had been trained in these contexts."""
    problem = TrainingProblem(env, list(contexts), observe)
    policy = fresh_policy(spec_for(problem, NETWORK, None), np.random.default_rng(seed))
    policy.save(folder)
    return policy


@pytest.fixture
def policies(tmp_path):
    """Three policies: of a context beside the grid, of many contexts, and under other gravity."""
    folders = [tmp_path / "policies" / name for name in ("beside", "many", "moon")]
    saved(folders[0])
    saved(folders[1], 1, [{"length": 0.1}, {"length": 2.0}], observe=["length"])
    saved(folders[2], 2, [{"length": 0.7, "gravity": 1.6}])
    return folders


def study(known, rounds=3, selector="matrix-gp", **tables) -> Experiment:
    said = [entry if isinstance(entry, dict) else str(entry) for entry in known]
    return Experiment.of(
        "cartpole", vary=["length"], targets=7, rounds=rounds, evaluation={"episodes": 2},
        selection={"selector": selector}, known=said or None, **tables,
    )  # fmt: skip


# -- what comes of them ------------------------------------------------------------------------


def test_they_are_measured_before_the_first_round_and_committed(tmp_path, stub, policies):
    (run,) = run_experiment(study(policies), tmp_path / "runs")
    records = [record for record in run.sources().values() if record.origin is not None]
    assert [record.origin.name for record in records] == ["beside", "many", "moon"]
    assert list(run.sources())[:3] == [record.key for record in records]
    experiment = Experiment.of_run(run)
    for folder, record in zip(policies, records, strict=True):
        assert (record.steps, record.seconds, record.curve) == (0, 0.0, ())
        assert record.origin.path == str(folder.resolve())
        assert record.origin.weights == digest(folder / "policy.safetensors")
        found = evaluate(
            Policy.load(folder), CARTPOLE, experiment.targets(), 2, derive_seed(0, "evaluate")
        )
        assert np.array_equal(record.returns, found.returns)
    told = json.loads((run.source_folders()[0] / "result.json").read_text())
    assert told["kind"] == "known"
    assert Policy.load(run.source_folders()[0]).spec == Policy.load(policies[0]).spec


def test_only_a_context_that_the_varied_features_say_is_a_place(tmp_path, stub, policies):
    (run,) = run_experiment(study(policies, rounds=1), tmp_path / "runs")
    known = lane_states(run)["matrix-gp"].transfer.known
    assert [policy.context for policy in known.policies] == [Context(length=0.7), None, None]
    assert known.placed.tolist() == [0]
    own = [record.own for record in run.sources().values() if record.origin is not None]
    assert [returns is None for returns in own] == [False, True, False]


def test_they_count_in_V_and_take_no_round(tmp_path, stub, policies):
    (run,) = run_experiment(study(policies), tmp_path / "runs")
    state = lane_states(run)["matrix-gp"]
    returns = [record.returns.mean(axis=1) for record in run.sources().values()]
    assert len(state.picks) == 3
    assert state.transfer.coverage == pytest.approx(np.max(returns, axis=0).mean())
    before = np.max(returns[:3], axis=0).mean()
    assert state.gains[0] == pytest.approx(state.V[0] - before)


def test_the_default_selector_learns_from_those_with_a_place(tmp_path, stub, policies):
    (run,) = run_experiment(study(policies[:1]), tmp_path / "runs")
    first = lane_states(run)["matrix-gp"].picks[0]
    assert first.predicted_gain is not None
    (alone,) = run_experiment(study(policies[1:], name="unplaced"), tmp_path / "runs")
    assert lane_states(alone)["matrix-gp"].picks[0].predicted_gain is None


def test_the_tables_say_who_serves_what(tmp_path, stub, policies):
    (run,) = run_experiment(study(policies, rounds=1), tmp_path / "runs")
    gaps = pd.read_parquet(run.path / "gaps.parquet")
    transfer = lane_states(run)["matrix-gp"].transfer
    served = [getattr(policy, "name", "") for policy in transfer.served_by]
    assert gaps["known"].tolist() == served
    assert set(served) <= {"", "beside", "many", "moon"}
    rounds = pd.read_csv(run.path / "rounds.csv")
    assert rounds["gain"].notna().all()


def test_a_run_is_known_by_all_of_its_policies_each_once(tmp_path, policies):
    sources = tmp_path / "runs" / "old" / "seed-0" / "sources"
    shutil.copytree(policies[0], sources / "00")
    shutil.copytree(policies[2], sources / "01")
    (sources.parent / "experiment.toml").write_text("")
    for path in (sources.parent, sources.parent.parent):
        known = gathered(study([path, policies[0]])).known
        assert [policy.name for policy in known] == ["old/seed-0/00", "old/seed-0/01"]


def test_policies_of_one_name_are_called_by_their_paths(tmp_path, policies):
    saved(tmp_path / "beside", 5)
    known = gathered(study([policies[0], tmp_path / "beside"])).known
    assert [policy.name for policy in known] == [policy.path for policy in known]


@pytest.mark.parametrize("selector", ["random", "equidistant", "k-medoids", "m-mbtl"])
def test_plans_that_look_at_no_return_go_on_as_without(tmp_path, stub, policies, selector):
    (run,) = run_experiment(study(policies, selector=selector), tmp_path / "runs")
    (alone,) = run_experiment(study([], selector=selector, name="alone"), tmp_path / "runs")
    one, other = (lane_states(r)[selector] for r in (run, alone))
    assert one.transfer.trained == other.transfer.trained
    assert one.transfer.coverage >= other.transfer.coverage


def test_a_policy_may_be_named_and_held_to_its_digest(tmp_path, policies):
    (known,) = gathered(study(policies[:1])).known
    named = study([{"path": str(policies[0]), "name": "mine", "digest": known.digest}])
    assert gathered(named).known[0].name == "mine"
    saved(policies[0], 99)
    with pytest.raises(InvalidExperiment, match=f"the known policy mine in .* was {known.digest}"):
        gathered(named)


def test_what_is_planned_counts_trainings_only(tmp_path, stub, policies):
    (run,) = run_experiment(study(policies, rounds=2), tmp_path / "runs")
    agenda = Agenda.read(run)
    assert agenda.done == agenda.planned == Work(2, 2 * agenda.experiment.training_defaults().steps)


# -- resuming ------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0, 1, 4])
def test_interrupted_anywhere_it_ends_the_same(tmp_path, stub, monkeypatch, policies, after):
    (whole,) = run_experiment(study(policies), tmp_path / "whole")
    commit, left = Run.commit, [after]

    def stop(self, *args):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return commit(self, *args)

    monkeypatch.setattr(Run, "commit", stop)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(study(policies), tmp_path / "cut")
    monkeypatch.setattr(Run, "commit", commit)
    cut = Run.open(tmp_path / "cut" / "cartpole-length" / "seed-0")
    continue_run(cut)
    one, other = (lane_states(run)["matrix-gp"] for run in (whole, cut))
    assert one.transfer == other.transfer
    assert list(whole.sources()) == list(cut.sources())
    pd.testing.assert_frame_equal(
        pd.read_parquet(whole.path / "gaps.parquet"), pd.read_parquet(cut.path / "gaps.parquet")
    )


def interrupted(tmp_path, monkeypatch, policies):
    """Return a run that was stopped before its first training."""
    train = controller.train_and_evaluate

    def stop(job):
        raise StorageError("the disk is full")

    monkeypatch.setattr(controller, "train_and_evaluate", stop)
    with pytest.raises(StorageError):
        run_experiment(study(policies), tmp_path / "runs")
    monkeypatch.setattr(controller, "train_and_evaluate", train)
    return Run.open(tmp_path / "runs" / "cartpole-length" / "seed-0")


def test_a_policy_that_has_changed_since_is_refused_by_name(tmp_path, stub, monkeypatch, policies):
    run = interrupted(tmp_path, monkeypatch, policies)
    saved(policies[2], 77)
    before = sorted(run.path.rglob("*"))
    for go_on in (
        lambda: continue_run(run),
        lambda: run_experiment(study(policies), run.path.parents[1]),
    ):
        with pytest.raises(
            InvalidExperiment, match=r"the known policy moon in .*moon was .* is now"
        ):
            go_on()
    assert sorted(run.path.rglob("*")) == before


def test_a_folder_that_is_gone_is_no_trouble_once_its_policy_is_committed(
    tmp_path, stub, monkeypatch, policies
):
    run = interrupted(tmp_path, monkeypatch, policies)
    shutil.rmtree(policies[0])
    continue_run(run)
    assert len(lane_states(run)["matrix-gp"].picks) == 3


def test_a_damaged_copy_is_refused(tmp_path, stub, policies):
    (run,) = run_experiment(study(policies), tmp_path / "runs")
    (run.source_folders()[1] / "policy.json").write_text("{}")
    with pytest.raises(CorruptRun, match=r"01.policy\.json was changed"):
        continue_run(run)


# -- bad input -----------------------------------------------------------------------------------


def missing(folder):
    return "holds no policy: a known policy is a folder with policy.safetensors"


def damaged(folder):
    saved(folder)
    path = folder / "policy.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    return r"policy\.safetensors is not the file that .* \(sha256 differs\)"


def of_another_family(folder):
    saved(folder, env=rltransfer.make("acrobot"), contexts=[{}])
    return "holds a policy of acrobot, and this study is of cartpole"


def with_other_observations(folder):
    policy = saved(folder, env=rltransfer.make("acrobot"), contexts=[{}])
    spec = policy.spec.model_copy(update={"env": "cartpole", "context": None})
    Policy(spec, policy.weights).save(folder)
    return "expects 6 observations, and cartpole gives 4"


@pytest.mark.parametrize("make", [missing, damaged, of_another_family, with_other_observations])
def test_what_cannot_be_used_is_refused_and_nothing_is_written(tmp_path, stub, make):
    message = make(tmp_path / "policy")
    with pytest.raises(InvalidPolicy, match=message):
        run_experiment(study([tmp_path / "policy"]), tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "selector", ["mbtl", "gp-mbtl", "m-gp-mbtl", "mpts", "tpe", "mbtl-literal"]
)
def test_selectors_that_cannot_learn_from_them_say_so(policies, selector):
    with pytest.raises(InvalidExperiment, match=f"selector '{selector}' can learn from sources of"):
        study(policies, selector=selector)


def test_the_file_names_folders():
    text = {"name": "x", "env": "cartpole", "selection": {"rounds": 2},
            "known": ["runs/a", {"path": "runs/b"}],
            "contexts": {"vary": ["length"], "targets": {"length": 5}}}  # fmt: skip
    assert [known.path for known in Experiment.checked(text, "a file").known] == [
        "runs/a",
        "runs/b",
    ]
    with pytest.raises(InvalidExperiment, match="known"):
        Experiment.checked({**text, "known": [3]}, "a file")
