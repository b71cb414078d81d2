import numpy as np
import pytest
from matplotlib.colors import to_rgba

from rltransfer.reports.figures.gaps import gaps_figure
from rltransfer.reports.figures.style import source_colors
from rltransfer.reports.study import Study


def drawn(path):
    replicate = Study.read(path).replicates[0]
    report = replicate.gaps[-1]
    return report, gaps_figure(report, source_colors(replicate.matrix))


def test_points_and_intervals_are_those_of_the_report(one_seed):
    report, figure = drawn(one_seed)
    above, below = figure.axes
    bars, points = above.collections
    assert np.allclose(points.get_offsets()[:, 1], report.gap)
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    assert np.allclose(ends, np.stack([report.low, report.high], axis=1))
    assert (report.low <= report.gap).all()
    regrets = np.array([segment[:, 1] for segment in below.collections[0].get_segments()])
    assert np.allclose(regrets[:, 1], report.regret)


def test_colours_are_those_of_the_covering_sources(one_seed):
    report, figure = drawn(one_seed)
    colors = source_colors(Study.read(one_seed).replicates[0].matrix)
    expected = [to_rgba(colors[source]) for source in report.sources]
    assert np.allclose(figure.axes[0].collections[1].get_facecolors(), expected)


def test_the_mean_is_written(one_seed):
    report, figure = drawn(one_seed)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert f"mean {report.mean_gap:.3g}" in texts


@pytest.mark.parametrize("study", ["two_features", "three_features"])
def test_with_several_features_the_gaps_are_ranked(study, request):
    report, figure = drawn(request.getfixturevalue(study))
    ranked = figure.axes[0]
    heights = ranked.collections[1].get_offsets()[:, 1]
    assert np.allclose(heights, np.sort(report.gap)[::-1])
    assert "largest gap" in ranked.get_xlabel()


def test_maps_show_gap_and_regret(two_features):
    report, figure = drawn(two_features)
    maps = [ax for ax in figure.axes if ax.get_title(loc="left") in ("gap ΔJ", "regret")]
    for ax, values in zip(maps, (report.gap, report.regret), strict=True):
        cells = np.asarray(ax.collections[0].get_array()).reshape(6, 6)
        assert np.array_equal(cells.T.ravel(), values)
    low, high = maps[0].collections[0].get_clim()
    assert low == -high
