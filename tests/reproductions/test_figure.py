from __future__ import annotations

from rltransfer.reproductions.figure import picture_figure
from rltransfer.reproductions.measurements import Curve, Picture
from rltransfer.reproductions.verdicts import Finding, Verdict


def published(says: str, value: float) -> Finding:
    return Finding(says, "table 1", value, False, None, Verdict.AGREES, "near")


def test_published_points_are_crosses_in_the_colour_of_their_curve() -> None:
    picture = Picture(
        "sources", "V", {"random": Curve((1.0, 2.0), (0.1, 0.4))}, levels={"independent": 0.9}
    )
    told = [published("random@2", 0.3), published("independent", 0.8), published("other@1", 0.5)]
    (ax,) = picture_figure(picture, told).axes
    curve, level, cross = ax.lines
    assert list(curve.get_ydata()) == [0.1, 0.4]
    assert set(level.get_ydata()) == {0.9}
    assert (list(cross.get_xdata()), list(cross.get_ydata())) == ([2.0], [0.3])
    assert cross.get_color() == curve.get_color()
    assert {text.get_text() for text in ax.texts} == {"random", "independent"}


def test_nothing_is_drawn_between_categories() -> None:
    picture = Picture("data", "score", {"cloning": Curve((0.0, 1.0), (0.1, 0.4))}, ticks=("a", "b"))
    (ax,) = picture_figure(picture, []).axes
    assert ax.lines[0].get_linestyle() == "None"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b"]
    assert ax.get_title() == ""
