import numpy as np
import pytest
from matplotlib.colors import to_hex

from rltransfer.reports.drawing import rendered
from rltransfer.reports.figures.adaptation import adaptation_figure, spread
from rltransfer.transfer.adaptation import LearningCurve

STEPS = np.linspace(0.0, 1000.0, 6)
CURVES = {
    "warm": LearningCurve(STEPS, np.array([60.0, 80, 100, 100, 100, 100])),
    "other": LearningCurve(STEPS, np.array([30.0, 40, 50, 60, 70, 80])),
    "cold": LearningCurve(STEPS, np.array([10.0, 20, 40, 60, 80, 100])),
}


def drawn(**changed):
    settings = {"reference": "cold", "threshold": 90.0, **changed}
    return adaptation_figure(CURVES, **settings).axes[0]


def test_every_look_of_every_curve_is_drawn():
    lines = [line for line in drawn().lines if len(line.get_xdata()) == len(STEPS)]
    assert len(lines) == 3
    for line, curve in zip(lines, CURVES.values(), strict=True):
        assert line.get_xdata() == pytest.approx(curve.steps)
        assert line.get_ydata() == pytest.approx(curve.scores)
    assert len({to_hex(line.get_color()) for line in lines}) == 3


def test_diamonds_stand_where_the_threshold_is_reached():
    diamonds = [line for line in drawn().lines if line.get_marker() == "D"]
    places = [(line.get_xdata()[0], line.get_ydata()[0]) for line in diamonds]
    assert np.array(places) == pytest.approx(np.array([(300, 90), (900, 90)]))  # "other": never


def test_arrows_are_as_high_as_the_jump_starts():
    texts = [text for text in drawn().texts if text.get_text() in ("+50", "+20")]
    assert [text.get_text() for text in texts] == ["+50", "+20"]
    arrows = [text for text in drawn().texts if text.arrow_patch is not None]
    heights = [(arrow.xyann[1], arrow.xy[1]) for arrow in arrows]
    assert heights == [(10.0, 60.0), (10.0, 30.0)]


def test_names_at_the_ends_do_not_lie_on_one_another():
    ax = drawn()
    low, high = ax.get_ylim()
    ends = sorted(text.xy[1] for text in ax.texts if text.get_text() in (*CURVES, "threshold 90"))
    assert len(ends) == 4
    assert min(np.diff(ends)) >= 0.05 * (high - low)


def test_names_move_as_little_as_they_must():
    assert spread([0.0, 10.0, 20.0], 5.0) == pytest.approx([0, 10, 20])
    assert spread([8.0, 10.0], 4.0) == pytest.approx([7, 11])
    assert spread([0.0, 9.0, 9.0, 9.0], 3.0) == pytest.approx([0, 6, 9, 12])


def test_without_reference_and_threshold_the_curves_are_drawn_alone():
    ax = drawn(reference=None, threshold=None)
    assert len(ax.lines) == 3
    assert [text for text in ax.texts if text.arrow_patch is not None] == []


def test_the_same_curves_give_the_same_file():
    files = {rendered(adaptation_figure(CURVES, "cold", 90.0), "svg") for _ in range(2)}
    assert len(files) == 1
