import numpy as np
import pytest

from rltransfer.contexts import Context
from rltransfer.envs.spec import ScoreRange
from rltransfer.reports.covered import Covered, stretches, threshold_return
from rltransfer.reports.study import Study


def test_the_threshold_is_a_score_of_nine_tenths():
    assert threshold_return(ScoreRange(low=0.0, high=500.0)) == pytest.approx(450.0)
    assert threshold_return(ScoreRange(low=-2200.0, high=-500.0)) == pytest.approx(-670.0)


def test_stretches_are_runs_of_neighbours():
    x = [Context(length=v) for v in (1, 2, 3, 4, 5, 6)]
    mask = np.array([True, True, False, True, False, True])
    assert stretches(x, mask) == ((x[0], x[1]), (x[3], x[3]), (x[5], x[5]))
    assert stretches(x, np.zeros(6, dtype=bool)) == ()
    assert stretches(x, np.ones(6, dtype=bool)) == ((x[0], x[5]),)


def test_covered_by_hand(three_seeds):
    study = Study.read(three_seeds)
    covered = Covered.of(study, np.random.default_rng(0))
    masks = np.array([r.matrix.best >= 450.0 for r in study.replicates])
    assert covered.share.per_seed == tuple(masks.mean(axis=1))
    inside = [
        x
        for first, last in covered.stretches
        for x in study.targets
        if first["length"] <= x["length"] <= last["length"]
    ]
    everywhere = masks.all(axis=0)
    assert 0 < everywhere.sum() < len(study.targets)
    assert inside == [x for x, ok in zip(study.targets, everywhere, strict=True) if ok]


def test_only_the_share_is_told_of_several_features(two_features):
    covered = Covered.of(Study.read(two_features), np.random.default_rng(0))
    assert covered.share.value > 0
    assert covered.stretches == ()
