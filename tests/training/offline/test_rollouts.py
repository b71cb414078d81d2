from __future__ import annotations

import numpy as np
import pytest
import torch

from rltransfer.training.offline.dynamics_fit import FitDynamics
from rltransfer.training.offline.dynamics_stack import DynamicsStack
from rltransfer.training.offline.rollouts import roll_out
from rltransfer.training.offline.starts import Starts
from tests.training.offline.model_toys import (
    FakeCritic,
    Rail,
    drift,
    drivers,
    fitted,
    true_return,
)

FIT = FitDynamics(members=3, hidden=(32, 32), steps=1000, batch=128)
GAINS = [(1.0, 1.5), (0.3, 0.1), (0.0, 0.0), (-1.0, 0.0)]
H = 50


@pytest.fixture(scope="module")
def world():
    rail = Rail()
    data = rail.record(100, seed=0)
    result = fitted(FIT, [rail.problem()], [data], [0])[0]
    part = FIT.view.of(rail.problem(), data)
    starts = Starts.draw([part], 64, [np.random.default_rng(1)])
    return part, DynamicsStack([result.learned.dynamics]), starts


def raw(part, starts) -> np.ndarray:
    """The start states as the environment counts them."""
    stats = part.normalization
    return starts.z[0].numpy() * np.sqrt(stats.var) + np.array(stats.mean)


def test_returns_are_close_to_the_true_ones(world):
    part, stack, starts = world
    found = roll_out(drivers([part], *GAINS), stack, starts, H, part.gamma)
    assert found.returns.shape == (1, 4, 3, 64)
    told = found.returns.mean(dim=(0, 2, 3)).numpy() * part.reward_scale
    truth = [true_return(part, k, raw(part, starts), H, part.gamma).mean() for k in GAINS]
    np.testing.assert_allclose(told, truth, rtol=0.05)


def test_roll_outs_are_what_stepping_one_by_one_gives(world):
    part, stack, starts = world
    actors = drivers([part], *GAINS)
    found = roll_out(actors, stack, starts, 5, part.gamma, tally=FakeCritic().q_min)
    n, e, s = 2, 1, 7
    z = starts.z[:, s].expand(1, 2)
    alive, total, tally, visits = 1.0, 0.0, 0.0, 0.0
    with torch.no_grad():
        for t in range(5):
            u = actors.bounded(actors(z.expand(4, 1, 2)).mode())[n]
            tally += alive * float(z[0, 0] + u)
            shown = (z.expand(1, 3, 1, 2), torch.zeros(1, 3, 1, 0), u.expand(1, 3, 1, 1))
            step = stack.step(*shown)
            total += part.gamma**t * alive * float(step.rewards[0, e, 0])
            visits += alive
            alive *= 1.0 - float(step.terminated[0, e, 0])
            z = step.next_z[0, e]
    assert float(found.returns[0, n, e, s]) == pytest.approx(total, abs=1e-5)
    assert float(found.survival[0, n, e, s]) == pytest.approx(alive, abs=1e-5)
    assert float(found.visits[0, n, e, s]) == pytest.approx(visits, abs=1e-5)
    assert float(found.tally[0, n, e, s]) == pytest.approx(tally, abs=1e-4)
    np.testing.assert_allclose(found.z[0, n, e, s], z[0], atol=1e-5)


def test_a_policy_that_runs_off_the_rail_does_not_survive(world):
    part, stack, starts = world
    found = roll_out(drivers([part], (1.0, 1.5), (-1.0, 0.0)), stack, starts, H, 1.0)
    stays, leaves = found.survival.mean(dim=(0, 2, 3)).tolist()
    assert stays > 0.85
    assert leaves < 0.15
    assert (found.survival >= 0.0).all()
    assert (found.survival <= 1.0).all()


@pytest.mark.parametrize("discount", [1.0, 0.9])
@pytest.mark.parametrize("p", [0.0, 0.25])
def test_a_roll_out_that_leaves_the_data_pays_the_worst_from_then_on(world, p, discount):
    """The data reach to 20, roll-outs may go to 24: from 20.5, the fourth step goes too far."""
    part, *_ = world
    stack = DynamicsStack([drift(part, reward=0.7, p=p, worst=-3.0)])
    starts = Starts(torch.tensor([[[20.5, 0.0]]]), torch.zeros(1, 1, 0))
    found = roll_out(
        drivers([part], *GAINS), stack, starts, 10, discount, lambda z, c, u: z[..., 0]
    )
    stays = (1.0 - p) ** np.arange(4)
    paid = [*(0.7 * stays), *[-3.0 * (1.0 - p) ** 4] * 6]
    expected = np.sum(discount ** np.arange(10) * paid)
    assert found.returns.flatten().tolist() == pytest.approx([expected] * 8)
    assert (found.survival == 0.0).all()
    assert found.visits.flatten().tolist() == pytest.approx([stays.sum()] * 8)
    tallied = np.sum(stays * (20.5 + np.arange(4)))
    assert found.tally.flatten().tolist() == pytest.approx([tallied] * 8)


@pytest.mark.parametrize("p", [0.0, 0.25])
def test_a_roll_out_that_stays_among_the_data_never_pays_the_worst(world, p):
    part, *_ = world
    stack = DynamicsStack([drift(part, reward=0.7, p=p, worst=-3.0)])
    starts = Starts(torch.tensor([[[0.0, 0.0]]]), torch.zeros(1, 1, 0))
    found = roll_out(drivers([part], GAINS[0]), stack, starts, 10, 1.0)
    assert found.returns.numpy() == pytest.approx(0.7 * np.sum((1.0 - p) ** np.arange(10)))
    assert found.survival.numpy() == pytest.approx((1.0 - p) ** 10)
    assert (found.z[..., 0] == 10.0).all()


def test_every_problem_pays_its_own_worst(world):
    part, *_ = world
    models = [drift(part, reward=0.0, p=0.0, worst=worst) for worst in (-1.0, -5.0)]
    starts = Starts(torch.full((2, 1, 2), 30.0), torch.zeros(2, 1, 0))
    found = roll_out(drivers([part, part], *GAINS), DynamicsStack(models), starts, 3, 1.0)
    assert found.returns.mean(dim=(1, 2, 3)).tolist() == [-2.0, -10.0]


def test_equal_policies_have_exactly_equal_roll_outs(world):
    part, stack, starts = world
    found = roll_out(drivers([part], GAINS[0], GAINS[1], GAINS[0]), stack, starts, H, 1.0)
    assert torch.equal(found.returns[:, 0], found.returns[:, 2])
    assert not torch.equal(found.returns[:, 0], found.returns[:, 1])


def test_two_problems_at_once_come_out_as_each_alone(world):
    rail = Rail()
    part, first, starts = world
    data = rail.record(60, seed=5)
    second = fitted(FIT, [rail.problem()], [data], [1])[0].learned.dynamics
    parts = [part, FIT.view.of(rail.problem(), data)]
    stack = DynamicsStack([first.dynamics()[0], second])
    both = Starts.draw(parts, 64, [np.random.default_rng(1), np.random.default_rng(2)])
    found = roll_out(drivers(parts, *GAINS), stack, both, 10, part.gamma)
    alone = roll_out(drivers(parts[:1], *GAINS), first, starts, 10, part.gamma)
    torch.testing.assert_close(found.returns[:1], alone.returns, atol=1e-4, rtol=1e-4)
    own = Starts(both.z[1:], both.c[1:])
    alone = roll_out(drivers(parts[1:], *GAINS), DynamicsStack([second]), own, 10, part.gamma)
    torch.testing.assert_close(found.returns[1:], alone.returns, atol=1e-4, rtol=1e-4)


def test_starts_are_in_the_problems_own_context():
    rail = Rail()
    data = rail.record(30, 0, 0.5, 1.0, 1.5)
    hidden = FIT.view.of(rail.problem(1.5), data)
    assert (Starts.draw([hidden], 8, [np.random.default_rng(0)]).c == 1.0).all()

    visible = FIT.view.of(rail.problem(0.5, observe=("push",)), data)
    starts = Starts.draw([visible], 8, [np.random.default_rng(0)])
    assert starts.c.shape == (1, 8, 0)
    stats = visible.normalization
    own = (0.0 - stats.mean[2]) / np.sqrt(stats.var[2])
    np.testing.assert_allclose(starts.z[0, :, 2], own, rtol=1e-5)


def test_half_the_starts_are_first_states_and_the_seed_decides_which():
    rail = Rail()
    part = FIT.view.of(rail.problem(), rail.record(30, 0))
    one, two, other = (
        Starts.draw([part], 20, [np.random.default_rng(seed)]).z for seed in (0, 0, 1)
    )
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    firsts = part.data.observations[part.data.starts]
    x = one[0].numpy() * np.sqrt(part.normalization.var) + np.array(part.normalization.mean)
    assert all(np.abs(firsts - row).max(axis=1).min() < 1e-5 for row in x[:10])
