import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltransfer.reports.comparison import Comparison
from rltransfer.reports.figures.coverage import coverage_figure, spread_out
from rltransfer.reports.study import Study


def drawn(path):
    comparison = Comparison.of(Study.read(path), np.random.default_rng(0))
    (ax,) = coverage_figure(comparison).axes
    return comparison, ax


def test_every_curve_is_drawn_with_its_numbers(three_seeds):
    comparison, ax = drawn(three_seeds)
    lines = {line.get_label(): line for line in ax.lines}
    for curve in (*comparison.curves, comparison.oracle):
        assert list(lines[curve.name].get_xdata()) == [1, 2, 3]
        assert lines[curve.name].get_ydata() == pytest.approx(curve.values)
    widths = {name: lines[name].get_linewidth() for name in ("matrix-gp", "random", "equidistant")}
    assert max(widths, key=widths.get) == "matrix-gp"


def test_references_are_horizontal_and_everything_is_named(three_seeds):
    comparison, ax = drawn(three_seeds)
    flat = [line.get_ydata()[0] for line in ax.lines if list(line.get_xdata()) == [0, 1]]
    assert flat == pytest.approx([r.coverage.value for r in comparison.references])
    names = {text.get_text() for text in ax.texts}
    assert names == {"matrix-gp", "random", "equidistant", "sequential oracle", "multi-task",
                     "independent", "best of all trained"}  # fmt: skip


def test_bands_are_the_intervals_and_need_several_seeds(one_seed, three_seeds):
    comparison, ax = drawn(three_seeds)
    band = ax.collections[1].get_paths()[0].vertices  # of "random"
    ends = [(point.low, point.high) for point in comparison.curves[1].points]
    assert band[:, 1].min() == pytest.approx(min(low for low, _ in ends))
    assert band[:, 1].max() == pytest.approx(max(high for _, high in ends))
    assert len(drawn(one_seed)[1].collections) == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_labels_keep_their_order_and_distance(heights):
    placed = np.array(spread_out(heights, 0.05))
    order = np.argsort(heights, kind="stable")
    assert (np.diff(placed[order]) >= 0.05 - 1e-9).all()
    assert placed.mean() == pytest.approx(np.mean(heights))


def test_labels_far_apart_stay_where_they_are():
    assert spread_out([0.9, 0.1, 0.5], 0.05) == [0.9, 0.1, 0.5]
