import numpy as np
import pytest

from rltransfer.reports.figures.heatmap import heatmap_figure, most_panels
from rltransfer.reports.figures.style import source_colors
from rltransfer.reports.study import Study


def first(path):
    return Study.read(path).replicates[0]


def marks(ax):
    """Positions and colours of the discs."""
    return [
        (line.get_xdata()[0], line.get_ydata()[0], line.get_color())
        for line in ax.lines
        if line.get_marker() == "o" and line.get_markerfacecolor() != "none"
    ]


def test_rows_are_the_trained_policies_by_context(one_seed):
    replicate = first(one_seed)
    known = replicate.known
    ax = heatmap_figure(known, 3).axes[0]
    order = np.argsort(known.trained)
    cells = np.asarray(ax.collections[0].get_array()).reshape(len(order), 12)
    assert np.array_equal(cells, known.mean[order])
    assert ax.get_xscale() == "log"
    assert len(ax.get_yticklabels()) == len(known.trained)


def test_discs_mark_the_own_sources_on_their_own_context(one_seed):
    replicate = first(one_seed)
    ax = heatmap_figure(replicate.known, 3).axes[0]
    rows = list(np.argsort(replicate.known.trained))
    expected = [
        (pick.context["length"], rows.index(k), source_colors(replicate.matrix)[pick.context])
        for k, pick in enumerate(replicate.own.picks)
    ]
    assert sorted(marks(ax)) == sorted(expected)
    assert sorted(t.get_text() for t in ax.texts) == ["1", "2", "3"]


def test_a_full_matrix_is_square(three_seeds):
    replicate = first(three_seeds)
    ax = heatmap_figure(replicate.known, 3).axes[0]
    cells = np.asarray(ax.collections[0].get_array()).reshape(12, 12)
    assert np.array_equal(cells, replicate.truth.mean(axis=-1))
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert all(x == y for x, y, _ in marks(ax))


def test_two_features_have_a_map_per_source(two_features):
    known = first(two_features).known
    figure = heatmap_figure(known, 4)
    maps = figure.axes[:4]
    assert [ax.get_title(loc="left") for ax in maps] == [f"source {k}" for k in (1, 2, 3, 4)]
    for k, ax in enumerate(maps):
        cells = np.asarray(ax.collections[0].get_array()).reshape(6, 6)
        assert np.array_equal(cells.T.ravel(), known.mean[k])
        ((x, y, _),) = marks(ax)
        assert {"length": x, "gravity": y} == dict(known.sources[known.trained[k]])


def test_more_features_are_laid_out_by_index(three_features):
    known = first(three_features).known
    ax = heatmap_figure(known, 2).axes[0]
    cells = np.asarray(ax.collections[0].get_array()).reshape(-1, 27)
    assert np.array_equal(cells, known.mean[np.argsort(known.trained)])
    assert {x for x, _, _ in marks(ax)} == set(known.trained[:2])
    assert "masscart changes fastest" in ax.get_xlabel()


@pytest.mark.parametrize(("count", "shown"), [(1, 1), (12, 12), (13, 12), (50, 12)])
def test_panels_are_few_and_hold_the_first_and_the_last(count, shown):
    panels = most_panels(count)
    assert len(set(panels)) == shown
    assert (panels[0], panels[-1]) == (0, count - 1)


def test_many_rows_stay_on_a_sheet_and_only_the_own_are_named(tmp_path, make):
    vary = ["length", "gravity", "masscart"]
    make(tmp_path, vary=vary, targets=4, rounds=2, selection={"compare": ["independent"]})
    replicate = first(tmp_path)
    figure = heatmap_figure(replicate.known, 2)
    assert figure.get_size_inches()[1] < 8
    assert len(figure.axes[0].get_yticklabels()) == 2
    assert len(marks(figure.axes[0])) == 2
