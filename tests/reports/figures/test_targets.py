import numpy as np
import pytest
from matplotlib.colors import to_rgba

from rltransfer.reports.figures.style import source_colors
from rltransfer.reports.figures.targets import targets_figure
from rltransfer.reports.study import Study


def matrix_of(path):
    return Study.read(path).replicates[0].matrix


def test_a_panel_per_round_shows_the_best_return_in_the_colour_of_its_source(one_seed):
    matrix = matrix_of(one_seed)
    axes = targets_figure(matrix, 450.0).axes
    colors = list(source_colors(matrix).values())
    assert len(axes) == 3
    for k, ax in enumerate(axes, 1):
        points = ax.collections[-1]
        now = matrix.after(k)
        x, y = np.asarray(points.get_offsets()).T
        assert x == pytest.approx([target["length"] for target in matrix.targets])
        assert y == pytest.approx(now.best)
        expected = [to_rgba(colors[source]) for source in now.covering]
        assert np.allclose(points.get_facecolors(), expected)
        assert sorted(t.get_text() for t in ax.texts) == [str(i) for i in range(1, k + 1)]


def test_titles_say_coverage_and_gain(one_seed):
    matrix = matrix_of(one_seed)
    V = matrix.coverage_curve()
    titles = [ax.get_title(loc="left") for ax in targets_figure(matrix, 450.0).axes]
    assert titles[0] == f"round 1: V = {V[0]:.0f}"
    assert titles[1].startswith(f"round 2: V = {V[1]:.0f} (+{V[1] - V[0]:.3g}")


def test_the_shade_is_what_the_round_has_won(one_seed):
    matrix = matrix_of(one_seed)
    ax = targets_figure(matrix, 450.0).axes[1]
    outline = ax.collections[0].get_paths()[0].vertices
    before, now = matrix.after(1).best, matrix.after(2).best
    assert {*np.round(outline[:, 1], 6)} == {*np.round(before, 6), *np.round(now, 6)}


def test_every_disc_lies_inside_its_panel(one_seed):
    empty = matrix_of(one_seed).after(0)
    first = empty.learn(6, np.full((12, 1), 300.0))
    poor = first.learn(2, np.where(np.arange(12) == 0, 400.0, 20.0)[:, None])
    for ax in targets_figure(poor, 450.0).axes:
        low, high = ax.get_ylim()
        discs = [line.get_ydata()[0] for line in ax.lines if line.get_marker() == "o"]
        assert all(low <= y <= high for y in discs)


def test_two_features_have_maps_with_borders(two_features):
    matrix = matrix_of(two_features)
    axes = targets_figure(matrix, 450.0).axes[:4]
    for k, ax in enumerate(axes, 1):
        now = matrix.after(k)
        cells, borders = ax.collections[0], ax.collections[1]
        assert np.array_equal(np.asarray(cells.get_array()).reshape(6, 6).T.ravel(), now.best)
        owner = now.covering.reshape(6, 6)
        expected = (owner[1:] != owner[:-1]).sum() + (owner[:, 1:] != owner[:, :-1]).sum()
        assert len(borders.get_segments()) == expected


def test_more_features_have_a_profile_each(three_features):
    matrix = matrix_of(three_features)
    axes = targets_figure(matrix, 450.0).axes
    assert [ax.get_xlabel() for ax in axes] == ["length (m)", "gravity (m/s²)", "masscart (kg)"]
    by_feature = matrix.best.reshape(3, 3, 3)
    for j, ax in enumerate(axes):
        last = next(line for line in ax.lines if line.get_linewidth() == 2)
        others = tuple(i for i in range(3) if i != j)
        assert last.get_ydata() == pytest.approx(by_feature.mean(axis=others))


def test_many_rounds_and_little_to_tell_apart_still_draw(tmp_path, make):
    make(tmp_path, targets=14, rounds=14, selection={"compare": []})
    assert len(targets_figure(matrix_of(tmp_path), 450.0).axes) == 12
