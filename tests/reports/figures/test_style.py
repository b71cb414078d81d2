import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from rltransfer.reports.figures import style
from rltransfer.testing.toys import LinearGapToy


def test_the_callers_settings_are_put_back_and_not_used():
    before = matplotlib.rcParams["font.size"]
    with matplotlib.rc_context({"font.size": 33}):
        size = style.styled(lambda: matplotlib.rcParams["font.size"])()
        assert matplotlib.rcParams["font.size"] == 33
    assert size == style.STYLE["font.size"]
    assert matplotlib.rcParams["font.size"] == before


def test_a_source_keeps_its_colour_when_others_follow():
    toy = LinearGapToy.wavy(20)
    matrix = toy.empty()
    for k in (9, 3, 15):
        matrix = matrix.learn(k, toy.truth[k][:, None])
    colors, before = style.source_colors(matrix), style.source_colors(matrix.after(2))
    assert list(colors) == [toy.contexts[k] for k in (9, 3, 15)]
    assert {x: colors[x] for x in before} == dict(before)


@pytest.mark.parametrize("n", [12, 20])
def test_every_source_has_a_colour_of_its_own(n):
    toy = LinearGapToy.wavy(20)
    matrix = toy.empty()
    for k in range(n):
        matrix = matrix.learn(k, toy.truth[k][:, None])
    assert len(set(style.source_colors(matrix).values())) == n


def contrast(a, b):
    """Contrast of two colours after WCAG 2.1."""

    def luminance(color):
        c = np.array(to_rgb(color))
        return np.where(c <= 0.03928, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ (
            0.2126, 0.7152, 0.0722,
        )  # fmt: skip

    low, high = sorted([luminance(a), luminance(b)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("color", style.COLORS)
def test_numbers_on_sources_can_be_read(color):
    assert contrast(color, style.ink_on(color)) >= 3.0


def test_spare_panels_are_removed():
    figure, axes = style.panels(4, 3, (2.0, 1.5))
    assert len(axes) == len(figure.axes) == 4
    assert tuple(figure.get_size_inches()) == (6.0, 3.0)


def test_labels_stay_where_no_panel_is_below():
    _, axes = style.panels(4, 3, (2.0, 1.5))
    for ax in axes:
        ax.set_xlabel("x")
        ax.set_ylabel("y")
    style.share_x_labels(axes, 3)
    style.share_y_labels(axes, 3)
    assert [ax.get_xlabel() for ax in axes] == ["", "x", "x", "x"]
    assert [ax.get_ylabel() for ax in axes] == ["y", "", "", "y"]
    few = Figure().subplots(1, 2)
    few[0].set_xlabel("x")
    style.share_x_labels(list(few), 3)
    assert few[0].get_xlabel() == "x"
