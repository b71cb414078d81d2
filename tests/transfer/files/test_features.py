import numpy as np
import pytest

from rltransfer.contexts import Scale
from rltransfer.errors import InvalidContext, UnknownName
from rltransfer.transfer.files.columns import FeatureColumn
from rltransfer.transfer.files.features import axes_of, identifier


def scale_of(sources, targets=None, **scales):
    column = FeatureColumn.of("x", sources, sources if targets is None else targets)
    return axes_of([column], scales)[0].feature.scale


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.1, 1.0, 10.0], "log"),
        ([10.0, 0.1, 1.0], "log"),
        ([0.1, 0.316, 1.0, 3.16, 10.0], "log"),  # rounded
        (np.geomspace(0.05, 5.0, 60), "log"),
        ([0.0, 1.0, 2.0], "linear"),
        ([1.0, 10.0], "linear"),
        ([0.0, 1.0, 10.0, 100.0], "linear"),
        ([-1.0, -10.0, -100.0], "linear"),
        ([1.0, 2.0, 5.0, 10.0], "linear"),
        ([0.99, 1.0, 1.01], "linear"),  # even in both
    ],
)
def test_only_a_grid_that_is_even_in_the_logarithm_has_a_log_scale(values, expected):
    assert scale_of(values) == expected


def test_sources_and_targets_may_be_different_grids():
    assert scale_of(np.geomspace(1, 100, 5), np.geomspace(2, 50, 7)) == "log"
    assert scale_of(np.geomspace(1, 100, 5)[[3, 0]], np.geomspace(1, 100, 5)) == "log"
    assert scale_of(np.geomspace(1, 100, 5), np.linspace(1, 100, 7)) == "linear"


def test_a_scale_can_be_decided_by_hand():
    assert scale_of([0.1, 1.0, 10.0], x=Scale.LINEAR) == "linear"
    assert scale_of([1.0, 2.0, 3.0], x=Scale.LOG) == "log"


def test_a_scale_that_does_not_fit_is_refused():
    with pytest.raises(InvalidContext, match="its range must be positive"):
        scale_of([0.0, 1.0], x=Scale.LOG)
    with pytest.raises(InvalidContext, match="feature 'x' has words as values, such as 'a'"):
        scale_of(["a", "b"], x=Scale.LOG)
    with pytest.raises(UnknownName, match="did you mean 'length'"):
        axes_of([FeatureColumn.of("length", [1.0, 2.0], [1.0])], {"lenght": Scale.LOG})


def test_words_are_equally_far_apart():
    column = FeatureColumn.of("ground", ["ice", "sand"], ["rock", "ice"])
    axes = axes_of([column], {})
    assert [axis.feature.about for axis in axes] == ["ground=ice", "ground=rock", "ground=sand"]
    X = np.stack([axis.sources for axis in axes], axis=1)
    Y = np.stack([axis.targets for axis in axes], axis=1)
    assert np.abs(X[:, None] - Y).sum(axis=2).tolist() == [[2.0, 0.0], [2.0, 2.0]]


def test_a_number_beside_words_is_a_word():
    column = FeatureColumn.of("kind", [1, 2], ["1", "b"])
    assert [axis.feature.about for axis in axes_of([column], {})] == ["kind=1", "kind=2", "kind=b"]


def test_a_feature_that_never_varies_is_no_axis():
    columns = [FeatureColumn.of("a", [1.0, 1.0], [1.0]), FeatureColumn.of("b", [1.0, 2.0], [1.0])]
    assert [axis.feature.name for axis in axes_of(columns, {})] == ["b"]


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [
        ("length", [], "length"),
        ("Pole Length (m)", [], "pole_length_m"),
        ("0", [], "x_0"),
        ("θ", [], "x"),
        ("a=b", ["a_b", "a_b_2"], "a_b_3"),
    ],
)
def test_any_name_becomes_a_free_identifier(name, taken, expected):
    assert identifier(name, taken) == expected
