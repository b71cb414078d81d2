from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import rltransfer
from rltransfer.data import Transitions
from rltransfer.errors import (
    InvalidContext,
    InvalidDataset,
    InvalidPolicy,
    SourceFailed,
    UnknownName,
)
from rltransfer.evaluation import evaluate
from rltransfer.experiment.datasets import DatasetPlan, record
from rltransfer.experiment.datasets.checkpoints import Checkpoint, Checkpoints
from rltransfer.experiment.datasets.recipe import thinned
from rltransfer.training.policy import Policy

CARTPOLE = rltransfer.make("cartpole")
PENDULUM = rltransfer.make("pendulum")


def plan(quality="medium", contexts=({"length": 0.5},), steps=2000, **rest):
    return DatasetPlan(CARTPOLE, contexts, quality, steps, **{"train_steps": 8192, **rest})


@pytest.fixture(scope="module")
def recorded():
    """Each quality once, from the same training."""
    qualities = (
        "random", "medium", "medium-replay", "full-replay", "medium-expert", "expert"
    )  # fmt: skip
    return {quality: record(plan(quality)) for quality in qualities}


def only(found):
    (entry,) = found.info.contexts
    return entry


def test_so_many_steps_as_asked_for(recorded):
    for quality, found in recorded.items():
        steps = len(found.transitions)
        assert (steps <= 2000) if quality.endswith("replay") else (steps == 2000)
        assert only(found).returns.steps == steps
        assert found.transitions.contexts[0]["length"] == 0.5


def test_better_policies_return_more(recorded):
    mean = {quality: only(found).returns.mean for quality, found in recorded.items()}
    assert mean["random"] < mean["medium"] < mean["expert"]
    assert mean["random"] < mean["medium-expert"]
    assert 15 < mean["random"] < 30  # CartPole under uniform actions: about 22


def test_all_qualities_share_training_and_references(recorded):
    known = [only(recorded[q]).reference for q in ("medium", "medium-replay", "expert")]
    assert known[0] == known[1] == known[2]
    assert known[0].episodes == 8192 // 500
    medium = only(recorded["medium"]).behaviours[0]
    both = only(recorded["medium-expert"]).behaviours
    assert [b["role"] for b in both] == ["medium", "expert"]
    assert both[0] == medium
    assert both[1] == only(recorded["expert"]).behaviours[0]
    assert int(both[0]["steps"]) <= int(both[1]["steps"])
    assert len(medium["weights_sha256"]) == 64


def test_random_data_train_nothing_and_say_so(recorded):
    assert only(recorded["random"]).reference is None
    assert recorded["random"].info.score is None


def test_the_expert_scores_about_a_hundred(recorded):
    expert = only(recorded["expert"])
    assert float(expert.behaviours[0]["score"]) == 100.0
    assert expert.score is not None


def test_a_replay_ends_where_the_medium_policy_begins(recorded):
    steps = int(only(recorded["medium"]).behaviours[0]["steps"])
    whole = record(plan("medium-replay", steps=100_000)).transitions
    assert len(whole) == steps
    part = recorded["medium-replay"].transitions
    assert len(part) == steps or len(part) <= 2000


def test_a_full_replay_ends_where_the_expert_begins(recorded):
    steps = int(only(recorded["expert"]).behaviours[0]["steps"])
    assert len(record(plan("full-replay", steps=100_000)).transitions) == steps


def test_the_same_plan_gives_the_same_data(recorded):
    again = record(plan("medium"))
    assert again.info == recorded["medium"].info
    np.testing.assert_array_equal(
        again.transitions.observations, recorded["medium"].transitions.observations
    )


def test_another_seed_gives_other_data(recorded):
    other = record(plan("random", seed=1)).transitions
    one = recorded["random"].transitions
    assert not np.array_equal(other.observations, one.observations)


def test_mixed_contexts_get_equal_parts_and_trainings_of_their_own():
    told = []
    mixed = plan("mixed-context", ({"length": 0.5}, {"length": 1.0}), steps=1001)
    found = record(mixed, lambda *words: told.append(words))
    assert [entry.returns.steps for entry in found.info.contexts] == [501, 500]
    assert [x["length"] for x in found.transitions.contexts] == [0.5, 1.0]
    hashes = {entry.behaviours[0]["weights_sha256"] for entry in found.info.contexts}
    assert len(hashes) == 2
    assert found.info.contexts[0].reference != found.info.contexts[1].reference
    assert {what for what, _, _ in told} == {"training", "recording"}
    assert all(0 <= done <= total for _, done, total in told)


@pytest.fixture(scope="module")
def policy():
    return record_policy()


def record_policy():
    from rltransfer.training import HeadStart, OnlineRL, SilentMonitor, TrainingProblem

    problem = TrainingProblem(CARTPOLE, [{}])
    stage = OnlineRL(replace(plan().settings, steps=8192))
    return stage.run(problem, HeadStart(), np.random.SeedSequence(0), SilentMonitor()).policy


def test_a_given_policy_is_recorded(policy):
    assert isinstance(policy, Policy)
    found = record(plan("expert", policy=policy, steps=500))
    entry = only(found)
    assert entry.reference is not None
    assert entry.behaviours[0]["steps"] == policy.spec.provenance["steps"]
    assert only(record(plan("medium", policy=policy, steps=500))).reference is None


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda p: plan("good"), UnknownName, "unknown quality 'good'"),
        (lambda p: plan("mediun"), UnknownName, "did you mean 'medium'?"),
        (lambda p: plan("mixed-context"), InvalidDataset, "two contexts or more"),
        (lambda p: plan("medium", ({}, {"length": 1.0})), InvalidDataset, "all others in one"),
        (lambda p: plan("mixed-context", ({}, {})), InvalidDataset, "one is given twice"),
        (lambda p: plan(contexts=()), InvalidDataset, "got 'medium' and 0 of them"),
        (lambda p: plan(steps=1), InvalidDataset, "at least 2 steps per context; got 1"),
        (lambda p: plan(train_steps=0), InvalidDataset, "at least 1 step; got 0"),
        (lambda p: plan(contexts=({"lenght": 1},)), InvalidContext, "did you mean 'length'?"),
        (lambda p: plan("medium-expert", policy=p), InvalidDataset, "more than one policy"),
        (lambda p: DatasetPlan(PENDULUM, ({},), "expert", 99, policy=p), InvalidPolicy, "pendulum"),
    ],
)
def test_what_cannot_be_recorded_is_refused_before_training(policy, make, error, message):
    with pytest.raises(error) as caught:
        make(policy)
    assert message in str(caught.value)


# -- the choice of checkpoints -----------------------------------------------------------------


def checkpoints(*scores):
    return Checkpoints(tuple(Checkpoint(100 * i, None, s) for i, s in enumerate(scores, 1)))


@pytest.mark.parametrize(
    ("scores", "best", "medium"),
    [
        ((0, 10, 35, 60, 90), 500, 300),
        ((0, 90, 30, 20), 200, 100),  # no later than the best
        ((0, 90, 30, 90), 400, 300),  # of equals, the latest is best
        ((90,), 100, 100),
    ],
)
def test_medium_is_nearest_to_a_third_before_the_best(scores, best, medium):
    found = checkpoints(*scores)
    assert found.best.steps == best
    played = [x.score for x in found.until_best]
    assert found.medium(0.0, played).steps == medium


def test_a_training_that_learns_nothing_has_no_medium():
    with pytest.raises(SourceFailed, match="Train longer with --train-steps"):
        checkpoints(1.0, 2.0).medium(2.0, [1.0, 2.0])


def test_medium_is_chosen_by_what_will_be_recorded():
    assert checkpoints(30, 60, 90).medium(0.0, [5, 29, 80]).steps == 200


def test_what_training_saw_is_cut_in_every_row(cartpole_rows):
    data, rows = cartpole_rows
    found = replace(checkpoints(1.0), recorded=data, rows=rows)
    seen = found.seen_until(Checkpoint(rows * 40, None, 1.0))
    assert len(seen) == rows * 40
    whole = data.observations.reshape(rows, -1, 4)
    np.testing.assert_array_equal(seen.observations.reshape(rows, 40, 4), whole[:, :40])
    assert seen.ends[39::40].all()
    assert not (seen.terminated & seen.truncated).any()


@pytest.fixture
def cartpole_rows():
    from rltransfer.envs.vector import ContextVecEnv
    from rltransfer.training.recording import RecordingVecEnv

    venv = RecordingVecEnv(ContextVecEnv(CARTPOLE, [{}] * 3), 10_000)
    venv.seed(0)
    venv.reset()
    rng = np.random.default_rng(0)
    for _ in range(100):
        venv.step(rng.integers(2, size=3))
    return venv.transitions(), 3


def test_thinning_draws_whole_episodes(cartpole_rows):
    data, _ = cartpole_rows
    assert thinned(data, 300, np.random.default_rng(0)) is data
    part = thinned(data, 100, np.random.default_rng(0))
    assert 50 < len(part) <= 100
    assert set(part.episode_lengths) <= set(data.episode_lengths)
    assert isinstance(thinned(data, 1, np.random.default_rng(0)), Transitions)


@pytest.mark.slow
def test_a_real_training_gives_the_usual_order():
    """With the family's own training, the expert's data are near 100 and the medium's a third."""
    expert = record(DatasetPlan(CARTPOLE, ({},), "expert", 20_000))
    medium = record(DatasetPlan(CARTPOLE, ({},), "medium", 20_000))
    assert only(expert).reference.expert > 475
    assert expert.info.score > 85
    assert 15 < medium.info.score < 60
    assert only(expert).reference.episodes == 100
    returns = evaluate(record_policy(), CARTPOLE, [CARTPOLE.space.default], 5, 0).returns
    assert returns.shape == (1, 5)
