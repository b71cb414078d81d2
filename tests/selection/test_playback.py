import numpy as np
import pytest

from rltransfer.errors import InvalidExperiment, UnknownName
from rltransfer.selection import MBTL, RandomSelector, SequentialOracle, replay
from rltransfer.selection.playback import Contest, play_back, random_coverage
from rltransfer.testing.toys import LinearGapToy
from rltransfer.transfer.files.columns import FeatureColumn
from rltransfer.transfer.files.complete import CompleteMatrix

TOY = LinearGapToy.wavy(size=15)
U = np.linspace(0.0, 1.0, 15)
TRUTH = CompleteMatrix.of(TOY.truth, [FeatureColumn.of("position", U, U)], {})


def test_a_playback_is_the_replay_of_the_table():
    heard = []
    played = play_back(MBTL(), TRUTH, 4, lambda: heard.append(1))
    expected = replay(MBTL(), TOY.truth, TOY.space, TOY.contexts, TOY.contexts, 4)
    assert played.picks == expected.trained
    np.testing.assert_allclose(played.V, expected.coverage_curve())
    assert len(heard) == 4
    assert played.seconds_per_decision > 0.0


def test_random_coverage_is_the_mean_of_random_selectors():
    curves = [play_back(RandomSelector(seed), TRUTH, 5).V for seed in range(7)]
    np.testing.assert_allclose(random_coverage(TRUTH.J, 5, seeds=7), np.mean(curves, axis=0))


def test_scores_lie_between_chance_and_the_oracle():
    contest = Contest(TRUTH, 4, seed=0, score=TRUTH.score)
    expected = play_back(SequentialOracle(TOY.truth), TRUTH, 4)
    assert contest.oracle.picks == expected.picks
    assert contest.score_of(contest.oracle.V) == 1.0
    assert contest.score_of(contest.random) == 0.0
    halfway = (contest.oracle.V + contest.random) / 2
    assert contest.score_of(halfway) == pytest.approx(0.5)


def test_where_nothing_can_be_won_there_is_no_score():
    flat = CompleteMatrix.of(np.zeros((15, 15)), [FeatureColumn.of("position", U, U)], {})
    contest = Contest(flat, 3, seed=0, score=flat.score)
    assert contest.score_of(contest.play("mbtl").V) is None


@pytest.mark.parametrize("budget", [0, -1, 16])
def test_a_budget_that_cannot_be_spent_is_refused(budget):
    with pytest.raises(InvalidExperiment, match=f"between 1 and 15.*got {budget}"):
        Contest(TRUTH, budget, seed=0, score=(0.0, 1.0))


def test_score_bounds_must_be_finite():
    with pytest.raises(InvalidExperiment, match="finite"):
        Contest(TRUTH, 1, seed=0, score=(0.0, float("inf")))


def test_an_unknown_selector_is_named():
    with pytest.raises(UnknownName, match="did you mean 'mbtl'"):
        Contest(TRUTH, 1, seed=0, score=TRUTH.score).play("mbtll")
