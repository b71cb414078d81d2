from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltransfer.contexts import ContextFeature, Scale
from rltransfer.errors import InvalidContext

LENGTH = ContextFeature("length", 0.5, 0.05, 5.0, "m", Scale.LOG, about="half the pole's length")
GRAVITY = ContextFeature("gravity", 9.8, 0.1, 30.0, "m/s²")


@st.composite
def features(draw: st.DrawFn) -> ContextFeature:
    """Draw any feature whose ends are not so close that rounding decides."""
    scale = draw(st.sampled_from(Scale))
    low = draw(st.floats(1e-6, 1e6) if scale is Scale.LOG else st.floats(-1e6, 1e6))
    high = low + draw(st.floats(1e-3, 1e6)) * max(1.0, abs(low))
    default = min(high, low + draw(st.floats(0, 1)) * (high - low))
    return ContextFeature("x", default, low, high, scale=scale)


@given(features(), st.floats(0, 1))
def test_the_unit_interval_round_trips(feature: ContextFeature, unit: float) -> None:
    value = float(feature.from_unit(unit))
    assert feature.low <= value <= feature.high
    np.testing.assert_allclose(feature.to_unit(value), unit, atol=1e-9)
    np.testing.assert_allclose(feature.from_unit(feature.to_unit(value)), value, rtol=1e-9)


@given(features())
def test_the_ends_are_exact(feature: ContextFeature) -> None:
    assert feature.from_unit([0.0, 1.0]).tolist() == [feature.low, feature.high]
    np.testing.assert_allclose(feature.to_unit([feature.low, feature.high]), [0, 1], atol=1e-12)


@given(features(), st.integers(2, 40))
def test_a_grid_rises_from_end_to_end(feature: ContextFeature, size: int) -> None:
    grid = feature.grid(size)
    assert len(grid) == size
    assert (grid[0], grid[-1]) == (feature.low, feature.high)
    assert (np.diff(grid) > 0).all()
    np.testing.assert_allclose(np.diff(feature.to_unit(grid)), 1 / (size - 1), atol=1e-8)


@given(features(), st.floats(0, 1), st.floats(0, 1))
def test_the_scale_keeps_the_order(feature: ContextFeature, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert feature.from_unit(low) <= feature.from_unit(high)


def test_scales_are_what_they_are_called() -> None:
    assert float(LENGTH.from_unit(0.5)) == pytest.approx(math.sqrt(0.05 * 5.0))
    assert float(GRAVITY.from_unit(0.5)) == pytest.approx((0.1 + 30.0) / 2)
    assert LENGTH.grid(3).tolist() == pytest.approx([0.05, 0.5, 5.0])


def test_a_grid_of_one_is_the_middle() -> None:
    assert LENGTH.grid(1).tolist() == pytest.approx([0.5])


def test_arrays_keep_their_shape() -> None:
    units = np.random.default_rng(0).random((2, 3, 4))
    assert (
        LENGTH.from_unit(units).shape == LENGTH.to_unit(LENGTH.from_unit(units)).shape == (2, 3, 4)
    )


def test_the_ends_are_allowed() -> None:
    assert LENGTH.validate(0.05) == 0.05
    assert LENGTH.validate(5) == 5.0


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (
            7.0,
            "context feature 'length' (half the pole's length) must lie in 0.05…5 m; got 7. "
            "The nearest allowed value is 5.",
        ),
        (
            -1,
            "context feature 'length' (half the pole's length) must lie in 0.05…5 m; got -1. "
            "The nearest allowed value is 0.05.",
        ),
        (
            math.nan,
            "context feature 'length' must be finite; got nan. Allowed: 0.05…5 m.",
        ),
        (
            "long",
            "context feature 'length' must be a number; got 'long' (str). Allowed: 0.05…5 m.",
        ),
    ],
)
def test_a_wrong_value_is_answered_in_full(value: Any, sentence: str) -> None:
    with pytest.raises(InvalidContext) as caught:
        LENGTH.validate(value)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"name": "Pole Length"}, "must be a lower-case identifier; got 'Pole Length'"),
        ({"low": 5.0}, "needs a range with low < high; got 5…5 m"),
        ({"high": math.inf}, "must be finite; got inf"),
        ({"low": 0.0}, "has a log scale, so its range must be positive; got low = 0 m"),
        ({"default": 6.0}, r"the default .* must lie in 0\.05…5 m; got 6"),
        ({"feasible": (0.01, 1.0)}, r"the feasible part .* must lie in 0\.05…5 m; got 0\.01…1"),
        ({"feasible": (1.0, 1.0)}, "the feasible part"),
    ],
)
def test_a_description_that_contradicts_itself_is_refused(
    arguments: dict[str, Any], sentence: str
) -> None:
    fields = {"name": "length", "default": 0.5, "low": 0.05, "high": 5.0, "unit": "m"}
    with pytest.raises(InvalidContext, match=sentence):
        ContextFeature(**{**fields, "scale": Scale.LOG, **arguments})


def test_an_unknown_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="quadratic"):
        ContextFeature("x", 0.5, 0.0, 1.0, scale="quadratic")  # type: ignore[arg-type]


def test_feasible_is_the_whole_range_unless_said() -> None:
    marked = ContextFeature("mass", 1.0, 0.1, 10.0, feasible=(0.1, 3))
    assert [marked.is_feasible(mass) for mass in (0.1, 3.0, 3.1)] == [True, True, False]
    assert marked.feasible == (0.1, 3.0)
    assert LENGTH.is_feasible(5.0)


def test_a_pure_number_has_no_unit_in_texts() -> None:
    assert ContextFeature("share", 0.5, 0.0, 1.0).range_text == "0…1"
    assert GRAVITY.range_text == "0.1…30 m/s²"
