"""Clones act like the data, each in its own way; an expert that is known is found again."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from rltransfer.errors import InvalidExperiment
from rltransfer.training import HeadStart, SilentMonitor
from rltransfer.training.offline.actors import ActorStack
from rltransfer.training.offline.cloning import REPORT, Cloning, disagreement
from rltransfer.training.offline.heads import Categorical, Gaussian
from rltransfer.training.offline.samples import Samples
from rltransfer.training.offline.view import DataView
from rltransfer.training.policy_spec import NetworkSpec
from tests.training.offline.policy_toys import problem_of, same, transitions

NETWORK = NetworkSpec(actor=(16,), critic=(8,), activation="tanh")
CLONING = Cloning(NETWORK, steps=300, batch=64, learning_rate=1e-2)
SLOPES = {"cartpole": np.array([1.0, -0.5, 0.8, 0.2]), "pendulum": np.array([0.2, -0.1, 0.15])}


class Progress(SilentMonitor):
    def __init__(self):
        self.heard = []

    def working(self, stage, done, total):
        self.heard.append((stage, done, total))


def expert(env, observations):
    """Right where a linear score is positive; a torque proportional to the score."""
    score = (observations - 2.0) @ SLOPES[env]
    return (score > 0).astype(np.int64) if env == "cartpole" else score[:, None]


def recorded(env, T=2000, seed=0, noise=0.0, **context):
    problem = problem_of(env, **context)
    data = transitions(problem, T=T, seed=seed)
    actions = expert(env, data.observations)
    if env == "pendulum":
        rng = np.random.default_rng(seed)
        actions = (actions + noise * rng.normal(size=actions.shape)).astype(np.float32)
    return problem, HeadStart(data=replace(data, actions=actions))


def clone(problem, start, seed=0, stage=CLONING, monitor=None):
    return stage.run(problem, start, np.random.SeedSequence(seed), monitor or SilentMonitor())


def heads(policies, problem, data):
    z = Samples([DataView().of(problem, data)]).z
    with torch.no_grad():
        return ActorStack(policies)(z.expand(len(policies), -1, -1))


def pairwise_divergence(policies, problem, data):
    head = heads(policies, problem, data).detach()
    n = len(policies)
    rolls = [
        Categorical(head.logits.roll(k, 0))
        if isinstance(head, Categorical)
        else Gaussian(head.mean.roll(k, 0), head.log_std.roll(k, 0))
        for k in range(1, n)
    ]
    return float(torch.stack([head.kl(other) for other in rolls]).mean())


# -- what is learnt --------------------------------------------------------------------------------


def test_a_threshold_is_found_again():
    problem, start = recorded("cartpole")
    learned = clone(problem, start).learned
    fresh = transitions(problem, T=1000, seed=9).observations
    for member in learned.members:
        assert (member.act(fresh) == expert("cartpole", fresh)).mean() > 0.95


def test_a_linear_controller_and_its_noise_are_found_again():
    problem, start = recorded("pendulum", noise=0.2)
    learned = clone(problem, start).learned
    fresh = transitions(problem, T=1000, seed=9).observations
    wanted = np.clip(expert("pendulum", fresh), -2.0, 2.0)
    for member in learned.members:
        assert np.abs(member.act(fresh) - wanted).mean() < 0.08
        assert np.exp(member.weights["log_std"][0]) == pytest.approx(0.2, rel=0.2)


def test_a_deterministic_expert_does_not_end_in_a_vanishing_deviation():
    problem, start = recorded("pendulum")
    problem, start = (
        problem,
        start.having(data=replace(start.data, actions=np.zeros_like(start.data.actions))),
    )
    members = clone(problem, start).learned.members
    for member in members:
        assert member.weights["log_std"][0] >= np.float32(np.log(2.0) - 3.0) - 1e-6


def test_the_loss_is_the_mean_likelihood_of_the_data():
    """Actions independent of the state, 0.3 and 0.7 likely: the entropy is what remains."""
    problem, start = recorded("cartpole", T=4000)
    coins = (np.random.default_rng(1).random(4000) < 0.3).astype(np.int64)
    stage = replace(CLONING, learning_rate=3e-3, steps=400)
    result = clone(problem, start.having(data=replace(start.data, actions=coins)), stage=stage)
    entropy = -(0.3 * np.log(0.3) + 0.7 * np.log(0.7))
    assert result.findings["loss"] == pytest.approx([entropy] * 4, abs=0.03)


@pytest.mark.parametrize("env", ["cartpole", "pendulum"])
def test_similar_data_count_more(env):
    """Two experts in two contexts; with a narrow view, the own one's is learnt."""
    problem = problem_of(env)
    feature = {"cartpole": "masscart", "pendulum": "gravity"}[env]
    data = transitions(problem, T=2000, **{feature: 9.0 if env == "cartpole" else 3.0})
    actions = expert(env, data.observations).astype(data.actions.dtype)
    other = 1 - actions if env == "cartpole" else -actions
    own = data.context_index == 0
    mixed = np.where(own if env == "cartpole" else own[:, None], actions, other)
    start = HeadStart(data=replace(data, actions=mixed))
    stage = replace(CLONING, view=DataView(bandwidth=0.05), members=1)
    policy = clone(problem, start, stage=stage).policy
    acted = policy.act(data.observations)
    if env == "cartpole":
        assert (acted == actions).mean() > 0.93
    else:
        assert np.abs(acted - np.clip(actions, -2, 2)).mean() < 0.12


# -- ensembles -------------------------------------------------------------------------------------


@pytest.mark.parametrize("env", ["cartpole", "pendulum"])
def test_rewarded_disagreement_sets_members_apart(env):
    problem, start = recorded(env, noise=0.5)
    flipped = np.random.default_rng(0).random(2000) < 0.2
    if env == "cartpole":  # not separable, so that members keep doubts to differ in
        actions = np.where(flipped, 1 - start.data.actions, start.data.actions)
        start = start.having(data=replace(start.data, actions=actions))
    found = []
    for diversity in (0.0, 0.9):
        members = clone(problem, start, stage=replace(CLONING, diversity=diversity)).learned.members
        found.append(pairwise_divergence(members, problem, start.data))
    assert found[1] > 3.0 * found[0] > 0.0


def test_disagreement_is_the_distance_to_the_closest_member():
    generator = torch.Generator().manual_seed(0)
    logits = torch.log_softmax(torch.randn(2 * 3, 10, 2, generator=generator), -1)
    found = disagreement(Categorical(logits), 3)
    for g in range(2):
        for i in range(3):
            others = [
                Categorical(logits[3 * g + i][None]).kl(Categorical(logits[3 * g + j][None])).mean()
                for j in range(3)
                if j != i
            ]
            assert float(found[3 * g + i]) == pytest.approx(float(min(others)), abs=1e-6)


def test_disagreement_pushes_a_member_and_not_its_neighbour():
    mean = torch.tensor([[[0.0]], [[1.0]]], requires_grad=True)
    disagreement(Gaussian(mean, torch.zeros(2, 1, 1)), 2)[0].backward()
    assert mean.grad.flatten().tolist() == [-1.0, 0.0]


def test_members_differ_and_the_first_is_the_policy():
    problem, start = recorded("cartpole")
    result = clone(problem, start)
    members = result.learned.members
    assert len(members) == 4
    assert result.policy is members[0]
    assert not same(members[0], members[1])
    assert result.learned.data is start.data
    assert result.steps == 0
    stats = DataView().of(problem, start.data).normalization
    assert all(member.spec.normalization == stats for member in members)
    assert members[0].spec.network == NETWORK
    assert members[0].spec.context == dict(problem.context)


# -- reproducibility -------------------------------------------------------------------------------

SHORT = replace(CLONING, steps=60, diversity=0.1)


@pytest.mark.parametrize("env", ["cartpole", "pendulum"])
def test_the_same_seed_gives_the_same_weights(env):
    problem, start = recorded(env)
    one, again, other = (clone(problem, start, s, SHORT).learned.members for s in (3, 3, 4))
    assert all(same(a, b) for a, b in zip(one, again, strict=True))
    assert not same(one[0], other[0])


@pytest.mark.parametrize("env", ["cartpole", "pendulum"])
def test_problems_side_by_side_come_out_as_each_alone(env):
    feature = {"cartpole": "length", "pendulum": "gravity"}[env]
    given = [recorded(env, T=T, seed=k, **{feature: 1.0 + k}) for k, T in enumerate((500, 800))]
    problems, starts = (list(column) for column in zip(*given, strict=True))
    seeds = [np.random.SeedSequence(s) for s in (5, 6)]
    together = SHORT.run_all(problems, starts, seeds, SilentMonitor())
    for k, result in enumerate(together):
        alone = clone(problems[k], starts[k], 5 + k, SHORT)
        for one, two in zip(result.learned.members, alone.learned.members, strict=True):
            assert one.spec == two.spec
            for name, weight in one.weights.items():
                np.testing.assert_allclose(weight, two.weights[name], atol=1e-4)
        assert result.findings["loss"] == pytest.approx(alone.findings["loss"], abs=1e-3)


def test_threads_and_global_generators_do_not_matter():
    problem, start = recorded("pendulum")
    one = clone(problem, start, 1, SHORT).policy
    torch.set_num_threads(2)
    try:
        before = torch.get_rng_state()
        torch.manual_seed(8)
        assert same(clone(problem, start, 1, SHORT).policy, one)
        torch.set_rng_state(before)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_progress_is_told_to_the_end():
    problem, start = recorded("cartpole", T=200)
    watch = Progress()
    result = clone(problem, start, stage=CLONING, monitor=watch)
    assert watch.heard == [("cloning", 0, 300), ("cloning", REPORT, 300), ("cloning", 300, 300)]
    assert json.loads(json.dumps(result.findings)) == result.findings


def test_without_data_the_stage_is_named():
    with pytest.raises(InvalidExperiment, match="the stage 'cloning' needs recorded transitions"):
        clone(problem_of("cartpole"), HeadStart())
