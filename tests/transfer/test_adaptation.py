import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltransfer.errors import InvalidTransferMatrix
from rltransfer.transfer.adaptation import (
    AdaptationMetrics,
    LearningCurve,
    compared,
    threshold_of,
)

SCRATCH = LearningCurve.of([(0, 0), (40, 20), (80, 100), (100, 100)])
WARM = LearningCurve.of([(0, 50), (50, 100), (100, 100)])


def test_measures_are_those_by_hand():
    found = AdaptationMetrics.of(WARM, SCRATCH, threshold=90.0)
    # areas: 50·75 + 50·100 = 8750 with, 40·10 + 40·60 + 20·100 = 4800 without
    assert found.start == 50
    assert found.jump_start == 50
    assert found.steps_to_threshold == pytest.approx(40)
    assert found.asymptote == pytest.approx(100)
    assert found.mean == pytest.approx(87.5)
    assert found.transfer_ratio == pytest.approx((8750 - 4800) / 4800)


def test_the_reference_against_itself_gains_nothing():
    found = AdaptationMetrics.of(SCRATCH, SCRATCH, threshold=90.0)
    assert found.jump_start == 0
    assert found.transfer_ratio == 0
    assert found.steps_to_threshold == pytest.approx(75)  # 20 + (t - 40)·2 = 90
    # from 75 to 80 steps the mean is (90 + 100)/2, then 100
    assert found.asymptote == pytest.approx((5 * 95 + 20 * 100) / 25)


def test_a_threshold_that_is_not_reached_is_none():
    assert WARM.steps_to(100.5) is None
    assert AdaptationMetrics.of(WARM, SCRATCH, threshold=None).steps_to_threshold is None


def test_a_threshold_that_the_start_reaches_takes_no_step():
    assert WARM.steps_to(50) == 0
    assert WARM.steps_to(-3) == 0


def test_the_first_crossing_counts_even_if_the_score_falls_again():
    curve = LearningCurve.of([(0, 0), (10, 10), (20, 0), (30, 20)])
    assert curve.steps_to(5) == pytest.approx(5)


def test_without_a_reference_nothing_is_compared():
    found = AdaptationMetrics.of(WARM, threshold=90.0)
    assert found.jump_start is None
    assert found.transfer_ratio is None
    assert found.mean == pytest.approx(87.5)


def test_areas_are_measured_from_the_floor():
    with_floor = AdaptationMetrics.of(WARM, SCRATCH, floor=-100.0)
    assert with_floor.transfer_ratio == pytest.approx((8750 - 4800) / (4800 + 100 * 100))
    above = AdaptationMetrics.of(WARM, SCRATCH, floor=60.0)
    assert above.transfer_ratio is None  # the reference has no area above 60: 4800 - 6000


def test_the_threshold_lies_between_the_low_score_and_the_best_asymptote():
    assert threshold_of([SCRATCH, WARM], low=0.0, share=0.9) == pytest.approx(90)
    assert threshold_of([SCRATCH, WARM], low=20.0, share=0.5) == pytest.approx(60)
    assert threshold_of([SCRATCH, WARM], low=100.0, share=0.9) is None


def test_compared_curves_end_where_the_shortest_does():
    long = LearningCurve.of([(0, 0), (200, 200)])
    cut = compared({"long": long, "warm": WARM})
    assert cut["long"].steps.tolist() == [0, 100]
    assert cut["long"].scores.tolist() == [0, 100]
    assert cut["warm"].scores.tolist() == WARM.scores.tolist()


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([], "at least 2 looks"),
        ([(0, 1)], "at least 2 looks"),
        ([(0, 1), (0, 2)], "must increase"),
        ([(5, 1), (3, 2)], "must increase"),
        ([(0, 1), (1, float("nan"))], "must be finite"),
    ],
)
def test_what_is_no_curve_is_refused(points, words):
    with pytest.raises(InvalidTransferMatrix, match=words):
        LearningCurve.of(points)


def test_a_part_outside_the_curve_is_refused():
    with pytest.raises(InvalidTransferMatrix, match="no part from 50 to 120"):
        WARM.between(50, 120)


scores = st.floats(-1e3, 1e3)
curves = st.lists(
    st.tuples(st.integers(1, 500), scores), min_size=1, max_size=12, unique_by=lambda p: p[0]
).flatmap(lambda rest: scores.map(lambda first: LearningCurve.of([(0, first), *sorted(rest)])))


@given(curves, st.floats(0.05, 0.95))
def test_the_areas_of_two_parts_are_the_area_of_the_whole(curve, share):
    end = float(curve.steps[-1])
    parts = curve.between(0, share * end).area() + curve.between(share * end, end).area()
    assert parts == pytest.approx(curve.area(), abs=1e-6)


@given(curves)
def test_means_lie_between_the_lowest_and_the_highest_score(curve):
    found = AdaptationMetrics.of(curve)
    low, high = curve.scores.min() - 1e-9, curve.scores.max() + 1e-9
    assert low <= found.mean <= high
    assert low <= found.asymptote <= high


@given(curves, scores)
def test_the_curve_has_the_threshold_where_it_is_said_to_reach_it(curve, threshold):
    t = curve.steps_to(threshold)
    if t is None:
        assert curve.scores.max() < threshold
        return
    reached = np.interp(t, curve.steps, curve.scores)
    assert reached >= threshold - 1e-6
    before = np.linspace(0, t, 200, endpoint=False) if t > 0 else []
    assert np.all(np.interp(before, curve.steps, curve.scores) < threshold + 1e-6)


@given(curves, curves, st.floats(-100, 100))
def test_a_constant_added_to_all_rewards_changes_nothing_but_the_scores(curve, other, constant):
    both = compared({"a": curve, "b": other})
    low = -1001.0
    plain = AdaptationMetrics.of(both["a"], both["b"], 5.0, low)
    moved = {n: LearningCurve(c.steps, c.scores + constant) for n, c in both.items()}
    shifted = AdaptationMetrics.of(moved["a"], moved["b"], 5.0 + constant, low + constant)
    assert shifted.jump_start == pytest.approx(plain.jump_start, abs=1e-6)
    assert shifted.transfer_ratio == pytest.approx(plain.transfer_ratio, rel=1e-6, abs=1e-9)
    assert shifted.asymptote == pytest.approx(plain.asymptote + constant, abs=1e-6)
