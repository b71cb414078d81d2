from __future__ import annotations

import numpy as np
import pytest
import torch

import rltransfer
from rltransfer.data import Transitions
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.errors import InvalidExperiment, SourceFailed
from rltransfer.evaluation import evaluate
from rltransfer.training import HeadStart, NetworkSpec, SilentMonitor, TrainingProblem
from rltransfer.training.context_rounds import ContextRounds
from rltransfer.training.heard_contexts import HeardContexts
from rltransfer.training.iql_agent import IQLAgent, IQLUpdate
from rltransfer.training.iql_life import Life
from rltransfer.training.iql_online import OnlineIQL
from rltransfer.training.offline.extraction import ExtractIQL
from rltransfer.training.offline.iql import FitIQL
from rltransfer.training.offline.view import DataView
from rltransfer.training.recording import RecordingVecEnv
from rltransfer.training.replay import Replay
from rltransfer.training.stopping import StoppingRule
from rltransfer.training.surroundings import Surroundings

VIEW = DataView(gamma=0.98)
NETWORK = NetworkSpec(actor=(16,), critic=(16,), activation="tanh")
UPDATE = IQLUpdate(batch=32)


def random_data(problem, steps=400, n=4, seed=0):
    """What random actions do in a problem."""
    venv = RecordingVecEnv(ContextVecEnv(problem.env, list(problem.contexts) * n), limit=steps)
    venv.seed(seed)
    venv.action_space.seed(seed)
    venv.reset()
    while True:
        venv.step(np.array([venv.action_space.sample() for _ in range(venv.num_envs)]))
        if len(data := venv.transitions()) >= steps:
            return data


def prepared(env, contexts=({},), **sizes):
    """A problem, and the head start that quick offline stages give."""
    problem = TrainingProblem(rltransfer.make(env), contexts)
    start = HeadStart(data=random_data(problem, n=1, **sizes))
    for stage in (FitIQL(VIEW, hidden=(16,), steps=50), ExtractIQL(NETWORK, VIEW, steps=50)):
        start = stage.run(problem, start, np.random.SeedSequence(0), SilentMonitor()).learned
    return problem, start


@pytest.fixture(scope="module", params=["cartpole", "pendulum"])
def case(request):
    return prepared(request.param)


@pytest.fixture(scope="module")
def cartpole():
    return prepared("cartpole")


class Judge:
    """Scores like an experiment does, and remembers what it heard."""

    def __init__(self, problem):
        self.problem, self.heard = problem, []

    def score(self, policy):
        found = evaluate(policy, self.problem.env, self.problem.contexts, 3, seed=1)
        return float(found.returns.mean())

    def report(self, steps, total, score):
        self.heard.append((steps, total, score))

    def working(self, stage, done, total):
        raise AssertionError("there is an environment")


def run(stage, problem, start, seed=0, monitor=None):
    watch = monitor or SilentMonitor()
    return stage.run(problem, start, np.random.SeedSequence(seed), watch)


def test_it_counts_its_steps_and_scores_from_the_start_on(case):
    problem, start = case
    judge = Judge(problem)
    result = run(OnlineIQL(60, VIEW, n_envs=4, update=UPDATE, looks=3), problem, start, 0, judge)
    assert result.steps == 60
    assert [point.step for point in result.curve] == [0, 20, 40, 60]
    assert result.curve[0].score == judge.score(start.policy)
    assert judge.score(result.policy) == max(point.score for point in result.curve)
    assert judge.heard == [(point.step, 60, point.score) for point in result.curve]
    assert result.policy.spec.provenance["algorithm"] == "online IQL"
    assert result.policy.spec.normalization == start.policy.spec.normalization


def test_steps_are_whole_steps_of_all_environments(cartpole):
    result = run(OnlineIQL(10, VIEW, n_envs=4, update=UPDATE), *cartpole)
    assert result.steps == 12


def weights_of(result):
    return {**result.policy.weights, **result.learned.critic.weights}


def test_the_seed_decides_the_weights(case):
    stage = OnlineIQL(40, VIEW, n_envs=2, update=UPDATE)
    first, again, other = (weights_of(run(stage, *case, seed=seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["action_net.weight"], other["action_net.weight"])


@pytest.mark.parametrize(("per_step", "updates"), [(0.0, 0), (0.5, 20), (1.0, 40), (2.0, 80)])
def test_as_many_updates_as_asked_for(cartpole, monkeypatch, per_step, updates):
    counted = []
    monkeypatch.setattr(IQLAgent, "update", lambda self, drawn: counted.append(drawn))
    run(OnlineIQL(40, VIEW, n_envs=4, updates_per_step=per_step), *cartpole)
    assert len(counted) == updates


def test_without_updates_the_policy_is_the_one_it_began_with(case):
    problem, start = case
    result = run(OnlineIQL(20, VIEW, updates_per_step=0.0), problem, start)
    for name, weight in start.policy.weights.items():
        np.testing.assert_array_equal(result.policy.weights[name], weight)
    for name, weight in start.critic.weights.items():
        np.testing.assert_array_equal(result.learned.critic.weights[name], weight)


def test_what_it_remembers_is_what_a_recording_of_the_environment_says(case):
    """Two accounts of 450 steps: across terminations, time limits and resets."""
    problem, start = case
    agent = IQLAgent(problem, start.policy, start.critic, UPDATE, seed=0)
    first = agent.recorded(start.data)
    rng = np.random.default_rng(0)
    replay = Replay(first, np.ones(len(start.data)), 450, rng)
    venv = ContextVecEnv(problem.env, problem.contexts)
    recorder = RecordingVecEnv(venv, limit=450)
    rounds = ContextRounds(problem.contexts, rng)
    heard = HeardContexts(problem.contexts, rounds, rng, np.random.SeedSequence(0))
    life = Life(Surroundings(venv, heard, recorder), agent, replay, rng)
    for _ in range(450):
        life.step()
    recorded = recorder.transitions()
    assert isinstance(recorded, Transitions)
    assert recorded.ends[:-1].any()
    for name, column in agent.recorded(recorded).items():
        kept = replay.columns[name][len(start.data) :]
        np.testing.assert_allclose(kept, column, atol=1e-6, err_msg=name)


def test_several_contexts_are_told_to_the_critic():
    problem, start = prepared("cartpole", [{"length": 0.3}, {"length": 2.0}])
    assert start.critic.spec.features == ("length",)
    result = run(OnlineIQL(80, VIEW, n_envs=2, update=UPDATE, record=80), problem, start)
    assert {context["length"] for context in result.recorded.contexts} == {0.3, 2.0}


def test_it_stops_when_enough_is_learnt(cartpole):
    problem, start = cartpole
    stage = OnlineIQL(100, VIEW, update=UPDATE, looks=10, stop=StoppingRule(1.0, patience=2))
    result = run(stage, problem, start, 0, Judge(problem))
    assert [point.step for point in result.curve] == [0, 10]
    assert result.findings == {"stopped early": True}
    assert result.steps == 10


def test_global_generators_are_left_alone(cartpole):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    run(OnlineIQL(5, VIEW, update=UPDATE), *cartpole)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("missing", ["policy", "critic", "data"])
def test_what_is_missing_is_named(cartpole, missing):
    problem, start = cartpole
    with pytest.raises(InvalidExperiment, match="the stage 'online IQL' needs"):
        run(OnlineIQL(10, VIEW), problem, start.having(**{missing: None}))


def test_a_diverging_training_is_a_failed_source(cartpole):
    wild = OnlineIQL(60, VIEW, update=IQLUpdate(batch=8, learning_rate=1e30))
    with pytest.raises(SourceFailed, match=r"online IQL on cartpole.* not finite"):
        run(wild, *cartpole)


@pytest.mark.slow
def test_it_learns_to_balance_from_random_data():
    problem = TrainingProblem(rltransfer.make("cartpole"), [{}])
    start = HeadStart(data=random_data(problem, steps=3000, n=4))
    for stage in (FitIQL(VIEW, hidden=(64, 64), steps=3000), ExtractIQL(NETWORK, VIEW, steps=1500)):
        start = stage.run(problem, start, np.random.SeedSequence(0), SilentMonitor()).learned
    result = run(OnlineIQL(6000, VIEW, looks=10), problem, start, 0, Judge(problem))
    assert result.curve[0].score < 300.0
    assert max(point.score for point in result.curve) > 1.5 * result.curve[0].score
