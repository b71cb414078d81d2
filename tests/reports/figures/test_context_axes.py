import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from rltransfer.contexts import ContextFeature, Scale
from rltransfer.reports.figures.context_axes import along_x, along_y, cell_edges, ticks

LENGTH = ContextFeature("length", 0.5, 0.05, 5.0, "m", Scale.LOG)
GRAVITY = ContextFeature("gravity", 9.8, 0.1, 30.0, "m/s²")


def test_log_ticks_are_plain_round_numbers():
    assert ticks(LENGTH, 8) == pytest.approx([0.05, 0.1, 0.2, 0.5, 1, 2, 5])
    assert ticks(LENGTH, 5) == pytest.approx([0.1, 0.3, 1, 3])
    assert ticks(LENGTH, 3) == pytest.approx([0.1, 1])


def test_linear_ticks_are_round_and_inside():
    assert ticks(GRAVITY, 8) == pytest.approx([5, 10, 15, 20, 25, 30])


@given(st.floats(1e-3, 1e3), st.floats(2.0, 1e4), st.integers(2, 40), st.sampled_from(list(Scale)))
def test_cells_lie_around_their_grid_points(low, ratio, n, scale):
    feature = ContextFeature("f", low, low, low * ratio, scale=scale)
    edges, points = cell_edges(feature, n), feature.grid(n)
    assert len(edges) == n + 1
    assert (np.diff(edges) > 0).all()
    assert (edges[:-1] < points).all()
    assert (points < edges[1:]).all()


def test_axes_have_scale_unit_and_labels_of_the_feature():
    ax = Figure(figsize=(7, 4)).subplots()
    along_x(ax, LENGTH, 50)
    along_y(ax, GRAVITY, 10)
    assert ax.get_xscale() == "log"
    assert ax.get_yscale() == "linear"
    assert ax.get_xlabel() == "length (m)"
    assert ax.get_ylabel() == "gravity (m/s²)"
    assert [t.get_text() for t in ax.get_xticklabels()] == ["0.05", "0.1", "0.2", "0.5", "1", "2",
                                                            "5"]  # fmt: skip
    assert ax.get_xlim() == pytest.approx(cell_edges(LENGTH, 50)[[0, -1]])
