from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from rltransfer.selection import MBTL, Equidistant, RandomSelector
from rltransfer.selection.pending import Forecaster, believe
from rltransfer.testing.toys import LinearGapToy
from rltransfer.transfer import TransferMatrix


@pytest.fixture
def toy():
    return LinearGapToy.wavy(45)


def test_nothing_pending_changes_nothing(toy):
    transfer = toy.empty().learn(22, toy.truth[22][:, None])
    assert believe(transfer, []) is transfer
    assert believe(toy.empty(), []).trained == ()


def test_a_belief_is_a_set_point_and_a_linear_gap(toy):
    transfer = toy.empty().learn(22, toy.truth[22][:, None])
    believed = believe(transfer, [toy.contexts[5]])
    assert believed.trained == (22, 5)
    u = np.linspace(0, 1, 45)
    drops = believed.set_points[1] - believed.mean[1]
    slope = drops[44] / (u[44] - u[5])
    np.testing.assert_allclose(drops, slope * np.abs(u - u[5]), atol=1e-12)
    assert slope == pytest.approx(1.0, rel=0.05)
    np.testing.assert_array_equal(believed.mean[0], transfer.mean[0])


def test_what_is_known_already_is_not_believed(toy):
    transfer = toy.empty().learn(22, toy.truth[22][:, None])
    twice = [toy.contexts[22], toy.contexts[5], toy.contexts[5]]
    assert believe(transfer, twice) == believe(transfer, [toy.contexts[5]])


def test_a_batch_spreads_out(toy):
    transfer = toy.empty().learn(22, toy.truth[22][:, None])
    first = MBTL().propose(transfer)
    second = MBTL().propose(believe(transfer, [first.context]))
    assert abs(second.index - first.index) > 10


def test_before_anything_is_known_a_batch_spreads_too(toy):
    first = MBTL().propose(toy.empty())
    second = MBTL().propose(believe(toy.empty(), [first.context]))
    assert abs(second.index - first.index) > 10


@pytest.mark.parametrize("selector", [RandomSelector(1), Equidistant(5)])
def test_selectors_that_ignore_returns_go_on_as_if_all_were_trained(selector, toy):
    one_by_one, all_pending = toy.empty(), []
    for _ in range(5):
        proposal = selector.propose(one_by_one)
        assert selector.propose(believe(toy.empty(), all_pending)) == proposal
        one_by_one = one_by_one.learn(proposal.index, toy.truth[proposal.index][:, None])
        all_pending.append(proposal.context)


def test_episodes_and_sources_that_are_no_targets(toy):
    transfer = TransferMatrix.empty(toy.space, toy.contexts, toy.contexts[:3])
    transfer = transfer.learn(9, np.ones((3, 4)), own=[1.0, 2.0])
    believed = believe(transfer, [toy.contexts[20]])
    assert believed.returns.shape == (2, 3, 4)
    assert believed.own.shape == (2, 2)


@dataclass(frozen=True, eq=False)
class Clairvoyant(MBTL):
    """MBTL that knows all rows beforehand."""

    toy: LinearGapToy | None = None

    def expect(self, transfer, sources):
        assert transfer.trained == (22,)
        return self.toy.truth[sources][:, : len(transfer.targets)]


def test_a_selector_with_a_model_of_rows_is_believed(toy):
    selector, transfer = Clairvoyant(toy=toy), toy.empty().learn(22, toy.truth[22][:, None])
    assert isinstance(selector, Forecaster)
    believed = believe(transfer, [toy.contexts[5], toy.contexts[40]], selector)
    assert believed.trained == (22, 5, 40)
    np.testing.assert_array_equal(believed.mean, toy.truth[[22, 5, 40]])
    np.testing.assert_array_equal(believed.set_points, toy.truth[[22, 5, 40], [22, 5, 40]])
    assert believe(transfer, [], selector) is transfer
    assert believe(toy.empty(), [toy.contexts[5]], selector).trained == (5,)  # by MBTL's model


def test_a_source_that_is_no_target_returns_at_home_what_it_does_next_to_it(toy):
    transfer = TransferMatrix.empty(toy.space, toy.contexts, toy.contexts[:3])
    transfer = transfer.learn(22, toy.truth[22][:3, None], own=1.0)
    believed = believe(transfer, [toy.contexts[5]], Clairvoyant(toy=toy))
    np.testing.assert_array_equal(believed.mean[1], toy.truth[5][:3])
    assert believed.set_points[1] == toy.truth[5][2]


def test_the_sampler_believes_its_selector(toy):
    import optuna

    from rltransfer.selection import MBTLSampler

    selector = Clairvoyant(toy=toy)
    sampler = MBTLSampler(selector, toy.contexts, toy.contexts, toy.space)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    sampler.record(study, study.ask(sampler.distributions()), toy.truth[22])
    first, second = (sampler.context(study.ask(sampler.distributions())) for _ in range(2))
    known = toy.empty().learn(22, toy.truth[22][:, None])
    assert first == selector.propose(known).context
    known = known.learn(first, toy.truth[toy.contexts.index(first)][:, None])
    assert second == selector.propose(known).context
