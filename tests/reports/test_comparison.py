import itertools

import numpy as np
import pytest

from rltransfer.reports.comparison import Comparison, served
from rltransfer.reports.study import Study


def compare(path):
    study = Study.read(path)
    return study, Comparison.of(study, np.random.default_rng(0))


def test_curves_are_v_of_each_selector_by_hand(three_seeds):
    study, comparison = compare(three_seeds)
    assert [curve.name for curve in comparison.curves] == ["matrix-gp", "random", "equidistant"]
    for curve in comparison.curves:
        for s, replicate in enumerate(study.replicates):
            picks = replicate.states[curve.name].picks
            rows = [replicate.pool[p.context.digest].returns.mean(axis=1) for p in picks]
            by_hand = [np.max(rows[:k], axis=0).mean() for k in (1, 2, 3)]
            assert np.allclose(curve.per_seed[s], by_hand)
        assert np.allclose(curve.values, curve.per_seed.mean(axis=0))


def test_intervals_hold_their_estimate(three_seeds):
    _, comparison = compare(three_seeds)
    for point in itertools.chain(*(curve.points for curve in comparison.curves)):
        assert point.low <= point.value <= point.high


def test_a_single_seed_has_points_without_intervals(one_seed):
    _, comparison = compare(one_seed)
    assert {point.low for point in comparison.own.points} == {None}


def test_served_returns_the_episodes_of_the_covering_policy(one_seed):
    matrix = Study.read(one_seed).replicates[0].matrix
    episodes = served(matrix)
    assert episodes.shape == (12, 4)
    assert np.allclose(episodes.mean(axis=1), matrix.best)


def test_the_oracle_needs_every_source_and_is_greedy(one_seed, three_seeds):
    assert compare(one_seed)[1].oracle is None
    study, comparison = compare(three_seeds)
    for s, replicate in enumerate(study.replicates):
        truth, best = replicate.truth.mean(axis=-1), np.full(12, -np.inf)
        for k in range(3):
            gains = np.maximum(truth, best).mean(axis=1)
            best = np.maximum(best, truth[gains.argmax()])
            assert comparison.oracle.per_seed[s, k] == pytest.approx(gains.max())


def test_references_by_hand(three_seeds):
    study, comparison = compare(three_seeds)
    found = {reference.name: reference.coverage for reference in comparison.references}
    assert found["multi-task"].per_seed == (300.0, 300.0, 300.0)
    assert "multi-task-hidden" not in found
    for s, replicate in enumerate(study.replicates):
        truth = replicate.truth.mean(axis=-1)
        assert found["independent"].per_seed[s] == pytest.approx(np.diag(truth).mean())
        best = np.maximum(truth.max(axis=0), 300.0).mean()
        assert found["best of all trained"].per_seed[s] == pytest.approx(best)


def test_the_lead_is_paired_by_seed_at_the_last_common_round(three_seeds):
    _, comparison = compare(three_seeds)
    own, other = comparison.curves[:2]
    lead = own.lead(other, np.random.default_rng(1))
    assert lead.per_seed == pytest.approx(own.per_seed[:, -1] - other.per_seed[:, -1])
    shorter = type(other)(other.name, other.points[:2])
    at_two = own.lead(shorter, np.random.default_rng(1))
    assert at_two.value == pytest.approx(own.values[1] - other.values[1])


def test_a_selector_that_has_not_begun_in_every_seed_is_left_out(three_seeds):
    study = Study.read(three_seeds)
    states = study.replicates[1].states
    states["random"] = states["random"].lane.replay({})
    comparison = Comparison.of(study, np.random.default_rng(0))
    assert [curve.name for curve in comparison.curves] == ["matrix-gp", "equidistant"]
