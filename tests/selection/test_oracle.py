from __future__ import annotations

import numpy as np
import pytest

from rltransfer.errors import InvalidExperiment, InvalidTransferMatrix
from rltransfer.selection import MyopicOracle, RandomSelector, SequentialOracle, replay
from rltransfer.testing.toys import LinearGapToy


def greedy(truths, rounds):
    """One sequence, the mean coverage over trials greedily maximised."""
    chosen = []
    for _ in range(rounds):
        values = {
            x: np.mean([t[[*chosen, x]].max(axis=0).mean() for t in truths])
            for x in range(truths.shape[1])
            if x not in chosen
        }
        chosen.append(max(values, key=values.get))
    return chosen


@pytest.mark.parametrize("trials", [1, 3])
def test_the_myopic_oracle_is_greedy_over_trials(trials):
    toy = LinearGapToy.flat(12)
    truths = np.random.default_rng(0).random((trials, 12, 12))
    expected = greedy(truths, 6)
    for observed in truths:  # what it sees does not matter
        found = replay(MyopicOracle(truths), observed, toy.space, toy.contexts, toy.contexts, 6)
        assert list(found.trained) == expected
    if trials == 1:
        alone = replay(
            SequentialOracle(truths[0]), truths[0], toy.space, toy.contexts, toy.contexts, 6
        )
        assert list(alone.trained) == expected


def test_the_sequential_oracle_reports_the_coverage_it_reaches():
    toy = LinearGapToy.wavy(12)
    proposal = SequentialOracle(toy.truth).propose(toy.empty())
    assert proposal.acquisition.max() == pytest.approx(toy.optimum(1).coverage)
    assert f"would become {toy.optimum(1).coverage:.3g}" in proposal.reason


def test_replay_keeps_episodes():
    toy = LinearGapToy.flat(6)
    table = toy.truth[:, :, None] + np.array([-1.0, 0.0, 1.0])
    found = replay(RandomSelector(0), table, toy.space, toy.contexts, toy.contexts, 4)
    assert found.returns.shape == (4, 6, 3)
    np.testing.assert_allclose(found.mean, toy.truth[list(found.trained)])


def test_replay_of_sources_that_are_no_targets():
    toy = LinearGapToy.flat(6)
    own, targets = np.diag(toy.truth), toy.contexts[3:]
    truth = toy.truth[:, 3:]
    found = replay(RandomSelector(0), truth, toy.space, toy.contexts, targets, 6, own=own)
    np.testing.assert_array_equal(found.set_points, own[list(found.trained)])
    with pytest.raises(InvalidTransferMatrix, match="is not a target, so `own`"):
        replay(RandomSelector(0), truth, toy.space, toy.contexts, targets, 6)


def test_shapes_that_do_not_fit():
    toy = LinearGapToy.flat(6)
    with pytest.raises(InvalidExperiment, match=r"\(sources, targets\) = \(6, 6\); got \(5, 6\)"):
        replay(RandomSelector(0), toy.truth[:5], toy.space, toy.contexts, toy.contexts, 2)
    with pytest.raises(InvalidExperiment, match=r"\(sources, targets\) = \(6, 6\); got \(6, 5\)"):
        SequentialOracle(toy.truth[:, :5]).propose(toy.empty())
    with pytest.raises(InvalidExperiment, match=r"\(trials, sources, targets\); got \(6, 6\)"):
        MyopicOracle(toy.truth)
    with pytest.raises(InvalidExperiment, match="all 6 candidate sources are trained"):
        replay(RandomSelector(0), toy.truth, toy.space, toy.contexts, toy.contexts, 7)
