"""Recorded transitions as tensors: the units, the draws, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import rltransfer
from rltransfer.data import Transitions
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.errors import InvalidDataset
from rltransfer.training import AlgorithmSettings, TrainingProblem
from rltransfer.training.actor import standardiser
from rltransfer.training.offline.actors import ActorStack
from rltransfer.training.offline.samples import FEWEST, ProblemData, Samples
from rltransfer.training.sb3_agent import build_agent, give_statistics
from tests.training.offline.policy_toys import problem_of, random_policy, transitions

GAMMA = 0.9


def part_of(problem, data=None, weights=None):
    data = transitions(problem) if data is None else data
    return ProblemData.of(problem, data, GAMMA, weights)


@pytest.fixture(params=["cartpole", "pendulum"])
def part(request):
    return part_of(problem_of(request.param))


def test_observations_get_the_mean_zero_and_the_deviation_one(part):
    z = Samples([part]).z
    torch.testing.assert_close(z.mean(0), torch.zeros(z.shape[1]), atol=1e-5, rtol=0)
    torch.testing.assert_close(z.std(0, correction=0), torch.ones(z.shape[1]), atol=1e-4, rtol=0)


def test_policies_see_the_samples_as_they_see_observations(part):
    """Acting on z in torch is `Policy.act` on the recorded observations."""
    samples, policy = Samples([part]), random_policy(part.problem, part.normalization)
    stack = ActorStack([policy])
    for z, x in [
        (samples.z, part.data.observations),
        (samples.next_z, part.data.next_observations),
    ]:
        with torch.no_grad():
            found = stack.bounded(stack(z[None]).mode())[0]
        np.testing.assert_allclose(found.numpy(), policy.act(x), atol=1e-6)


def test_the_library_standardises_observations_and_rewards_alike(part):
    settings = AlgorithmSettings("PPO", 1, normalize=True)
    venv = ContextVecEnv(part.problem.env, part.problem.contexts)
    norm = build_agent(settings, venv, 0).get_vec_normalize_env()
    give_statistics(norm, part.normalization)
    samples = Samples([part])
    np.testing.assert_allclose(norm.normalize_obs(part.data.observations), samples.z, atol=1e-6)
    np.testing.assert_allclose(norm.normalize_reward(part.data.rewards), samples.rewards, atol=1e-6)


def test_rewards_are_divided_by_the_deviation_of_discounted_returns(part):
    data, returns, future = part.data, [], 0.0
    for reward, end in zip(data.rewards[::-1], data.ends[::-1], strict=True):
        future = float(reward) + GAMMA * (0.0 if end else future)
        returns.append(future)
    assert part.reward_scale == pytest.approx(np.std(returns), rel=1e-5)
    expected = data.rewards / np.std(returns)
    np.testing.assert_allclose(Samples([part]).rewards, expected, rtol=1e-4)


def test_constant_rewards_and_observations_divide_by_no_zero():
    problem = problem_of("cartpole")
    data = transitions(problem, length=1)
    still = replace(
        data,
        observations=np.ones_like(data.observations),
        next_observations=np.ones_like(data.observations),
        rewards=np.ones_like(data.rewards),
    )
    samples = Samples([part_of(problem, still)])
    for tensor in (samples.z, samples.next_z, samples.rewards):
        assert bool(torch.isfinite(tensor).all())
    assert samples.z.abs().max() == 0.0


def test_only_termination_ends_what_can_be_expected(part):
    continues = Samples([part]).continues
    assert continues.tolist() == [0.0 if ended else 1.0 for ended in part.data.terminated]
    assert part.data.truncated.any()


def test_a_batch_is_rows_of_the_data(part):
    samples = Samples([part])
    batch = samples.batch(samples.draw(50, [np.random.default_rng(0)]))
    assert batch.z.shape == (1, 50, part.data.observations.shape[1])
    rows = batch.rows[0].numpy()
    expected = part.data.actions[rows]
    np.testing.assert_array_equal(batch.actions[0], expected)
    assert samples.discrete == (part.problem.env.spec.id == "cartpole")
    assert samples.action_size == (2 if samples.discrete else 1)
    assert batch.actions.dtype == (torch.int64 if samples.discrete else torch.float32)
    z = standardiser(part.normalization)(part.data.next_observations[rows])
    np.testing.assert_array_equal(batch.next_z[0], z)
    assert torch.equal(batch.continues[0], samples.continues[rows])


def test_problems_draw_from_their_own_data_with_their_own_numbers():
    problems = [problem_of("cartpole", length=x) for x in (0.3, 0.6)]
    parts = [part_of(p, transitions(p, T=100 + 50 * k, seed=k)) for k, p in enumerate(problems)]
    both = Samples(parts)
    rows = both.draw(500, [np.random.default_rng(s) for s in (1, 2)])
    assert both.groups == 2
    assert 0 <= int(rows[0].min()) < int(rows[0].max()) < 100
    assert 100 <= int(rows[1].min()) < int(rows[1].max()) < 250
    alone = Samples(parts[1:]).draw(500, [np.random.default_rng(2)])
    assert torch.equal(rows[1] - 100, alone[0])


def test_equal_weights_draw_every_transition_equally_often(part):
    rows = Samples([part]).draw(200_000, [np.random.default_rng(0)])
    counts = np.bincount(rows[0], minlength=400)
    chi_square = ((counts - 500.0) ** 2 / 500.0).sum()
    assert abs(chi_square - 399.0) < 5.0 * np.sqrt(2 * 399.0)


def test_weights_decide_how_often_a_transition_is_drawn():
    problem = problem_of("cartpole")
    weights = np.random.default_rng(0).uniform(0.0, 3.0, 400)
    weights[7] = 0.0
    part = part_of(problem, weights=weights)
    assert part.likelihood.sum() == pytest.approx(1.0)
    rows = Samples([part]).draw(400_000, [np.random.default_rng(1)])
    counts, expected = np.bincount(rows[0], minlength=400), 400_000 * weights / weights.sum()
    assert counts[7] == 0
    kept = np.arange(400) != 7
    chi_square = ((counts - expected)[kept] ** 2 / expected[kept]).sum()
    assert abs(chi_square - 398.0) < 5.0 * np.sqrt(2 * 398.0)


# -- contexts --------------------------------------------------------------------------------------


def test_features_that_vary_unseen_are_told_on_the_unit_cube():
    problem = problem_of("cartpole", length=0.5)
    data = transitions(problem, masscart=3.0)
    part = part_of(problem, data)
    assert part.features == tuple(
        n for n in problem.env.space.names if data.contexts[0][n] != data.contexts[1][n]
    )
    assert "masscart" in part.features
    samples = Samples([part])
    expected = problem.env.space.select(part.features).to_unit(data.contexts)[data.context_index]
    np.testing.assert_allclose(samples.c, expected, atol=1e-6)


def test_asked_about_the_own_context_everything_is_relabelled():
    problem = problem_of("cartpole", length=0.5)
    data = transitions(problem, masscart=3.0)
    samples = Samples([part_of(problem, data)])
    batch = samples.batch(samples.draw(80, [np.random.default_rng(0)]))
    own = samples.own_context(batch)
    assert own.shape == batch.c.shape
    assert len(np.unique(batch.c, axis=1)[0]) == 2
    features = samples.parts[0].features
    expected = problem.env.space.select(features).to_unit(problem.contexts)[0]
    np.testing.assert_allclose(own[0], np.tile(expected, (80, 1)), atol=1e-6)


def test_a_problem_of_many_contexts_keeps_those_of_the_data():
    env = rltransfer.make("cartpole")
    problem = TrainingProblem(env, [{"length": 0.3}, {"length": 0.9}])
    samples = Samples([part_of(problem, transitions(problem, length=20, masscart=3.0))])
    batch = samples.batch(samples.draw(80, [np.random.default_rng(0)]))
    assert torch.equal(samples.own_context(batch), batch.c)


def test_without_varying_features_there_is_nothing_to_tell(part):
    samples = Samples([part])
    batch = samples.batch(samples.draw(9, [np.random.default_rng(0)]))
    assert part.features == ()
    assert batch.c.shape == samples.own_context(batch).shape == (1, 9, 0)


def test_visible_features_are_part_of_the_observation_and_not_told_again():
    problem = problem_of("cartpole", ("masscart",))
    data = transitions(problem, masscart=3.0)
    part = part_of(problem, data)
    assert part.features == ()
    samples = Samples([part])
    assert samples.z.shape == (400, 5)
    units = problem.env.space.select(["masscart"]).to_unit(data.contexts)[data.context_index]
    mean, std = part.normalization.mean[-1], np.sqrt(part.normalization.var[-1] + 1e-8)
    np.testing.assert_allclose(samples.z[:, -1:], (units - mean) / std, atol=1e-5)
    np.testing.assert_array_equal(samples.next_z[:, -1], samples.z[:, -1])


# -- what is refused -------------------------------------------------------------------------------


def test_too_few_transitions_are_refused():
    problem = problem_of("cartpole")
    with pytest.raises(InvalidDataset, match=f"63 transitions are too few .* at least {FEWEST}"):
        part_of(problem, transitions(problem, T=63))
    part_of(problem, transitions(problem, T=64))


def test_data_of_other_observations_are_refused():
    cartpole, pendulum = problem_of("cartpole"), problem_of("pendulum")
    with pytest.raises(
        InvalidDataset, match=r"observations of 3 numbers, and cartpole\[.* gives 4"
    ):
        part_of(cartpole, transitions(pendulum))


def test_data_of_other_actions_are_refused():
    acrobot, problem = transitions(problem_of("cartpole")), problem_of("cartpole")
    vectors = replace(acrobot, actions=np.zeros((400, 1), np.float32))
    with pytest.raises(InvalidDataset, match=r"actions of the shape \(1,\), and .* takes \(\)"):
        part_of(problem, vectors)
    for actions, found in [([0, 2], "from 0 to 2"), ([-1, 1], "from -1 to 1")]:
        strange = replace(acrobot, actions=np.resize(np.array(actions), 400))
        with pytest.raises(InvalidDataset, match=f"actions {found}, and .* takes 0 to 1"):
            part_of(problem, strange)
    pendulum = problem_of("pendulum")
    indices = replace(transitions(pendulum), actions=np.zeros(400, np.int64))
    with pytest.raises(InvalidDataset, match=r"actions of the shape \(\), and .* takes \(1,\)"):
        part_of(pendulum, indices)


def test_transitions_are_not_changed(part):
    before = [getattr(part.data, n).copy() for n in ("observations", "actions", "rewards")]
    Samples([part])
    for name, old in zip(("observations", "actions", "rewards"), before, strict=True):
        np.testing.assert_array_equal(getattr(part.data, name), old)
    assert isinstance(part.data, Transitions)
