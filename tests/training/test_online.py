from __future__ import annotations

import random
from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pytest
import torch

import rltransfer
from rltransfer.contexts import Context
from rltransfer.envs import TrainingDefaults
from rltransfer.errors import InvalidExperiment, InvalidPolicy, SourceFailed
from rltransfer.evaluation import evaluate
from rltransfer.training import HeadStart, OnlineRL, StoppingRule, TrainingProblem, resolve
from rltransfer.training.context_rounds import ContextRounds
from rltransfer.training.surroundings import make_venv

CARTPOLE = rltransfer.make("cartpole")
PENDULUM = rltransfer.make("pendulum")
TINY = {"n_steps": 16, "batch_size": 32, "n_epochs": 2}


class Watch:
    """Scores like an experiment does, and remembers every policy it saw."""

    def __init__(self, problem):
        self.problem, self.policies, self.scores, self.totals = problem, [], [], []

    def score(self, policy):
        found = evaluate(policy, self.problem.env, self.problem.contexts, 5, seed=1)
        self.policies.append(policy)
        self.scores.append(float(found.returns.mean()))
        return self.scores[-1]

    def report(self, steps, total, score):
        self.totals.append((steps, total, score))


def stage_of(algorithm="PPO", env=CARTPOLE, steps=256, n_envs=4, normalize=False, **changes):
    defaults = TrainingDefaults(origin="", steps=steps, n_envs=n_envs, normalize=normalize)
    hyperparameters = changes or (TINY if algorithm == "PPO" else {})
    return OnlineRL(resolve(algorithm, defaults, env, hyperparameters))


def train(stage, problem, seed=0, start=None, monitor=None):
    watch = monitor or Watch(problem)
    return stage.run(problem, HeadStart(policy=start), np.random.SeedSequence(seed), watch)


def equal(one, other):
    return one.spec == other.spec and all(
        np.array_equal(one.weights[name], other.weights[name]) for name in one.weights
    )


SMALL = {"buffer_size": 500, "learning_starts": 20, "batch_size": 16}
SMALL_NETS = {"policy_kwargs": {"net_arch": [8]}}


@pytest.mark.parametrize(
    ("algorithm", "env", "normalize", "changes"),
    [
        ("PPO", CARTPOLE, True, TINY),
        ("PPO", PENDULUM, False, {**TINY, "use_sde": True, "sde_sample_freq": 4}),
        ("A2C", CARTPOLE, False, {"n_steps": 8}),
        ("DQN", CARTPOLE, True, {**SMALL, "learning_starts": 50}),
        ("SAC", PENDULUM, True, {**SMALL, **SMALL_NETS}),
        ("TD3", PENDULUM, False, {**SMALL, **SMALL_NETS, "noise_type": "normal", "noise_std": 0.1}),
    ],
)
def test_the_same_seed_gives_the_same_weights(algorithm, env, normalize, changes):
    problem = TrainingProblem(env, [{}])
    stage = stage_of(algorithm, env, steps=160, n_envs=2, normalize=normalize, **changes)
    first = train(stage, problem, seed=3)
    np.random.random(5), torch.rand(5), random.random()  # noqa: NPY002
    again, other = train(stage, problem, seed=3), train(stage, problem, seed=4)
    assert equal(first.policy, again.policy)
    assert first.curve == again.curve
    assert not equal(first.policy, other.policy)


class Silent(Watch):
    """Measures nothing."""

    def score(self, policy):
        self.policies.append(policy)
        return float("nan")


def test_watching_does_not_change_the_training():
    problem = TrainingProblem(CARTPOLE, [{"length": 0.3}])
    watch, silent = Watch(problem), Silent(problem)
    seen = train(stage_of(steps=512), problem, monitor=watch)
    unseen = train(stage_of(steps=512), problem, monitor=silent)
    assert equal(watch.policies[-1], unseen.policy)
    assert unseen.policy is silent.policies[-1]
    assert len(seen.curve) > 0
    assert unseen.curve == ()


def test_global_random_state_and_threads_are_left_alone():
    torch.set_num_threads(2)
    before = random.getstate(), np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    train(stage_of(), TrainingProblem(CARTPOLE, [{}]))
    assert random.getstate() == before[0]
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[2])
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)


def test_keeps_the_best_checkpoint_it_saw():
    problem = TrainingProblem(CARTPOLE, [{}])
    watch = Watch(problem)
    result = train(stage_of(steps=1280), problem, monitor=watch)
    best = max(range(len(watch.scores)), key=lambda i: (watch.scores[i], i))
    assert result.policy is watch.policies[best]
    assert len(watch.scores) == 20
    assert [point.score for point in result.curve] == watch.scores
    assert result.steps == result.curve[-1].step == 1280
    assert watch.totals[-1] == (1280, 1280, watch.scores[-1])
    assert result.policy.spec.provenance["steps"] == str(result.curve[best].step)


def test_a_policy_knows_how_it_came_to_be():
    problem = TrainingProblem(CARTPOLE, [{"length": 0.7}])
    spec = train(stage_of(), problem, seed=11).policy.spec
    assert spec.env == "cartpole"
    assert spec.context == dict(problem.context)
    assert spec.provenance["seed"] == "11"
    assert spec.provenance["torch"] == torch.__version__
    assert spec.provenance["loops"] == "compiled"
    assert spec.provenance["numba"] == version("numba")
    assert spec.provenance["threads"] == "1"
    assert spec.network.actor == (64, 64)


def test_a_policy_tells_why_the_loops_of_its_training_were_not_compiled():
    problem = TrainingProblem(PENDULUM, [{}])
    sde = stage_of("PPO", PENDULUM, **{**TINY, "use_sde": True})
    sac = stage_of("SAC", PENDULUM, steps=20, n_envs=1, **{**SMALL, **SMALL_NETS})
    told = [train(stage, problem).policy.spec.provenance["loops"] for stage in (sde, sac)]
    assert "use_sde" in told[0]
    assert told[1] == "Stable-Baselines3's, for there are no others for SAC"


def test_multi_task_training_draws_its_contexts_in_rounds():
    contexts = [{"length": 0.1}, {"length": 0.5}, {"length": 2.0}]
    problem = TrainingProblem(CARTPOLE, contexts, ["length"])
    venv = make_venv(problem, 3, np.random.default_rng(0))
    assert sorted(x["length"] for x in venv.get_attr("context")) == [0.1, 0.5, 2.0]
    venv.seed(0)
    venv.reset()
    seen = []
    for _ in range(600):
        _, _, dones, _ = venv.step(np.ones(3, dtype=np.int64))
        seen += [
            venv.get_attr("context", row)[0]["length"] for row in np.flatnonzero(dones).tolist()
        ]
    assert len(seen) > 60
    counts = np.unique_counts(np.array(seen)).counts
    assert counts.max() - counts.min() <= 1


def test_a_sampler_hears_of_every_episode_in_the_context_that_it_had():
    contexts = [{"length": 0.1}, {"length": 0.5}, {"length": 2.0}]
    problem = TrainingProblem(CARTPOLE, contexts)
    heard = []

    class Listening(ContextRounds):
        def hear(self, episode):
            heard.append(episode)

    rng = np.random.default_rng(0)
    venv = make_venv(problem, 2, rng, Listening(problem.contexts, rng))
    venv.seed(0)
    venv.reset()
    living, ended = venv.get_attr("context"), []
    for _ in range(100):
        _, _, dones, infos = venv.step(np.ones(2, dtype=np.int64))
        for row in np.flatnonzero(dones).tolist():
            monitored = infos[row]["episode"]
            ended.append((living[row], monitored["r"], monitored["l"]))
            living[row] = venv.get_attr("context", row)[0]
    assert len(ended) > 10
    assert heard == ended


def test_training_by_mpts_is_decided_by_its_seed():
    problem = TrainingProblem(CARTPOLE, CARTPOLE.space.select(["length"]).grid(6))
    stage = replace(stage_of(), contexts="mpts")
    first, second = (train(stage, problem, seed=5).policy for _ in range(2))
    assert equal(first, second)


@pytest.mark.parametrize(("observe", "size"), [((), 4), (("length",), 5)])
def test_the_context_is_visible_or_hidden(observe, size):
    problem = TrainingProblem(CARTPOLE, [{"length": 0.1}, {"length": 2.0}], observe)
    policy = train(stage_of(), problem).policy
    assert policy.observation_size == size
    assert policy.observe == observe
    assert policy.spec.context is None


def test_a_stage_goes_on_from_a_policy():
    problem = TrainingProblem(CARTPOLE, [{}])
    stage = stage_of(normalize=True)
    start = train(stage, problem).policy
    still = stage_of(normalize=True, **{**TINY, "learning_rate": 1e-12, "n_epochs": 1})
    result = train(still, problem, seed=5, start=start, monitor=Silent(problem)).policy
    for name, weight in start.weights.items():
        np.testing.assert_allclose(result.weights[name], weight, atol=1e-6)
    stats, before = result.spec.normalization, start.spec.normalization
    assert stats.count == pytest.approx(before.count + 256 + 4)
    assert stats.mean != before.mean


def test_a_policy_of_another_kind_is_no_start():
    problem = TrainingProblem(CARTPOLE, [{}])
    start = train(stage_of(), problem).policy
    for stage, message in [
        (stage_of("A2C"), r"its algorithm is 'PPO', and the settings make 'A2C'"),
        (stage_of(**{**TINY, "policy_kwargs": {"net_arch": [8]}}), "its network is "),
        (stage_of(normalize=True), "trained with normalize = False, so set that here, too"),
    ]:
        with pytest.raises(InvalidPolicy, match=message):
            train(stage, problem, start=start)
    visible = TrainingProblem(CARTPOLE, [{}], ["length"])
    with pytest.raises(InvalidPolicy, match="its observation_space is "):
        train(stage_of(), visible, start=start)


def test_a_training_that_diverges_says_so():
    problem = TrainingProblem(PENDULUM, [{}])
    stage = stage_of(env=PENDULUM, steps=512, **{**TINY, "learning_rate": 1e30})
    with pytest.raises(SourceFailed, match=r"training PPO on pendulum\[.*failed after .* steps: "):
        train(stage, problem)


def test_settings_that_the_library_refuses_are_a_sentence():
    stage = stage_of(**{**TINY, "batch_size": 1})
    with pytest.raises(InvalidExperiment, match=r"PPO refuses its settings: `batch_size` must"):
        train(stage, TrainingProblem(CARTPOLE, [{}]))


def test_contexts_may_be_plain_contexts():
    problem = TrainingProblem(CARTPOLE, [Context(length=0.2)])
    assert train(stage_of(), problem).policy.spec.context["length"] == 0.2


class Rising(Watch):
    """Scores 0, 1, 2, …"""

    def score(self, policy):
        self.policies.append(policy)
        self.scores.append(float(len(self.scores)))
        return self.scores[-1]


@pytest.mark.parametrize(("score", "patience", "looks"), [(0.0, 1, 1), (2.0, 1, 3), (2.0, 3, 5)])
def test_a_training_stops_once_it_has_learnt_enough_and_counts_its_steps(score, patience, looks):
    problem, stop = TrainingProblem(CARTPOLE, [{}]), StoppingRule(score, patience)
    watch = Rising(problem)
    result = train(replace(stage_of(steps=1280), stop=stop), problem, monitor=watch)
    assert len(watch.scores) == looks == len(result.curve)
    assert result.policy is watch.policies[-1]
    assert result.findings == {"stopped early": True}
    assert result.steps == result.curve[-1].step
    assert watch.totals[-1][1] == 1280


def test_a_rule_that_is_not_met_spends_the_budget():
    problem, stop = TrainingProblem(CARTPOLE, [{}]), StoppingRule(1e9)
    result = train(replace(stage_of(steps=256), stop=stop), problem)
    assert result.steps == 256
    assert result.findings == {"stopped early": False}
    assert train(stage_of(steps=256), problem).findings == {}


def test_a_rule_met_at_the_last_look_alone_counts_as_met():
    problem = TrainingProblem(CARTPOLE, [{}])
    stage = replace(stage_of(steps=128), looks=2, stop=StoppingRule(1.0, 1))
    result = train(stage, problem, monitor=Rising(problem))
    assert result.steps == 128
    assert result.findings == {"stopped early": True}


def test_a_stopped_training_is_the_beginning_of_a_long_one():
    problem = TrainingProblem(CARTPOLE, [{}])
    long, short = Rising(problem), Rising(problem)
    train(stage_of(steps=640), problem, monitor=long)
    train(replace(stage_of(steps=640), stop=StoppingRule(2.0, 1)), problem, monitor=short)
    assert equal(short.policies[-1], long.policies[2])


def test_off_policy_trainings_stop_too():
    problem = TrainingProblem(CARTPOLE, [{}])
    stage = stage_of("DQN", steps=400, n_envs=1, **SMALL)
    result = train(replace(stage, stop=StoppingRule(3.0, 1)), problem, monitor=Rising(problem))
    assert result.steps < 120
    assert result.findings == {"stopped early": True}


def test_what_comes_before_a_training_is_handed_on():
    problem = TrainingProblem(CARTPOLE, [{}])
    known = train(stage_of(), problem).policy
    start = HeadStart(policy=known, members=(known, known))
    result = stage_of().run(problem, start, np.random.SeedSequence(1), Watch(problem))
    assert result.learned.members == (known, known)
    assert result.learned.policy is result.policy is not known
