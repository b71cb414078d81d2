"""One policy, one folder: made at once, continued after a kill, never taken for another."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest

from rltransfer.data import Transitions
from rltransfer.data.transitions_file import FILE, read_transitions
from rltransfer.errors import (
    Interrupted,
    InvalidContext,
    InvalidExperiment,
    InvalidPolicy,
    RunLocked,
    SourceFailed,
    UnknownName,
)
from rltransfer.experiment.solo import Listener, SoloRecord, SoloSpec, train_solo
from rltransfer.experiment.solo.beginnings import digest_of
from rltransfer.runs.lock import locked
from rltransfer.training import CurvePoint, FromScratch, Policy, StageResult, Trainer
from rltransfer.training.interruption import Interruption
from rltransfer.training.offline.fresh import fresh_policy, spec_for
from rltransfer.training.policy_spec import NetworkSpec
from rltransfer.training.recipes import RECIPES

NETWORK = NetworkSpec(actor=(8,), critic=(8,), activation="tanh")


@dataclass(frozen=True)
class Sketch:
    """Makes a random policy; no environment step."""

    name: str = "sketch"

    def run(self, problem, start, seed, monitor):
        policy = start.policy or fresh_policy(
            spec_for(problem, NETWORK, None), np.random.default_rng(seed)
        )
        monitor.working(self.name, 1, 1)
        return StageResult(start.having(policy=policy), 0, 0.5, findings={"width": 8})


@dataclass(frozen=True)
class Polish:
    """Scores the policy three times, records, and changes nothing."""

    name: str = "polish"
    record: int = 0

    def run(self, problem, start, seed, monitor):
        score = monitor.score(start.policy)
        points = tuple(CurvePoint(step, score) for step in (0, 50, 100))
        for step, value in points:
            monitor.report(step, 100, value)
        seen = steps_in(problem.contexts) if self.record else None
        return StageResult(start, 100, 1.0, points, recorded=seen)


def steps_in(contexts, T=5):
    x, last = np.zeros((T, 4), np.float32), np.arange(T) == T - 1
    return Transitions(
        x, np.zeros(T, np.int64), np.ones(T, np.float32), x, last, ~last & False,
        np.zeros(T, np.int32), contexts[:1],
    )  # fmt: skip


@dataclass(frozen=True)
class Sketchy(FromScratch):
    def trainer(self, env):
        return Trainer([Sketch(), Polish(record=self.record)])


@dataclass(frozen=True)
class Warm(Sketchy):
    @property
    def inherits(self):
        return True

    def warm_trainer(self, env):
        return self.trainer(env)


@pytest.fixture(autouse=True)
def recipes(monkeypatch):
    monkeypatch.setitem(RECIPES, "sketchy", Sketchy)
    monkeypatch.setitem(RECIPES, "warm", Warm)


SPEC = SoloSpec("cartpole", {"length": 0.7}, "sketchy", seed=3, record=10)


class Heard(Listener):
    def __init__(self):
        self.said = []

    def began(self, folder, resumed):
        self.said.append(("began", resumed))

    def unchanged(self, folder):
        self.said.append(("unchanged",))

    def working(self, stage, done, total, score=None):
        self.said.append((stage, done, total))

    def ended(self, folder):
        self.said.append(("ended",))


def weights_of(folder):
    return (folder / "policy.safetensors").read_bytes()


def test_a_training_leaves_a_policy_and_what_is_known_of_it(tmp_path):
    out, heard = tmp_path / "p", Heard()
    record = train_solo(SPEC.training(), out, heard)
    assert Policy.load(out).spec.context["length"] == 0.7
    assert record == SoloRecord.read(out)
    said = json.loads((out / "result.json").read_text())
    assert [stage["name"] for stage in said["stages"]] == ["sketch", "polish"]
    assert said["stages"][0]["findings"] == {"width": 8}
    assert (said["steps"], said["seconds"]) == (100, 1.5)
    assert said["training"]["seed"] == 3
    assert len(said["curve"]) == 3
    assert said["monitor_steps"] > 0
    assert said["final"]["episodes"] == 20
    assert said["simulator"]["gymnasium"]
    assert (out / "learning.csv").read_text().splitlines()[0] == "step,score"
    assert len(read_transitions(out / FILE)) == 5
    assert heard.said == [
        ("began", False), ("sketch", 1, 1), ("polish", 0, 100), ("polish", 50, 100),
        ("polish", 100, 100), ("ended",),
    ]  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_a_finished_folder_is_left_untouched(tmp_path):
    out, heard = tmp_path / "p", Heard()
    train_solo(SPEC.training(), out)
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    train_solo(SPEC.training(), out, heard)
    assert heard.said == [("unchanged",)]
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == before


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_training_goes_on_after_its_last_stage(tmp_path, monkeypatch, stop):
    whole, out, heard = tmp_path / "whole", tmp_path / "p", Heard()
    train_solo(SPEC.training(), whole)

    def stopped(self, problem, start, seed, monitor):
        monitor.score(start.policy)
        raise stop

    with monkeypatch.context() as patch:
        patch.setattr(Polish, "run", stopped)
        with pytest.raises(stop):
            train_solo(SPEC.training(), out)
    assert not out.exists()
    record = train_solo(SPEC.training(), out, heard)
    assert heard.said[:2] == [("began", True), ("polish", 0, 100)]  # no sketch again
    assert weights_of(out) == weights_of(whole)
    assert record == SoloRecord.read(whole)  # monitor's steps counted once, too
    assert not (tmp_path / "p.working").exists()


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (replace(SPEC, seed=4), "its seed was 3 and is now 4"),
        (replace(SPEC, steps=70), "its steps was 100000 and is now 70"),
        (replace(SPEC, context={"length": 0.8}), "its context was"),
        (replace(SPEC, trainer="from-scratch"), "its trainer was 'sketchy'"),
    ],
)
def test_a_folder_of_another_training_is_refused(tmp_path, monkeypatch, other, words):
    out = tmp_path / "p"
    train_solo(SPEC.training(), out)
    with pytest.raises(InvalidExperiment, match=words):
        train_solo(other.training(), out)


def test_an_interrupted_training_is_not_taken_for_another(tmp_path, monkeypatch):
    def stopped(self, problem, start, seed, monitor):
        raise KeyboardInterrupt

    monkeypatch.setattr(Polish, "run", stopped)
    with pytest.raises(KeyboardInterrupt):
        train_solo(SPEC.training(), tmp_path / "p")
    with pytest.raises(InvalidExperiment, match=r"p\.working holds another training: its seed"):
        train_solo(replace(SPEC, seed=4).training(), tmp_path / "p")


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(InvalidExperiment, match="holds no training"):
        train_solo(SPEC.training(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_one_process_at_a_time(tmp_path):
    with locked(tmp_path / "p.working"), pytest.raises(RunLocked, match="is in use by"):
        train_solo(SPEC.training(), tmp_path / "p")


@pytest.mark.parametrize(("error", "left"), [(InvalidExperiment, False), (SourceFailed, True)])
def test_wrong_input_leaves_nothing_and_a_failure_leaves_stages(tmp_path, monkeypatch, error, left):
    def failing(self, problem, start, seed, monitor):
        raise error("no.")

    monkeypatch.setattr(Polish, "run", failing)
    with pytest.raises(error):
        train_solo(SPEC.training(), tmp_path / "p")
    assert (tmp_path / "p.working" / "stages" / "00-sketch").exists() == left


def test_a_training_that_is_asked_to_stop_goes_on_later(tmp_path):
    wish = Interruption()

    class Impatient(Listener):
        def working(self, stage, done, total, score=None):
            wish.ask()

    with pytest.raises(Interrupted):
        train_solo(SPEC.training(), tmp_path / "p", Impatient(), wish)
    assert not (tmp_path / "p").exists()
    train_solo(SPEC.training(), tmp_path / "p", heard := Heard())
    assert ("sketch", 1, 1) not in heard.said  # it was kept
    train_solo(SPEC.training(), tmp_path / "whole")
    assert weights_of(tmp_path / "p") == weights_of(tmp_path / "whole")


def test_a_policy_to_start_from_is_gone_on_with(tmp_path):
    train_solo(SPEC.training(), tmp_path / "a")
    spec = SoloSpec("cartpole", {"length": 0.9}, "warm", policy=tmp_path / "a")
    training = spec.training()
    assert training.start.policy is not None
    assert training.start.members == (training.start.policy,)
    record = train_solo(training, tmp_path / "b")
    assert weights_of(tmp_path / "b") == weights_of(tmp_path / "a")
    assert len(record.training["from"]) == 16


def test_stopping_is_a_share_of_the_familys_scores():
    training = SoloSpec("pendulum", {}, stop=0.5, steps=10).training()
    (stage,) = training.trainer.stages
    assert stage.stop.score == -1350.0  # half way from -2200 to -500
    assert stage.settings.steps == 10


def test_visible_features_are_the_problems():
    training = SoloSpec("cartpole", {}, observe=("length",)).training()
    assert training.problem.observe == ("length",)
    assert training.told["observe"] == ["length"]


@pytest.mark.parametrize(
    ("spec", "error", "words"),
    [
        (SoloSpec("cartpole", trainer="warmer"), UnknownName, "did you mean 'warm'"),
        (SoloSpec("cartpool"), UnknownName, "did you mean 'cartpole'"),
        (SoloSpec("cartpole", {"length": 99.0}), InvalidContext, "must lie in"),
        (SoloSpec("cartpole", {"width": 1.0}), InvalidContext, "unknown context feature"),
        (SoloSpec("cartpole", observe=("x",)), InvalidContext, "unknown context feature"),
        (SoloSpec("cartpole", trainer="warm"), InvalidExperiment, "Give --dataset or --from"),
        (SoloSpec("cartpole", datasets=("a/b-v0",)), InvalidExperiment, "cannot use recorded"),
        (SoloSpec("cartpole", trainer="uni-o4", algorithm="DQN"), InvalidExperiment, "Give --d"),
    ],
)
def test_wrong_words_are_refused_in_a_sentence(spec, error, words):
    with pytest.raises(error, match=words):
        spec.training()


def test_a_policy_that_does_not_fit_is_refused(tmp_path):
    train_solo(SPEC.training(), tmp_path / "a")
    start = {"policy": tmp_path / "a"}
    with pytest.raises(InvalidExperiment, match="'sketchy' starts from random weights"):
        SoloSpec("cartpole", trainer="sketchy", **start).training()
    with pytest.raises(InvalidExperiment, match="needs recorded data beside the policy"):
        SoloSpec("cartpole", trainer="uni-o4", **start).training()
    with pytest.raises(InvalidPolicy, match="a policy of 4 observations"):
        SoloSpec("pendulum", trainer="warm", **start).training()
    with pytest.raises(InvalidPolicy, match="and the context's length is to be seen"):
        SoloSpec("cartpole", trainer="warm", observe=("length",), **start).training()
    with pytest.raises(InvalidPolicy, match="cannot be read"):
        SoloSpec("cartpole", trainer="warm", policy=tmp_path / "b").training()


def test_digests_tell_data_apart():
    contexts = SPEC.training().problem.contexts
    data = steps_in(contexts)
    assert digest_of(data) == digest_of(steps_in(contexts))
    other = replace(data, rewards=data.rewards + np.float32(1))
    assert digest_of(data) != digest_of(other)
