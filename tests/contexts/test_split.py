from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rltransfer.contexts import Context, ContextFeature, ContextSpace, ContextSplit
from rltransfer.errors import InvalidContext

SPACE = ContextSpace(
    [ContextFeature("length", 0.5, 0.0, 1.0, "m"), ContextFeature("mass", 1.0, 0.0, 2.0, "kg")]
)


@given(st.integers(3, 30), st.floats(0.0, 0.45), st.floats(0.55, 1.0))
def test_the_parts_make_up_the_grid(size: int, low: float, high: float) -> None:
    grid = SPACE.grid({"length": size})
    inside = [context for context in grid if low <= context["length"] <= high]
    assume(inside)
    split = ContextSplit.of_grid("test", grid, {"length": (low, high)})
    parts = (*split.train, *split.interpolation, *split.extrapolation)
    assert sorted(parts, key=hash) == sorted(grid, key=hash)
    assert set(split.train) | set(split.interpolation) == set(inside)
    assert 0 <= len(split.train) - len(split.interpolation) <= 1


def test_interpolation_lies_between_training_contexts() -> None:
    split = SPACE.split({"length": (0.2, 0.8)}, {"length": 11}, "middle")
    lengths = [
        [round(x["length"], 1) for x in part]
        for part in (split.train, split.interpolation, split.extrapolation)
    ]
    assert lengths == [[0.2, 0.4, 0.6, 0.8], [0.3, 0.5, 0.7], [0.0, 0.1, 0.9, 1.0]]
    assert split.name == "middle"


def test_one_feature_outside_is_extrapolation() -> None:
    split = SPACE.split({"length": (0.4, 0.6), "mass": (0.9, 1.1)}, 5)
    assert split.train == (Context(length=0.5, mass=1.0),)
    assert Context(length=0.5, mass=0.0) in split.extrapolation
    assert len(split.extrapolation) == 24


def test_it_survives_json() -> None:
    split = SPACE.split({"length": (0.2, 0.8)}, 7)
    again = ContextSplit.from_dict(json.loads(json.dumps(split.to_dict())))
    assert again == split
    assert again.digest == split.digest


def test_the_digest_tells_splits_apart() -> None:
    digests = {SPACE.split({"length": (0.2, high)}, 7).digest for high in (0.5, 0.7, 0.9)}
    assert len(digests) == 3


def test_a_context_may_be_in_one_part_only() -> None:
    context = Context(length=0.5, mass=1.0)
    with pytest.raises(InvalidContext, match="the parts of split 'bad' must not share contexts"):
        ContextSplit("bad", (context,), (context,), ())


def test_training_needs_a_context() -> None:
    with pytest.raises(InvalidContext, match="no training context: widen its training range"):
        SPACE.split({"length": (0.51, 0.52)}, {"length": 3})


def test_a_range_outside_the_space_is_refused() -> None:
    with pytest.raises(InvalidContext, match="'length' must lie in 0…1 m; got 2"):
        SPACE.split({"length": (0.5, 2.0)}, 3)
    with pytest.raises(InvalidContext, match="did you mean 'length'"):
        SPACE.split({"lenght": (0.5, 1.0)}, 3)


def test_interpolation_differs_from_training_along_every_feature() -> None:
    split = SPACE.split({}, 4)
    for name in SPACE.names:
        assert {x[name] for x in split.train} == {x[name] for x in split.interpolation}
