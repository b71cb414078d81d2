"""Offline PPO on problems whose best policy is known: a chain to walk, a torque to choose."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from rltransfer.errors import InvalidExperiment
from rltransfer.training import HeadStart, SilentMonitor
from rltransfer.training.offline.actors import ActorStack
from rltransfer.training.offline.cloning import Cloning
from rltransfer.training.offline.critic import CriticStack
from rltransfer.training.offline.dynamics_fit import FitDynamics
from rltransfer.training.offline.dynamics_stack import DynamicsStack
from rltransfer.training.offline.gate import BestSoFar, PairedGate
from rltransfer.training.offline.improvement import Improvement, published
from rltransfer.training.offline.improving import Improving
from rltransfer.training.offline.iql import FitIQL
from rltransfer.training.offline.scorers import AMQ, ModelReturn, Scores
from rltransfer.training.offline.view import DataView
from rltransfer.training.policy_spec import NetworkSpec
from tests.training.offline.policy_toys import random_policy, same

VIEW = DataView(gamma=0.9)
NETWORK = NetworkSpec(actor=(16,), critic=(8,), activation="tanh")
PREPARATION = [
    Cloning(NETWORK, VIEW, members=3, steps=200, batch=64, learning_rate=3e-3),
    FitIQL(VIEW, hidden=(24,), steps=800, batch=128, learning_rate=3e-3, polyak=0.05),
    FitDynamics(
        VIEW, members=3, hidden=(24,), hidden_ends=(16,), steps=500, batch=64, learning_rate=5e-3
    ),
]
STAGE = Improvement(
    VIEW,
    scorer=ModelReturn(horizon=15),
    witnesses=(AMQ(horizon=15),),
    steps=150,
    check_every=15,
    batch=64,
    starts=32,
    learning_rate=3e-3,
    kl_budget=None,
    trust=0.0,
)


@dataclass(frozen=True)
class Always:
    def decide(self, accepted, candidate):
        return torch.ones_like(accepted.values, dtype=torch.bool)


@dataclass(frozen=True)
class Never:
    def decide(self, accepted, candidate):
        return torch.zeros_like(accepted.values, dtype=torch.bool)


@dataclass(frozen=True)
class Fixed:
    """Scores that do not depend on the policies: (n,) plus noise of each start."""

    values: tuple[float, ...]
    noise: float = 0.0

    def scores(self, actors, critic, dynamics, starts):
        rng = np.random.default_rng(0)
        n, S = len(self.values), 400
        noise = self.noise * rng.normal(size=(1, n, 1, S))
        each = (
            np.array(self.values)[None, :, None, None] + noise - noise.mean(axis=3, keepdims=True)
        )
        return Scores(torch.from_numpy(each).float())


class Progress(SilentMonitor):
    def __init__(self):
        self.heard = []

    def working(self, stage, done, total):
        self.heard.append((stage, done, total))


def prepared(toy):
    start = HeadStart(data=toy.data)
    for k, stage in enumerate(PREPARATION):
        start = stage.run(toy.problem, start, np.random.SeedSequence(k), SilentMonitor()).learned
    return toy, start


@pytest.fixture(scope="module")
def walk(chain):
    return prepared(chain)


@pytest.fixture(scope="module")
def torque(bandit):
    return prepared(bandit)


@pytest.fixture(params=["discrete", "continuous"])
def given(request, walk, torque):
    return walk if request.param == "discrete" else torque


def improve(given, stage=STAGE, seed=0, monitor=None):
    toy, start = given
    return stage.run(toy.problem, start, np.random.SeedSequence(seed), monitor or SilentMonitor())


def working(given, stage):
    toy, start = given
    samples = stage.view.samples([toy.problem], [start], stage.name)
    return Improving(stage, samples, [start], [np.random.default_rng(0)])


def further(work, steps):
    """Go so many steps, then check; return where members were before it, and how far away."""
    for _ in range(steps):
        work.step(1e-2)
    before, (distance,) = work._now.policies(), work._distance(work._now)
    work.check()
    return before, distance


def moved(given, stage):
    """Fifteen steps, then a check."""
    work = working(given, stage)
    before, _ = further(work, 15)
    return work, before


def all_same(some, others):
    return all(same(one, other) for one, other in zip(some, others, strict=True))


# -- getting better --------------------------------------------------------------------------------


def test_the_better_way_along_a_chain_is_found(walk):
    """The recorded actions are random; to the right is best, and matters least at the far left."""
    chain, start = walk
    result = improve(walk)
    states = chain.one_of_each(chain.data.observations)
    before = np.mean([member.act(states)[1:].mean() for member in start.members])
    assert before < 0.9
    assert result.policy.act(states)[1:].tolist() == [1, 1, 1]
    found, first = result.findings["scores"]["ModelReturn"], result.findings["score before"]
    assert all(now > old for now, old in zip(found, first, strict=True))


def test_the_best_torques_are_approached(torque):
    """The recorded torques are uniform, so that clones choose 0; the best are 1 and -0.5."""
    bandit, start = torque
    x = bandit.data.observations

    def error(policy):
        return np.abs(policy.act(x)[:, 0] - bandit.wanted).mean()

    result = improve(torque)
    for old, new in zip(start.members, result.learned.members, strict=True):
        assert error(new) < 0.5 * error(old)
    assert error(result.policy) < 0.25


def test_the_papers_stage_improves_too(walk):
    chain, _ = walk
    stage = replace(
        published(VIEW), scorer=AMQ(horizon=15), witnesses=(), steps=150, check_every=15, batch=64,
        starts=32, learning_rate=3e-3,
    )  # fmt: skip
    states = chain.one_of_each(chain.data.observations)
    assert improve(walk, stage).policy.act(states).mean() >= 0.75


def test_what_the_paper_says_is_what_published_does():
    stage = published(VIEW)
    assert (type(stage.scorer), type(stage.gate)) == (AMQ, BestSoFar)
    assert (stage.kl_budget, stage.trust, stage.clip_range) == (None, 0.0, 0.25)
    assert stage.learning_rate == 1e-4
    assert stage.view is VIEW


# -- the gate --------------------------------------------------------------------------------------


def test_refused_members_come_out_as_they_went_in(given):
    result = improve(given, replace(STAGE, gate=Never(), steps=30))
    assert all_same(result.learned.members, given[1].members)
    assert result.findings["accepted"] == [0, 0, 0]
    assert result.findings["KL"] == [0.0, 0.0, 0.0]
    assert result.findings["score before"] == result.findings["scores"]["ModelReturn"]


@pytest.mark.parametrize("kl_budget", [None, 1e6])
def test_a_refused_member_goes_on(given, kl_budget):
    work, before = moved(given, replace(STAGE, gate=Never(), kl_budget=kl_budget))
    assert not any(same(one, two) for one, two in zip(before, given[1].members, strict=True))
    assert all_same(work._now.policies(), before)
    assert all_same(work.members()[0], given[1].members)


def test_a_refused_member_is_held_near_what_was_accepted_last_by_the_clip(given):
    def distance(clip_range):
        return further(working(given, replace(STAGE, gate=Never(), clip_range=clip_range)), 200)[1]

    assert (distance(0.2) > 0.0).all()
    assert (distance(0.2) < 0.2 * distance(1e6)).all()


def test_near_the_beginning_a_member_passes_without_the_gate(given):
    trusting = replace(STAGE, gate=Never(), trust=1e6, objection=Always())
    work, before = moved(given, trusting)
    rises = (work._best.values > work._first.values)[0].tolist()
    assert any(rises)
    for k, (now, start) in enumerate(zip(work.members()[0], given[1].members, strict=True)):
        assert same(now, before[k] if rises[k] else start)


@pytest.mark.parametrize("changed", [{"trust": 1e-9}, {"trust": 1e6, "objection": Never()}])
def test_far_away_or_under_objection_the_gate_decides_alone(given, changed):
    work, _ = moved(given, replace(STAGE, gate=Never(), **changed))
    assert all_same(work.members()[0], given[1].members)


def test_an_accepted_member_is_what_is_improved_on_next(given):
    work, before = moved(given, replace(STAGE, gate=Always()))
    assert all_same(work.members()[0], before)
    assert all_same(work._now.policies(), before)


def test_members_are_judged_each_by_itself(given):
    @dataclass(frozen=True)
    class Second:
        def decide(self, accepted, candidate):
            return torch.tensor([[False, True, False]])

    work, before = moved(given, replace(STAGE, gate=Second()))
    start = given[1].members
    assert all_same(work.members()[0], (start[0], before[1], start[2]))
    assert all_same(work._now.policies(), before)


def test_only_members_beyond_their_budget_go_back_to_where_they_began(given):
    stage, start = replace(STAGE, gate=Never()), given[1].members
    _, distance = further(working(given, stage), 15)
    budget = float(distance.sort().values[:2].mean())  # between the nearest and the others
    work = working(given, replace(stage, kl_budget=budget))
    before, _ = further(work, 15)
    assert (distance > budget).sum() == 2
    for k, now in enumerate(work._now.policies()):
        assert same(now, start[k] if distance[k] > budget else before[k])


def test_a_member_beyond_its_budget_goes_back_to_what_was_accepted_last(given):
    free = working(given, replace(STAGE, gate=Always()))
    (_, near), (_, far) = further(free, 3), further(free, 30)
    assert near.max() < far.min()
    budget = float(near.max() + far.min()) / 2
    work = working(given, replace(STAGE, gate=Always(), kl_budget=budget))
    (accepted, _), (left, _) = further(work, 3), further(work, 30)
    assert not any(same(one, two) for one, two in zip(accepted, given[1].members, strict=True))
    assert not any(same(one, two) for one, two in zip(left, accepted, strict=True))
    assert all_same(work._now.policies(), accepted)
    assert all_same(work.members()[0], accepted)
    assert work._accepted.tolist() == [[1, 1, 1]]


def test_a_member_that_has_spent_its_budget_is_refused(given):
    free = improve(given, replace(STAGE, gate=Always(), learning_rate=1e-2))
    assert max(free.findings["KL"]) > 0.02
    held = improve(given, replace(STAGE, gate=Always(), learning_rate=1e-2, kl_budget=0.02))
    assert max(held.findings["KL"]) <= 0.02
    assert 0 < max(held.findings["accepted"]) <= 10
    assert sum(held.findings["accepted"]) < sum(free.findings["accepted"])


def test_the_critic_and_the_data_are_handed_on_untouched(given):
    _, start = given
    weights = {name: array.copy() for name, array in start.critic.weights.items()}
    learned = improve(given, replace(STAGE, steps=30)).learned
    assert learned.critic is start.critic
    assert learned.dynamics is start.dynamics
    assert learned.data is start.data
    for name, array in weights.items():
        np.testing.assert_array_equal(start.critic.weights[name], array)


def test_the_value_functions_of_members_stay(given):
    result = improve(given, replace(STAGE, gate=Always(), steps=30))
    for old, new in zip(given[1].members, result.learned.members, strict=True):
        changed = {n for n in old.weights if not np.array_equal(old.weights[n], new.weights[n])}
        assert changed
        assert not any("value_net" in name for name in changed)
        assert new.spec == old.spec


# -- the choice ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "noise", "chosen"),
    [
        ((1.0, 1.0, 1.0), 0.0, 0),
        ((1.0, 2.0, 3.0), 0.1, 2),
        ((3.0, 2.0, 1.0), 0.1, 0),
        ((1.0, 1.001, 0.9), 1.0, 0),  # better by less than luck explains
        ((1.0, 1.5, 0.9), 1.0, 1),
    ],
)
def test_the_first_is_chosen_unless_another_is_clearly_better(walk, values, noise, chosen):
    stage = replace(STAGE, scorer=Fixed(values, noise), gate=PairedGate(), steps=0)
    result = improve(walk, stage)
    assert result.findings["chosen"] == chosen
    assert result.policy is result.learned.members[chosen]
    assert same(result.policy, walk[1].members[chosen])


def test_any_scorer_can_be_asked_about_the_accepted_members(given):
    """Not about the members as they are now, which nobody has accepted yet."""
    work, _ = moved(given, replace(STAGE, gate=Never()))
    scorer = STAGE.scorer
    expected = scorer.scores(ActorStack(given[1].members), *asked(given, work)).values
    assert work.scored(scorer) == expected.tolist()
    assert work.scored(Fixed((3.0, 1.0, 2.0)))[0] == pytest.approx([3.0, 1.0, 2.0])
    now = scorer.scores(work._now, *asked(given, work)).values
    assert work.scored(scorer) != now.tolist()


def asked(given, work):
    """The critic, the model and the starts that scores are made of."""
    _, start = given
    return CriticStack([start.critic]), DynamicsStack([start.dynamics]), work._starts


def test_the_chosen_member_is_the_policy(given):
    result = improve(given)
    assert result.policy is result.learned.members[result.findings["chosen"]]


# -- findings, progress, reproducibility -----------------------------------------------------------


def test_findings_are_complete_and_plain(given):
    watch = Progress()
    result = improve(given, replace(STAGE, steps=70), monitor=watch)
    found = result.findings
    assert json.loads(json.dumps(found)) == found
    assert found["checks"] == 4
    assert set(found["scores"]) == {"ModelReturn", "AMQ"}
    assert len(found["history"]) == 5
    assert found["history"][0] == found["score before"]
    assert found["history"][-1] == found["scores"]["ModelReturn"]
    for key in ("accepted", "KL", "score before"):
        assert len(found[key]) == 3
    assert all(0 <= a <= 4 for a in found["accepted"])
    assert watch.heard == [("offline PPO", s, 70) for s in (15, 30, 45, 60)]
    assert (result.steps, result.curve) == (0, ())
    assert result.seconds > 0


def test_the_same_seed_gives_the_same_members(given):
    stage = replace(STAGE, gate=Always(), steps=30)
    one, again, other = (improve(given, stage, s).learned.members for s in (1, 1, 2))
    assert all_same(one, again)
    assert not same(one[0], other[0])


def test_problems_side_by_side_come_out_as_each_alone(given):
    toy, start = given
    stage = replace(STAGE, gate=Always(), steps=30)
    seeds = [np.random.SeedSequence(s) for s in (1, 2)]
    together = stage.run_all([toy.problem] * 2, [start] * 2, seeds, SilentMonitor())
    for k, result in enumerate(together):
        alone = improve(given, stage, seed=1 + k)
        for one, two in zip(result.learned.members, alone.learned.members, strict=True):
            for name, weight in one.weights.items():
                np.testing.assert_allclose(weight, two.weights[name], atol=2e-4)


# -- what is refused -------------------------------------------------------------------------------


def test_members_in_other_units_are_refused(walk):
    chain, start = walk
    raw = tuple(random_policy(chain.problem, network=NETWORK, seed=k) for k in range(2))
    with pytest.raises(
        InvalidExperiment, match=r"standardises observations otherwise than the dat"
    ):
        improve((chain, start.having(members=raw)))


def test_ensembles_of_unequal_sizes_are_refused(walk):
    toy, start = walk
    starts = [start, start.having(members=start.members[:2])]
    seeds = [np.random.SeedSequence(s) for s in (1, 2)]
    with pytest.raises(
        InvalidExperiment, match=r"side by side need ensembles of one size; got \[2, 3\]\."
    ):
        STAGE.run_all([toy.problem] * 2, starts, seeds, SilentMonitor())


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ({"data": None}, "'offline PPO' needs recorded transitions"),
        ({"members": ()}, "'offline PPO' needs an ensemble of policies; put a cloning stage"),
        ({"critic": None}, "'offline PPO' needs a critic; put a stage before it that fits one"),
        ({"dynamics": None}, "'offline PPO' needs a model of the environment"),
    ],
)
def test_what_is_missing_is_named(walk, missing, message):
    chain, start = walk
    with pytest.raises(InvalidExperiment, match=message):
        improve((chain, start.having(**missing)))
