"""Source k + 1 is trained from sources 1 … k of its lane, and a kill changes nothing."""

import shutil

import pytest

from rltransfer.data.transitions_file import FILE
from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.agenda import Agenda, lane_states
from rltransfer.experiment.keys import Lineage
from rltransfer.experiment.loop import run_experiment
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import Run

TIMES = ("started", "finished")


def study(rounds=3, compare=("random",), recipe="warm-start-ppo", **training) -> Experiment:
    return Experiment.of(
        "cartpole", vary=["length"], targets=7, rounds=rounds, evaluation={"episodes": 2},
        selection={"compare": list(compare)},
        training={"recipe": recipe, "steps": 100, **training},
    )  # fmt: skip


def told(run: Run) -> dict[str, object]:
    """Everything that a kill must not change."""
    return {
        key: (
            {name: fact for name, fact in record.result().items() if name not in TIMES},
            record.returns.tolist(),
            record.curve,
            (run.policy_folder(key) / "policy.json").read_bytes(),
            [p.read_bytes() for p in sorted(run.policy_folder(key).glob("*.safetensors"))],
        )
        for key, record in run.sources().items()
    }


# -- keys and sharing --------------------------------------------------------------------------


def test_each_source_has_those_before_it_as_parents(tmp_path, stub):
    (run,) = run_experiment(study(), tmp_path)
    pool = run.sources()
    for state in lane_states(run).values():
        for k, key in enumerate(state.keys):
            assert pool[key].parents == state.keys[:k]
            assert Lineage(pool[key].context, pool[key].parents).key == key


def test_lanes_share_what_begins_alike_and_nothing_else(tmp_path, stub):
    (run,) = run_experiment(study(compare=("equidistant", "random")), tmp_path)
    states = lane_states(run)
    chains = {tuple(state.keys[:k]) for state in states.values() for k in (1, 2, 3)}
    assert sorted(stub) == sorted(chain[-1] for chain in chains)
    assert len(stub) == len(set(stub))


def test_a_policy_from_nothing_is_not_taken_for_one_with_a_head_start(tmp_path, stub):
    experiment = study(compare=("independent",))
    (run,) = run_experiment(experiment, tmp_path)
    pool, own = run.sources(), lane_states(run)["matrix-gp"]
    assert {key for key, record in pool.items() if not record.parents} == {
        source.digest for source in experiment.sources()
    }
    assert own.keys[0] == own.picks[0].context.digest  # shared: both begin with nothing
    for key, pick in list(zip(own.keys, own.picks, strict=True))[1:]:
        warm, cold = pool[key], pool[pick.context.digest]
        assert (warm.returns - cold.returns).mean() == pytest.approx(7 * len(warm.parents))
        assert own.transfer.returns[own.keys.index(key)].tolist() == warm.returns.tolist()
    assert len(pool) == 7 + 2


def test_the_plan_is_an_upper_bound_that_is_reached_when_nothing_is_shared(tmp_path, stub):
    experiment = study(compare=("independent", "multi-task"))
    run = Run.create(tmp_path / "run", experiment.resolved().to_toml())
    plan = Agenda.read(run).planned
    assert plan == (7 + 2 + 1, (7 + 2 + 3) * 100)
    (run,) = run_experiment(experiment, tmp_path)
    agenda = Agenda.read(run)
    assert agenda.done == agenda.planned == plan


# -- what is inherited -------------------------------------------------------------------------


def test_a_source_gets_policies_and_data_of_those_before_it(tmp_path, toy, recorder):
    (run,) = run_experiment(study(recipe="toy", compare=()), tmp_path, events=recorder)
    records = list(run.sources().values())
    found = [record.stage_results[0].findings for record in records]
    assert found == [
        {"members": 0, "seen": 0},
        {"members": 1, "seen": 6},
        {"members": 2, "seen": 12},
    ]
    assert [[s.name for s in r.stage_results] for r in records] == [["blending", "playing"]] * 3
    assert [(s.steps, s.seconds) for s in records[0].stage_results] == [(0, 0.5), (6, 0.25)]
    assert all(record.monitor_steps > 0 for record in records)
    assert ("working", "blending", 2, 2) in recorder.heard
    assert not (run.path / "working").exists()


def test_the_monitors_steps_are_those_of_its_episodes(tmp_path, toy):
    (run,) = run_experiment(study(recipe="toy", compare=(), rounds=1), tmp_path)
    (record,) = run.sources().values()
    (point,) = record.curve
    assert point[1] == record.monitor_steps  # CartPole returns a 1 for each step; one episode


def test_only_what_lanes_begin_with_is_recorded_of_policies_from_nothing(tmp_path, toy):
    (run,) = run_experiment(study(recipe="toy", compare=("independent",)), tmp_path)
    recorded = {key for key in run.sources() if (run.policy_folder(key) / FILE).is_file()}
    assert recorded == set(lane_states(run)["matrix-gp"].keys)


def test_nothing_is_recorded_where_nobody_asks_for_it(tmp_path, toy):
    (run,) = run_experiment(study(recipe="toy", compare=(), record=0), tmp_path)
    assert not list(run.sources_folder.glob(f"*/{FILE}"))
    assert [r.stage_results[0].findings["seen"] for r in run.sources().values()] == [0, 0, 0]


# -- replay ------------------------------------------------------------------------------------


@pytest.fixture
def whole(tmp_path, toy):
    (run,) = run_experiment(study(recipe="toy"), tmp_path / "whole")
    stages = len(toy)
    toy.clear()
    return told(run), stages


def test_killed_in_any_stage_and_resumed_it_is_the_same(tmp_path, toy, whole, monkeypatch):
    from rltransfer.experiment import monitor

    expected, stages = whole
    assert stages == 2 * len(expected)
    folder = tmp_path / "killed"
    evaluate, alive = monitor.evaluate, [0]

    def killed(*args):
        alive[0] += 1
        if alive[0] % 2:  # every first look ends in a kill
            raise KeyboardInterrupt
        return evaluate(*args)

    monkeypatch.setattr(monitor, "evaluate", killed)
    for _ in expected:
        with pytest.raises(KeyboardInterrupt):
            run_experiment(study(recipe="toy"), folder)
    (run,) = run_experiment(study(recipe="toy"), folder)
    assert told(run) == expected
    blends = [label for stage, label, _ in toy if stage == "Blend"]
    assert len(blends) == len(expected)  # none a second time: its checkpoint was there


@pytest.mark.parametrize("after", [0, 1, 2, 4])
def test_killed_before_any_commit_and_resumed_it_is_the_same(
    tmp_path, toy, whole, monkeypatch, after
):
    expected, _ = whole
    commit, left = Run.commit, [after]

    def stop(self, *args):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return commit(self, *args)

    monkeypatch.setattr(Run, "commit", stop)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(study(recipe="toy"), tmp_path / "cut")
    monkeypatch.setattr(Run, "commit", commit)
    (cut,) = run_experiment(study(recipe="toy"), tmp_path / "cut")
    assert told(cut) == expected


def test_the_order_of_training_changes_nothing(tmp_path, toy, whole):
    expected, _ = whole
    (run,) = run_experiment(study(recipe="toy"), tmp_path / "two", jobs=2)
    assert told(run) == expected


def test_a_source_that_is_lost_is_trained_again_from_the_same_parents(tmp_path, toy, whole):
    expected, _ = whole
    (run,) = run_experiment(study(recipe="toy"), tmp_path / "lost")
    lost = run.policy_folder(lane_states(run)["matrix-gp"].keys[1])
    shutil.rmtree(lost)
    run_experiment(study(recipe="toy"), tmp_path / "lost")
    assert told(run) == expected


def test_a_damaged_parent_is_a_sentence(tmp_path, toy):
    experiment = study(recipe="toy", compare=())
    run = Run.create(tmp_path / experiment.name / "seed-0", experiment.resolved().to_toml())
    (run,) = run_experiment(experiment, tmp_path)
    for key in lane_states(run)["matrix-gp"].keys[1:]:
        shutil.rmtree(run.policy_folder(key))
    folder = run.source_folders()[0]
    path = folder / FILE
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(Exception, match=f"{FILE} was changed after it was written"):
        run_experiment(experiment, tmp_path)


# -- the description ---------------------------------------------------------------------------


def test_trainer_is_another_word_for_recipe():
    data = study().model_dump(exclude_none=True)
    data["training"]["trainer"] = data["training"].pop("recipe")
    found = Experiment.checked(data, "experiment.toml")
    assert found == study()
    assert 'recipe = "warm-start-ppo"' in found.to_toml()
    data["training"]["recipe"] = "from-scratch"
    with pytest.raises(InvalidExperiment, match="recipe and trainer are two words for the same"):
        Experiment.checked(data, "experiment.toml")


def test_what_is_not_said_is_not_written_but_where_sources_inherit():
    plain = study(recipe="from-scratch").resolved()
    assert not {"stop", "record"} & plain.model_dump(exclude_none=True)["training"].keys()
    assert study().resolved().training.record == 100_000
    assert study(record=0).resolved().training.record == 0
    assert study(record=5).resolved() == study(record=5).resolved().resolved()


def test_the_stopping_score_is_a_share_of_the_familys_range():
    score = study().environment.spec.score
    assert study().stopping is None
    found = study(stop=0.5).stopping
    assert found is not None
    assert found.score == pytest.approx((score.low + score.high) / 2)
    assert study(stop=0.5).resolved().stopping == found
    for wrong in (0.0, 1.5):
        with pytest.raises(InvalidExperiment, match=r"training\.stop"):
            study(stop=wrong)


def test_what_cannot_inherit_is_refused_at_once():
    with pytest.raises(InvalidExperiment, match=r"got DQN\. Use algorithm = 'PPO'"):
        study(algorithm="DQN")


def test_the_reference_runs_are_read_as_before():
    for run in Run.find("runs/reference"):
        experiment = Experiment.of_run(run)
        run.require_same(experiment.to_toml())
        assert experiment.resolved() == experiment
        assert not any(record.parents for record in run.sources().values())
        assert all(record.monitor_steps for record in run.sources().values())
