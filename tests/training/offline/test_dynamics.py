from __future__ import annotations

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, r2_score, roc_auc_score

from rltransfer.errors import InvalidDataset, InvalidPolicy
from rltransfer.training.offline.dynamics import Dynamics
from rltransfer.training.offline.dynamics_findings import auc, balanced_accuracy, r_squared
from rltransfer.training.offline.dynamics_fit import FitDynamics
from rltransfer.training.offline.dynamics_stack import DynamicsStack, bounded
from rltransfer.training.offline.holdout import hold_out
from rltransfer.training.offline.keeper import StackKeeper
from rltransfer.training.offline.samples import Samples
from rltransfer.training.offline.stack import MLPStack
from rltransfer.training.offline.view import DataView
from tests.training.offline.model_toys import LIMIT, Rail, fitted

QUICK = FitDynamics(members=3, hidden=(32, 32), steps=1500, batch=128)
TINY = FitDynamics(members=2, hidden=(8,), steps=30, batch=32)


@pytest.fixture(scope="module", params=[False, True], ids=["continuous", "discrete"])
def case(request):
    rail = Rail(request.param)
    data = rail.record(100, seed=0)
    result = fitted(QUICK, [rail.problem()], [data], [0])[0]
    return rail, result


def test_a_linear_system_is_learnt_on_episodes_it_was_not_fitted_to(case):
    findings = case[1].findings
    assert findings["delta_r2"] > 0.999
    assert findings["worst_delta_r2"] > 0.99
    assert findings["reward_r2"] > 0.99
    assert findings["termination_auc"] > 0.98
    json.dumps(dict(findings), allow_nan=False)


@pytest.fixture(scope="module")
def foretold(case):
    """Steps of other episodes, and what each member says of them."""
    rail, result = case
    fresh = rail.record(240, seed=99)
    part = replace(QUICK.view.of(rail.problem(), result.learned.data), data=fresh)
    unseen = Samples([replace(part, likelihood=np.ones(len(fresh)) / len(fresh))])
    shown = [x[None, None].expand(1, 3, *x.shape) for x in (unseen.z, unseen.c, unseen.actions)]
    with torch.no_grad():
        return unseen, DynamicsStack([result.learned.dynamics]).step(*shown)


def test_the_next_state_and_the_reward_are_the_true_ones(foretold):
    unseen, step = foretold
    assert (step.next_z - unseen.next_z).abs().mean() < 0.01
    assert (step.rewards - unseen.rewards).abs().mean() < 0.02 * unseen.rewards.std()


def test_ends_are_foreseen_where_they_come_and_not_elsewhere(foretold):
    unseen, step = foretold
    ended = unseen.continues == 0.0
    p = step.terminated.mean(dim=(0, 1))
    assert 100 < ended.sum() < 240
    assert p[ended].mean() > 0.6
    assert p[~ended].mean() < 0.01
    assert p.mean() == pytest.approx(float(ended.float().mean()), rel=0.25)  # calibrated


def some_of(data, ended, calm):
    """So many episodes that terminated, and so many that did not."""
    terminated = data.terminated[data.ends]
    first, others = np.flatnonzero(terminated)[:ended], np.flatnonzero(~terminated)[:calm]
    return data.episodes(np.isin(np.arange(len(terminated)), [*first, *others]))


@pytest.mark.parametrize("seed", [0, 1])
def test_forty_ends_are_enough_to_learn_where_the_rail_ends(seed):
    """Of about 6,000 steps. Asked of the states that fresh episodes reach, on both sides."""
    rail, fit = Rail(), replace(QUICK, hidden=(8,), steps=3000)
    few, fresh = some_of(rail.record(240, seed), ended=40, calm=85), rail.record(240, seed=99)
    assert few.terminated.sum() == 40
    assert 5500 < len(few) < 6500
    model = fitted(fit, [rail.problem()], [few], [seed])[0].learned.dynamics
    unseen = Samples([replace(fit.view.of(rail.problem(), few), data=fresh)])
    reached = unseen.next_z.expand(1, 3, -1, -1)
    with torch.no_grad():
        logits = DynamicsStack([model]).end_logits(reached, torch.zeros(1, 3, len(fresh), 0))
    p = torch.sigmoid(logits).mean(dim=(0, 1)).numpy()
    assert balanced_accuracy_score(fresh.terminated, p > 0.5) > 0.9
    beyond = np.abs(fresh.next_observations[:, 0]) - LIMIT
    assert (p[beyond > 0.05] > 0.5).mean() > 0.95
    assert (p[beyond < -0.05] <= 0.5).all()


def test_ends_are_told_by_the_state_reached_alone(case):
    """What was done, and where, matters only through it."""
    rail, result = case
    stack, c = DynamicsStack([result.learned.dynamics]), torch.zeros(1, 3, 8, 0)
    z = torch.linspace(-1.0, 1.0, 8)[None, None, :, None].expand(1, 3, 8, 2)
    actions = torch.ones(1, 3, 8, dtype=torch.int64) if rail.discrete else torch.ones(1, 3, 8, 1)
    with torch.no_grad():
        step = stack.step(z, c, actions)
        p = torch.sigmoid(stack.end_logits(step.next_z, c))
    assert torch.equal(step.terminated, p)


def test_leaving_the_range_of_the_data_is_noticed(case):
    """From the edge of what may be imagined, a step at full speed leads beyond it."""
    rail, result = case
    weights = result.learned.dynamics.weights
    edge = torch.tensor(weights["high"] + 0.099 * (weights["high"] - weights["low"]))
    z = torch.stack([torch.zeros(2), edge])[None, None].expand(1, 3, 2, 2)
    push = torch.full((1, 3, 2), 2) if rail.discrete else torch.ones(1, 3, 2, 1)
    with torch.no_grad():
        step = DynamicsStack([result.learned.dynamics]).step(z, torch.zeros(1, 3, 2, 0), push)
    assert step.unknown.tolist() == [[[0.0, 1.0]] * 3]


def test_imagined_states_stay_near_the_data(case):
    stack = DynamicsStack([case[1].learned.dynamics])
    weights = case[1].learned.dynamics.weights
    z = torch.full((1, 3, 1, 2), 100.0)
    actions = torch.ones(1, 3, 1, dtype=torch.int64) if case[0].discrete else torch.ones(1, 3, 1, 1)
    with torch.no_grad():
        after = stack.step(z, torch.zeros(1, 3, 1, 0), actions).next_z
    span = weights["high"] - weights["low"]
    assert (after.numpy() <= weights["high"] + 0.1 * span + 1e-5).all()


def test_members_differ_where_there_are_no_data_more_than_where_there_are(case):
    rail, result = case
    stack = DynamicsStack([result.learned.dynamics])
    actions = torch.ones(1, 3, 1, dtype=torch.int64) if rail.discrete else torch.ones(1, 3, 1, 1)

    def disagreement(at: float) -> float:
        z = torch.full((1, 3, 1, 2), at)
        with torch.no_grad():
            return float(stack(z, torch.zeros(1, 3, 1, 0), actions).mean.std(dim=1).mean())

    assert disagreement(20.0) > 5.0 * disagreement(0.5)


def test_hidden_contexts_are_told_apart_by_their_features():
    rail = Rail()
    data = rail.record(100, 0, 0.5, 1.5)
    result = fitted(QUICK, [rail.problem(0.5)], [data], [0])[0]
    assert result.learned.dynamics.spec.features == ("push",)
    stack = DynamicsStack([result.learned.dynamics])
    z, push = torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 1)
    c = torch.tensor([0.0, 1.0]).reshape(1, 1, 2, 1).expand(1, 3, 2, 1)
    part = QUICK.view.of(rail.problem(0.5), data)
    speed = (stack.step(z, c, push).next_z - z)[..., 1] * np.sqrt(part.normalization.var[1])
    assert torch.allclose(speed.mean(1), torch.tensor([[0.05, 0.15]]), atol=0.01)


def test_without_terminations_none_is_foreseen():
    rail = Rail()
    data = rail.record(40, 0)
    calm = data.episodes(~data.terminated[np.flatnonzero(data.ends)])
    result = fitted(TINY, [rail.problem()], [calm], [0])[0]
    step = DynamicsStack([result.learned.dynamics]).step(
        torch.zeros(1, 2, 5, 2), torch.zeros(1, 2, 5, 0), torch.zeros(1, 2, 5, 1)
    )
    assert (step.terminated == 0.0).all()
    assert result.findings["termination_auc"] is None


def test_two_problems_at_once_come_out_as_each_alone():
    rail = Rail()
    problems = [rail.problem(), rail.problem()]
    data = [rail.record(20, 1), rail.record(35, 2)]
    both = fitted(TINY, problems, data, [5, 6])
    alone = [fitted(TINY, [problems[g]], [data[g]], [5 + g])[0] for g in range(2)]
    for together, single in zip(both, alone, strict=True):
        for name, array in single.learned.dynamics.weights.items():
            np.testing.assert_allclose(
                together.learned.dynamics.weights[name], array, atol=2e-5, err_msg=name
            )


def test_the_seed_decides_everything():
    rail = Rail()
    data = rail.record(20, 1)
    one, two, other = (
        fitted(TINY, [rail.problem()], [data], [seed])[0].learned.dynamics.weights[
            "motion.0.weight"
        ]
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_comes_back_as_it_was(case, tmp_path):
    model = case[1].learned.dynamics
    model.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "dynamics.json",
        "dynamics.safetensors",
    ]
    for again in (Dynamics.load(tmp_path), pickle.loads(pickle.dumps(model))):
        assert again.spec == model.spec
        assert again.weights.keys() == model.weights.keys()
        for name, array in model.weights.items():
            np.testing.assert_array_equal(again.weights[name], array)


def test_a_changed_file_is_refused(case, tmp_path):
    case[1].learned.dynamics.save(tmp_path)
    path = tmp_path / "dynamics.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(InvalidPolicy, match=r"sha256 differs"):
        Dynamics.load(tmp_path)


def test_arrays_that_do_not_fit_are_refused(case):
    model = case[1].learned.dynamics
    arrays = dict(model.weights)
    with pytest.raises(InvalidPolicy, match=r"'low' of a model is missing"):
        Dynamics(model.spec, {k: v for k, v in arrays.items() if k != "low"})
    with pytest.raises(InvalidPolicy, match=r"'odd' of a model is not known"):
        Dynamics(model.spec, {**arrays, "odd": np.zeros(1)})
    with pytest.raises(InvalidPolicy, match=r"'low' must have the shape \(2,\); got \(3,\)"):
        Dynamics(model.spec, {**arrays, "low": np.zeros(3)})
    with pytest.raises(InvalidPolicy, match=r"'low' .* not finite"):
        Dynamics(model.spec, {**arrays, "low": np.full(2, np.nan)})


def test_models_of_different_shapes_are_no_stack(case):
    model = case[1].learned.dynamics
    rail = case[0]
    small = fitted(TINY, [rail.problem()], [case[1].learned.data], [0])[0].learned.dynamics
    with pytest.raises(InvalidPolicy, match=r"must be alike; their members is 3 and 2"):
        DynamicsStack([model, small])


def test_too_few_data_are_refused():
    rail = Rail()
    with pytest.raises(InvalidDataset, match=r"at least 10 episodes or 500 transitions; got 3"):
        fitted(TINY, [rail.problem()], [rail.record(3, 0)], [0])


def test_whole_episodes_are_held_out():
    rail = Rail()
    part = DataView().of(rail.problem(), rail.record(50, 0))
    training, held = hold_out(part, 0.1, np.random.default_rng(0))
    assert (training.likelihood * held.likelihood == 0.0).all()
    assert ((training.likelihood + held.likelihood) > 0.0).all()
    episode = np.repeat(np.arange(50), part.data.episode_lengths)
    assert len(np.unique(episode[held.likelihood > 0.0])) == 5
    assert not set(episode[held.likelihood > 0.0]) & set(episode[training.likelihood > 0.0])
    assert training.likelihood.sum() == pytest.approx(1.0)


def test_a_network_that_has_stopped_keeps_its_best_weights():
    W = torch.zeros(2, 1, 1)
    stack = MLPStack([W], [torch.zeros(2, 1)], "tanh")
    keeper = StackKeeper(stack, patience=2)
    losses = [(1.0, 5.0), (2.0, 4.0), (3.0, 3.0), (0.0, 2.0), (0.0, 9.0), (0.0, 9.0)]
    stopped = []
    for i, pair in enumerate(losses):
        with torch.no_grad():
            stack.weights[0].fill_(float(i))
        stopped.append(keeper.look(torch.tensor(pair)))
    keeper.restore_best()
    assert stack.weights[0].flatten().tolist() == [0.0, 3.0]
    assert stopped == [False] * 5 + [True]


def test_a_network_that_never_had_a_finite_loss_is_refused():
    stack = MLPStack([torch.zeros(2, 1, 1)], [torch.zeros(2, 1)], "tanh")
    keeper = StackKeeper(stack, patience=2)
    keeper.look(torch.tensor([1.0, torch.nan]))
    with pytest.raises(InvalidPolicy, match=r"never finite\. Lower the learning rate"):
        keeper.restore_best()


def test_log_variances_stay_between_their_bounds():
    bent = bounded(torch.tensor([-1e4, -4.0, 0.0, 1e4]))
    assert bent[0] == pytest.approx(-10.0, abs=1e-3)
    assert bent[-1] == pytest.approx(1.0, abs=1e-3)
    assert bent[1] == pytest.approx(-4.0, abs=0.02)


def test_errors_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(300, 3))
    predicted = y + rng.normal(size=(300, 3)) * [0.1, 0.5, 1.0]
    expected = r2_score(y, predicted, multioutput="raw_values")
    np.testing.assert_allclose(r_squared(y, predicted), expected)
    ended = rng.random(300) < 0.2
    p = np.round(np.clip(0.5 * ended + 0.7 * rng.random(300), 0.0, 1.0), 1)  # with ties
    assert auc(ended, p) == pytest.approx(roc_auc_score(ended, p))
    assert balanced_accuracy(ended, p) == pytest.approx(balanced_accuracy_score(ended, p > 0.5))
    assert np.isnan(auc(np.zeros(5), p[:5]))
    assert np.isnan(balanced_accuracy(np.ones(5), p[:5]))
    assert np.isnan(r_squared(np.ones((4, 1)), np.ones((4, 1))))[0]
