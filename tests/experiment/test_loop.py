import optuna
import pandas as pd
import pytest
from optuna_dashboard import get_note

from rltransfer.errors import InvalidExperiment, RunLocked, SourceFailed, StorageError, WorkerDied
from rltransfer.experiment import controller
from rltransfer.experiment.agenda import lane_states
from rltransfer.experiment.loop import continue_run, run_experiment
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import Run
from rltransfer.runs.ledger import journal
from rltransfer.runs.publication import is_published
from rltransfer.selection import MBTLSampler, make_selector


def study(rounds=4, compare=("random", "multi-task"), **tables) -> Experiment:
    selection = {"compare": list(compare)}
    return Experiment.of(
        "cartpole", vary=["length"], targets=9, rounds=rounds, selection=selection,
        evaluation={"episodes": 2}, **tables,
    )  # fmt: skip


def test_every_lane_gets_its_sources_and_shares_them(tmp_path, stub):
    (run,) = run_experiment(study(), tmp_path)
    states = lane_states(run)
    assert {name: len(s.picks) for name, s in states.items()} == {"matrix-gp": 4, "random": 4}
    picked = {p.context.digest for s in states.values() for p in s.picks}
    assert sorted(stub) == sorted([*picked, "multi-task"])  # nothing twice
    assert set(run.sources()) == set(stub)


def test_the_default_begins_in_the_middle_and_covers_the_family(tmp_path, stub):
    (run,) = run_experiment(study(compare=()), tmp_path)
    state = lane_states(run)["matrix-gp"]
    assert state.transfer.trained[0] == 4
    curve = state.transfer.coverage_curve()
    assert (curve[1:] >= curve[:-1]).all()
    assert curve[-1] > curve[0] + 50


@pytest.mark.parametrize("after", [0, 1, 3, 5])
def test_interrupted_anywhere_and_resumed_it_is_the_same(tmp_path, stub, monkeypatch, after):
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

    def told(run):
        picks = {n: s.transfer.trained for n, s in lane_states(run).items()}
        gaps = pd.read_parquet(run.path / "gaps.parquet")
        trials = {
            lane: [(t.params, t.value, t.user_attrs["gain"]) for t in load(run, lane).trials]
            for lane in picks
        }
        return picks, gaps, trials

    (picks, gaps, trials), (picks2, gaps2, trials2) = told(whole), told(cut)
    assert picks == picks2
    assert trials == trials2
    pd.testing.assert_frame_equal(gaps, gaps2)


def load(run: Run, lane: str) -> optuna.Study:
    return optuna.load_study(study_name=lane, storage=journal(run.study_file))


def test_the_study_shows_each_source_with_its_reason_and_gain(tmp_path, stub):
    (run,) = run_experiment(study(), tmp_path)
    state = lane_states(run)["matrix-gp"]
    trials = load(run, "matrix-gp").trials
    assert [t.params["ctx.length"] for t in trials] == [p.context["length"] for p in state.picks]
    assert [t.value for t in trials] == list(state.transfer.coverage_curve())
    assert sum(t.user_attrs["gain"] for t in trials) == pytest.approx(trials[-1].value)


def test_the_public_sampler_continues_a_runs_study_as_the_run_itself_would(tmp_path, stub):
    (run,) = run_experiment(study(rounds=3, compare=()), tmp_path)
    experiment = study(rounds=3, compare=())
    contexts = experiment.sources()
    score = experiment.environment.spec.score
    selector = make_selector("matrix-gp", seed=0, budget=3, score=(score.low, score.high))
    sampler = MBTLSampler(selector, contexts, contexts, experiment.space)
    watched = load(run, "matrix-gp")
    watched.sampler = sampler
    transfer = lane_states(run)["matrix-gp"].transfer
    trial = watched.ask(sampler.distributions())
    assert sampler.context(trial) == selector.propose(transfer).context


def test_a_finished_run_is_left_untouched(tmp_path, stub, recorder):
    (run,) = run_experiment(study(), tmp_path)
    before = {path: path.stat().st_mtime_ns for path in run.path.rglob("*") if path.is_file()}
    count = len(stub)
    continue_run(run, events=recorder)
    assert recorder.heard == [("unchanged",)]
    assert len(stub) == count
    after = {path: path.stat().st_mtime_ns for path in run.path.rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.parametrize("damage", ["missing", "torn"])
def test_a_study_lost_after_the_last_commit_is_made_again(tmp_path, stub, damage):
    (run,) = run_experiment(study(), tmp_path)
    trials, count = load(run, "matrix-gp").trials, len(stub)
    if damage == "missing":
        run.study_file.unlink()
    else:
        run.study_file.write_bytes(run.study_file.read_bytes()[:-30])
    (run.path / "gaps.csv").unlink()
    continue_run(run)
    assert [t.params for t in load(run, "matrix-gp").trials] == [t.params for t in trials]
    assert (run.path / "gaps.csv").is_file()
    assert len(stub) == count


def test_more_seeds_are_more_runs(tmp_path, stub):
    runs = run_experiment(study(seeds=[0, 3]), tmp_path)
    assert [run.path.name for run in runs] == ["seed-0", "seed-3"]
    assert Run.find(tmp_path / "cartpole-length")[1].path == runs[1].path


def test_independent_trains_every_context(tmp_path, stub):
    (run,) = run_experiment(study(rounds=2, compare=("independent",)), tmp_path)
    assert {record.context for record in run.sources().values()} == set(study().sources())


def test_events_tell_what_happens(tmp_path, stub, recorder):
    run_experiment(study(rounds=1, compare=()), tmp_path, events=recorder)
    assert recorder.heard == [
        ("began", (0, 0), (1, 100_000)),
        ("started", "length=0.5"),
        ("progressed", 10, 1.5),
        ("progressed", 20, None),
        ("committed", "length=0.5"),
        ("ended",),
    ]


def failing(monkeypatch, labels, error=ZeroDivisionError):
    """Have the training of some contexts fail; return the labels of what was tried, in order."""
    train, tried = controller.train_and_evaluate, []

    def train_or_fail(job):
        tried.append(job.label)
        if job.label in labels:
            raise error("by nothing")
        return train(job)

    monkeypatch.setattr(controller, "train_and_evaluate", train_or_fail)
    return tried


def test_a_source_that_fails_is_recorded_and_the_lanes_go_on(tmp_path, stub, monkeypatch, recorder):
    tried = failing(monkeypatch, {"length=0.5"})
    (run,) = run_experiment(study(compare=["random"]), tmp_path, events=recorder)
    (failure,) = run.failures().values()
    reason = "training length=0.5 failed: ZeroDivisionError: by nothing"
    assert (failure.label, failure.reason, failure.attempts) == ("length=0.5", reason, 1)
    assert ("failed", "length=0.5", reason) in recorder.heard
    own = lane_states(run)["matrix-gp"]
    assert len(own.picks) == 3  # of four rounds; the failed one counts
    assert own.transfer.failed == (4,)
    assert tried.count("length=0.5") == 1
    assert run.path.joinpath("gaps.csv").is_file()


def test_a_failed_source_is_shown_in_the_study_also_when_it_is_made_again(
    tmp_path, stub, monkeypatch
):
    failing(monkeypatch, {"length=0.5"})
    (run,) = run_experiment(study(compare=()), tmp_path)
    for _ in range(2):
        watched = load(run, "matrix-gp")
        (failed,) = watched.get_trials(states=[optuna.trial.TrialState.FAIL])
        assert failed.params == {"ctx.length": pytest.approx(0.5)}
        assert "**Failed:** training length=0.5 failed" in get_note(failed_trial(watched, failed))
        run.study_file.unlink()
        continue_run(run)


def failed_trial(watched, failed):
    return optuna.Trial(watched, failed._trial_id)


def test_a_finished_run_with_failures_is_left_untouched_until_they_are_forgotten(
    tmp_path, stub, monkeypatch, recorder
):
    with monkeypatch.context() as broken:
        failing(broken, {"length=0.5"})
        (run,) = run_experiment(study(compare=()), tmp_path)
    continue_run(run, events=recorder)
    assert recorder.heard == [("unchanged",)]
    run.forget_failures()
    continue_run(run)
    (whole,) = run_experiment(study(compare=()), tmp_path / "whole")
    picks = lane_states(whole)["matrix-gp"].transfer.trained
    assert lane_states(run)["matrix-gp"].transfer.trained == picks
    assert not run.failures()


def test_where_every_source_fails_the_run_ends_after_its_rounds(tmp_path, stub, monkeypatch):
    tried = failing(monkeypatch, {x.label for x in study().sources()}, SourceFailed)
    (run,) = run_experiment(study(compare=()), tmp_path)
    assert len(tried) == len(run.failures()) == 4
    assert run.sources() == {}


def test_an_error_of_the_run_ends_it_and_what_is_ready_beside_it_is_committed(
    tmp_path, stub, monkeypatch
):
    failing(monkeypatch, {"length=0.5"}, StorageError)
    with pytest.raises(StorageError, match="by nothing"):
        run_experiment(study(), tmp_path, jobs=2)
    run = Run.open(tmp_path / "cartpole-length" / "seed-0")
    assert (len(run.sources()), run.failures()) == (1, {})


@pytest.mark.filterwarnings("error")  # Optuna's, of a point that is reported twice
@pytest.mark.parametrize("lost", [1, 2])
def test_a_job_whose_worker_dies_is_repeated(tmp_path, stub, monkeypatch, lost):
    train, left = controller.train_and_evaluate, [lost]

    def die(job):
        outcome = train(job)
        if left[0]:
            left[0] -= 1
            raise WorkerDied("its worker died")
        return outcome

    monkeypatch.setattr(controller, "train_and_evaluate", die)
    (run,) = run_experiment(study(compare=()), tmp_path)
    assert (len(run.sources()), run.failures()) == (4, {})


def test_a_job_whose_workers_die_three_times_is_given_up(tmp_path, stub, monkeypatch):
    tried = failing(monkeypatch, {"length=0.5"}, WorkerDied)
    (run,) = run_experiment(study(compare=()), tmp_path)
    (failure,) = run.failures().values()
    assert (failure.reason, failure.attempts) == ("by nothing, in each of 3 attempts", 3)
    assert tried[:4] == ["length=0.5"] * 3 + [tried[3]]


@pytest.mark.parametrize("damage", ["half", "short", "empty", "garbage", "missing", "flipped"])
@pytest.mark.parametrize("name", ["study.journal", "gaps.parquet"])
def test_what_is_made_from_the_sources_is_made_again_however_it_was_damaged(
    tmp_path, stub, name, damage
):
    (run,) = run_experiment(study(compare=(), rounds=1), tmp_path)
    path, count = run.path / name, len(stub)
    before = told(run)
    good = path.read_bytes()
    middle = len(good) // 2
    flipped = good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :]
    bad = {"half": good[:middle], "short": good[:100], "empty": b"", "garbage": b"\0" * 99,
           "missing": None, "flipped": flipped}[damage]  # fmt: skip
    path.unlink() if bad is None else path.write_bytes(bad)
    continue_run(run)
    assert told(run) == before
    assert len(stub) == count
    assert is_published(run.path)


def told(run: Run):
    """What a study says of each trial, and the run's gaps."""
    trials = load(run, "matrix-gp").trials
    gaps = (run.path / "gaps.csv").read_text()
    return [(t.params, t.value, t.user_attrs["gain"]) for t in trials], gaps


def test_another_experiment_of_the_same_name_is_refused(tmp_path, stub):
    run_experiment(study(), tmp_path)
    with pytest.raises(InvalidExperiment, match=r"selection\.rounds was 4 and is now 3"):
        run_experiment(study(rounds=3), tmp_path)


def test_two_at_once_are_refused(tmp_path, stub):
    run = Run.create(tmp_path / "cartpole-length" / "seed-0", study().resolved().to_toml())
    with run.working(), pytest.raises(RunLocked, match="in use by process"):
        run_experiment(study(), tmp_path)
