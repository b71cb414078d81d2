"""What was expected of each source, beside what came of it."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from rltransfer.contexts import Context
from rltransfer.reports.expectations import Expectation, within
from rltransfer.reports.figures.expectation import expectation_figure
from rltransfer.reports.study import Study

SOURCES = [Context(x=float(k)) for k in range(4)]
COLORS = dict(zip(SOURCES, ("#0072b2", "#d55e00", "#009e73", "#cc79a7"), strict=True))


def expectation(k, predicted, gain, error=None):
    return Expectation(k, SOURCES[k - 1], None, 0.0, predicted, error, gain)


def test_the_rounds_of_a_study(one_seed):
    (replicate,) = Study.read(one_seed).replicates
    expected = Expectation.of_lane(replicate.own)
    V = replicate.matrix.coverage_curve()
    assert [e.round for e in expected] == [2, 3]
    assert [e.gain for e in expected] == pytest.approx(np.diff(V))
    assert [e.set_point for e in expected] == pytest.approx(replicate.matrix.set_points[1:])
    picks = replicate.own.picks[1:]
    assert [(e.predicted_gain, e.error) for e in expected] == [
        (pick.predicted_gain, pick.predicted_error) for pick in picks
    ]
    assert [e.predicted_set_point for e in expected] == [p.predicted_set_point for p in picks]


def test_of_a_selector_that_predicts_nothing_there_is_nothing(one_seed):
    states = Study.read(one_seed).replicates[0].states
    assert Expectation.of_lane(states["random"]) == ()


def test_two_standard_errors_decide():
    assert within([expectation(2, 10.0, 14.0, 2.0), expectation(3, 10.0, 5.9, 2.0)]) == (1, 2)
    assert within([expectation(2, 10.0, 10.0)]) == (0, 0)


def test_every_round_is_drawn_at_its_prediction_and_its_gain():
    expected = [expectation(2, 30.0, 20.0, 5.0), expectation(3, 10.0, 12.0, 4.0)]
    (ax,) = expectation_figure(expected, COLORS).axes
    diagonal, *discs = [line for line in ax.lines if line.get_linestyle() != "None" or
                        line.get_marker() == "o"]  # fmt: skip
    np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    discs = [line for line in discs if line.get_marker() == "o"]
    assert [(*d.get_xdata(), *d.get_ydata()) for d in discs] == [(30.0, 20.0), (10.0, 12.0)]
    assert [to_hex(d.get_color()) for d in discs] == [COLORS[e.source] for e in expected]
    assert [text.get_text() for text in ax.texts] == ["2", "3"]
    assert ax.get_xlim() == ax.get_ylim()
    assert ax.get_xlim()[0] < 0.0 < 35.0 < ax.get_xlim()[1]


def test_one_round_without_error_or_gain_can_be_drawn():
    (ax,) = expectation_figure([expectation(2, 0.0, 0.0)], COLORS).axes
    assert ax.get_xlim()[0] < 0.0 < ax.get_xlim()[1]


def test_the_page_lists_them(three_seeds, one_seed):
    from rltransfer.reports import write_report

    text = " ".join(write_report(one_seed).read_text(encoding="utf-8").split())
    assert "What was expected" in text
    assert "own return, predicted" in text
    assert " gains lie within two of them" in text
