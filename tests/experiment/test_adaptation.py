"""A run's best policy on a new target: who is chosen, what is compared, what is told."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from rltransfer.contexts import Context
from rltransfer.data.transitions_file import FILE
from rltransfer.errors import InvalidContext, InvalidExperiment, UnknownName
from rltransfer.evaluation import evaluate
from rltransfer.experiment.adaptation import AdaptationSpec, adapt
from rltransfer.experiment.adaptation.arms import arm, watched
from rltransfer.experiment.adaptation.choice import choose
from rltransfer.experiment.loop import run_experiment
from rltransfer.experiment.solo import Listener
from rltransfer.experiment.spec import Experiment
from rltransfer.files import open_json
from rltransfer.files.folders import write_manifest
from rltransfer.runs import Run
from rltransfer.seeding import derive_seed
from rltransfer.training import CurvePoint, FromScratch, Policy, StageResult, Trainer
from rltransfer.training.offline.fresh import fresh_policy, spec_for
from rltransfer.training.policy_spec import NetworkSpec
from rltransfer.training.recipes import RECIPES

NETWORK = NetworkSpec(actor=(8,), critic=(8,), activation="tanh")
TARGET = {"length": 0.93}
RAN = []


@dataclass(frozen=True)
class Climb:
    """Learning as a straight line from the start's height to 100, over 100 steps."""

    name: str = "climbing"
    looks: int = 20

    def run(self, problem, start, seed, monitor):
        RAN.append((start.policy is not None, len(start.members)))
        policy = start.policy or fresh_policy(
            spec_for(problem, NETWORK, None), np.random.default_rng(seed)
        )
        monitor.score(policy)
        low = 20.0 if start.policy is None else 60.0
        steps = np.linspace(0, 100, self.looks + 1)
        points = tuple(CurvePoint(int(t), low + (100 - low) * t / 100) for t in steps)
        return StageResult(start.having(policy=policy), 100, 1.0, points)


class Cold(FromScratch):
    def trainer(self, env):
        return Trainer([Climb()])


class Warm(Cold):
    """Goes on from a policy; refuses data, as a recipe does that needs none."""

    @property
    def inherits(self):
        return True

    def warm_trainer(self, env):
        return self.trainer(env)


class Learned(Warm):
    """Learns from data, too."""

    def data_trainer(self, env):
        return self.trainer(env)


@pytest.fixture
def climbing(monkeypatch):
    RAN.clear()
    for name, recipe in {"from-scratch": Cold, "warm": Warm, "learned": Learned}.items():
        monkeypatch.setitem(RECIPES, name, recipe)


@pytest.fixture
def run(tmp_path, toy, climbing):
    """A run of three sources with recorded data."""
    study = Experiment.of(
        "cartpole", vary=["length"], targets=6, rounds=3, training={"recipe": "toy"},
        selection={"selector": "equidistant"}, evaluation={"episodes": 2},
    )  # fmt: skip
    return run_experiment(study, tmp_path / "runs")[0]


def spec_for_arms(run, *trainers, **more):
    return AdaptationSpec(run, TARGET, (*trainers, "from-scratch"), steps=100, looks=4, **more)


def test_the_policy_with_the_highest_return_on_the_target_is_chosen(run):
    spec = spec_for_arms(run, "warm")
    policies = [Policy.load(folder) for folder in run.source_folders()]
    env, seed = spec.experiment.environment, 5
    found = [evaluate(policy, env, [spec.target], 2, seed) for policy in policies]
    means = [float(f.returns.mean()) for f in found]
    heard = []
    choice = choose(spec.sources, env, spec.target, 2, seed, lambda *said: heard.append(said))
    order = sorted(range(3), key=lambda i: -means[i])
    assert choice.means == tuple(means[i] for i in order)
    assert choice.sources[0].folder == run.source_folders()[order[0]]
    best = policies[order[0]].weights
    assert all(np.array_equal(best[n], w) for n, w in choice.start.policy.weights.items())
    assert choice.steps == sum(int(f.lengths.sum()) for f in found)
    assert heard == [(1, 3), (2, 3), (3, 3)]
    assert len(choice.start.members) == 3
    assert len(choice.start.data) == 3 * 6  # each source's playing has recorded 6 steps


def test_the_measures_of_every_arm_are_told(run):
    found = adapt(spec_for_arms(run, "warm"))
    warm, cold = found.arms
    # straight lines: warm 60 → 100, cold 20 → 100, over 100 steps; threshold 20 + 0.9·(95 - 20)
    assert found.threshold == pytest.approx(20 + 0.9 * (95 - 20))
    assert warm.metrics.jump_start == pytest.approx(40)
    assert warm.metrics.asymptote == pytest.approx(95)
    assert cold.metrics.steps_to_threshold == pytest.approx((87.5 - 20) / 80 * 100)
    assert warm.metrics.transfer_ratio == pytest.approx((80 - 60) / 60)
    said = open_json((run.path / "adaptations/length=0.93-seed-0/adaptation.json").read_bytes())
    assert said["arms"]["warm"]["jump_start"] == pytest.approx(40)
    assert said["arms"]["warm"]["folder"] == "arms/warm"
    assert said["context"]["length"] == 0.93
    assert said["selection"]["steps"] == found.choice.steps
    assert said["source_steps"] == 18
    assert said["notes"] == []
    assert RAN == [(True, 3), (False, 0)]


def test_every_arm_leaves_a_policy_and_is_trained_once(run, tmp_path):
    out = tmp_path / "out"
    adapt(spec_for_arms(run, "warm"), out)
    first = (out / "adaptation.json").read_text()
    for name in ("warm", "from-scratch"):
        assert Policy.load(out / "arms" / name).spec.env == "cartpole"
    adapt(spec_for_arms(run, "warm"), out)
    assert len(RAN) == 2
    assert (out / "adaptation.json").read_text() == first
    adapt(spec_for_arms(run, "warm", "learned"), out)
    assert len(RAN) == 3  # the new arm only


def test_after_an_interruption_finished_arms_stay(run, tmp_path, monkeypatch):
    class Stop(Listener):
        def ended(self, folder):
            raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        adapt(spec_for_arms(run, "warm"), out, Stop())
    assert (out / "arms/warm/result.json").is_file()
    assert not (out / "adaptation.json").exists()
    adapt(spec_for_arms(run, "warm"), out)
    assert RAN == [(True, 3), (False, 0)]


def test_arms_of_another_budget_are_refused(run, tmp_path):
    adapt(spec_for_arms(run, "warm"), tmp_path / "out")
    with pytest.raises(InvalidExperiment, match="its steps was 100 and is now 200"):
        adapt(replace(spec_for_arms(run, "warm"), steps=200), tmp_path / "out")


def test_without_a_reference_there_is_no_jump_start(run, tmp_path):
    found = adapt(AdaptationSpec(run, TARGET, ("warm",), looks=4), tmp_path / "out")
    (warm,) = found.arms
    assert warm.metrics.jump_start is None
    assert warm.metrics.transfer_ratio is None
    assert found.low == 0.0  # of CartPole's scores
    assert found.threshold == pytest.approx(0.9 * 95)


def test_without_recorded_data_offline_stages_are_left_out(run, tmp_path):
    for folder in run.source_folders():
        (folder / FILE).unlink()
        (folder / "MANIFEST.json").unlink()
        write_manifest(folder)
    found = adapt(spec_for_arms(run, "warm", "learned"), tmp_path / "out")
    assert [arm.name for arm in found.arms] == ["warm", "from-scratch"]
    assert "learned learns from recorded transitions" in found.notes[0]
    with pytest.raises(InvalidExperiment, match="nothing is left to adapt with: learned"):
        adapt(spec_for_arms(run, "learned"), tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_curves_begin_before_the_first_step_and_have_the_looks_asked_for(run):
    spec = AdaptationSpec(run, TARGET, ("warm-start-ppo",), looks=7)
    best = choose(spec.sources, spec.experiment.environment, spec.target, 1, 0, lambda *_: None)
    (stage,) = arm(spec, "warm-start-ppo", best.start).trainer.stages
    assert (stage.looks, stage.first_look) == (7, 0.0)


def test_a_training_from_nothing_is_scored_at_its_start_too():
    from rltransfer.envs import make
    from rltransfer.training.recipes import make_recipe

    (stage,) = watched(make_recipe("from-scratch").trainer(make("cartpole")), 7).stages
    assert (stage.looks, stage.first_look) == (7, 0.0)
    assert stage.settings.steps == 100_000


def test_the_seed_is_the_runs_unless_another_is_said(run):
    assert spec_for_arms(run, "warm").root == 0
    other = spec_for_arms(run, "warm", seed=7)
    best = choose(other.sources, other.experiment.environment, other.target, 1, 0, lambda *_: None)
    training = arm(other, "warm", best.start)
    assert training.seed_for("train warm") == derive_seed(7, "train warm", other.target)
    assert other.folder.name == "length=0.93-seed-7"


@pytest.mark.parametrize(
    ("context", "trainer", "error", "words"),
    [
        ({"length": 99.0}, "warm", InvalidContext, "must lie in"),
        ({"size": 1.0}, "warm", InvalidContext, "unknown context feature"),
        (TARGET, "warmer", UnknownName, "did you mean 'warm'"),
        (TARGET, "independent", InvalidExperiment, "does not go on learning"),
        (TARGET, "offline-only", InvalidExperiment, "does not go on learning"),
        (TARGET, "from-scratch", InvalidExperiment, "nothing goes on from the run's policies"),
    ],
)
def test_wrong_words_are_refused_and_write_nothing(run, tmp_path, context, trainer, error, words):
    with pytest.raises(error, match=words):
        adapt(AdaptationSpec(run, context, (trainer,)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_run_without_policies_is_refused(tmp_path, climbing):
    study = Experiment.of("cartpole", vary=["length"], targets=6, rounds=2).resolved()
    run = Run.create(tmp_path / "seed-0", study.to_toml())
    with pytest.raises(InvalidExperiment, match="has no trained source yet"):
        adapt(spec_for_arms(run, "warm"))


def test_policies_of_another_algorithm_are_refused(tmp_path, climbing):
    study = Experiment.of("cartpole", vary=["length"], training={"algorithm": "DQN"}).resolved()
    run = Run.create(tmp_path / "seed-0", study.to_toml())
    with pytest.raises(InvalidExperiment, match="holds DQN policies, and 'warm' can only"):
        adapt(spec_for_arms(run, "warm"))


def test_the_label_names_what_was_said(run):
    assert spec_for_arms(run, "warm").place == Context(TARGET).label
