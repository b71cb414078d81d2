from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from rltransfer.envs import make
from rltransfer.errors import InvalidContext, InvalidExperiment
from rltransfer.reports.figures.strip import frame_at, save_strip, values_across


@pytest.fixture(autouse=True)
def _no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


def test_a_strip_is_a_picture(tmp_path: Path) -> None:
    path = save_strip(make("cartpole"), "length", tmp_path / "strip.png")
    picture = imread(path)
    assert picture.shape[1] > 3 * picture.shape[0] > 300
    assert list(tmp_path.iterdir()) == [path]


def test_frames_differ_with_the_context() -> None:
    short, long = (frame_at(make("cartpole"), {"length": value}) for value in (0.1, 1.0))
    assert short.dtype == np.uint8
    assert not np.array_equal(short, long)
    np.testing.assert_array_equal(short, frame_at(make("cartpole"), {"length": 0.1}))


def test_the_default_is_among_the_values() -> None:
    axis = make("cartpole").space["length"]
    values = values_across(axis)
    assert axis.default in values
    assert values == sorted(values)
    assert (values[0], values[-1]) == (axis.low, axis.high)


def test_wrong_words_are_answered(tmp_path: Path) -> None:
    with pytest.raises(InvalidContext, match="did you mean 'length'"):
        save_strip(make("cartpole"), "lenght", tmp_path / "strip.png")
    with pytest.raises(InvalidExperiment, match=r"written as a \.png file; got"):
        save_strip(make("cartpole"), "length", tmp_path / "strip.gif")
