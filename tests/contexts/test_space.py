from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rltransfer.contexts import Context, ContextFeature, ContextSpace, Scale
from rltransfer.errors import InvalidContext

SPACE = ContextSpace(
    [
        ContextFeature("length", 0.5, 0.05, 5.0, "m", Scale.LOG, about="half the pole's length"),
        ContextFeature("gravity", 9.8, 0.1, 30.0, "m/s²"),
        ContextFeature("mass", 1.0, 0.1, 10.0, "kg", Scale.LOG, feasible=(0.1, 3.0)),
    ]
)
units = hnp.arrays(np.float64, st.tuples(st.integers(1, 5), st.just(3)), elements=st.floats(0, 1))


# -- looking things up --------------------------------------------------------------------------


def test_features_have_an_order() -> None:
    assert SPACE.names == ("length", "gravity", "mass")
    assert [feature.name for feature in SPACE] == list(SPACE.names)
    assert len(SPACE) == 3
    assert SPACE["gravity"].unit == "m/s²"


def test_the_default_is_the_unchanged_environment() -> None:
    assert SPACE.default == Context(length=0.5, gravity=9.8, mass=1.0)


def test_an_unknown_feature_is_answered_with_all_known() -> None:
    with pytest.raises(InvalidContext) as caught:
        SPACE["gravty"]
    assert str(caught.value) == (
        "unknown context feature 'gravty'; did you mean 'gravity'? "
        "Known: length (0.05…5 m), gravity (0.1…30 m/s²), mass (0.1…10 kg)."
    )


def test_a_name_may_appear_once() -> None:
    with pytest.raises(InvalidContext, match=r"names \['length'\] more than once"):
        ContextSpace([SPACE["length"], SPACE["length"]])


def test_selecting_keeps_the_order_asked_for() -> None:
    assert SPACE.select(["mass", "length"]).names == ("mass", "length")
    with pytest.raises(InvalidContext, match="name at least one feature to vary, of length"):
        SPACE.select([])


# -- checking -----------------------------------------------------------------------------------


def test_validating_completes_and_orders() -> None:
    complete = SPACE.validate({"mass": 2, "length": 1})
    assert list(complete.items()) == [("length", 1.0), ("gravity", 9.8), ("mass", 2.0)]
    assert SPACE.validate() == SPACE.validate({}) == SPACE.default


@pytest.mark.parametrize("context", [3.0, "length=1", [("length", 1.0)]], ids=repr)
def test_what_is_no_mapping_is_refused(context: Any) -> None:
    with pytest.raises(InvalidContext, match="a context must map feature names to numbers"):
        SPACE.validate(context)


def test_feasibility_is_that_of_every_named_feature() -> None:
    assert SPACE.is_feasible({"mass": 3.0, "length": 5.0})
    assert not SPACE.is_feasible({"mass": 3.1, "length": 0.5})


# -- making contexts ----------------------------------------------------------------------------


def test_a_grid_has_exact_ends_and_runs_the_last_feature_fastest() -> None:
    grid = SPACE.grid({"length": 2, "mass": 3})
    assert len(grid) == 6
    assert [x["length"] for x in grid] == [0.05] * 3 + [5.0] * 3
    assert [grid[i]["mass"] for i in (0, 2, 3, 5)] == [0.1, 10.0, 0.1, 10.0]
    assert {x["gravity"] for x in grid} == {9.8}


def test_one_size_is_for_every_feature() -> None:
    grid = SPACE.grid(3)
    assert len(set(grid)) == 27
    assert grid[0] == Context(length=0.05, gravity=0.1, mass=0.1)
    assert grid[-1] == Context(length=5.0, gravity=30.0, mass=10.0)


@pytest.mark.parametrize("size", [0, -1, 2.5, True, "3"], ids=repr)
def test_a_grid_needs_whole_sizes(size: Any) -> None:
    with pytest.raises(InvalidContext, match="needs a whole number of at least 1; got"):
        SPACE.grid({"length": size})


def test_samples_lie_in_the_space_and_follow_the_generator() -> None:
    one = SPACE.sample(500, np.random.default_rng(4))
    assert one == SPACE.sample(500, np.random.default_rng(4))
    assert one != SPACE.sample(500, np.random.default_rng(5))
    means = SPACE.to_unit(one).mean(axis=0)
    np.testing.assert_allclose(means, 0.5, atol=5 / np.sqrt(12 * 500))
    for context in one:
        SPACE.validate(context)


def test_sobol_designs_are_determined_by_the_generator() -> None:
    one = SPACE.sobol(13, np.random.default_rng(4))
    assert one == SPACE.sobol(13, np.random.default_rng(4))
    assert one != SPACE.sobol(13, np.random.default_rng(5))
    assert one[:8] == SPACE.sobol(8, np.random.default_rng(4)), "a longer design continues"


def test_sobol_designs_fill_the_cube_evenly() -> None:
    U = SPACE.to_unit(SPACE.sobol(64, np.random.default_rng(0)))
    for column in U.T:  # one point in each of 64 slices, of every feature
        assert sorted(np.floor(column * 64).astype(int)) == list(range(64))


# -- the unit cube ------------------------------------------------------------------------------


@given(units)
def test_the_cube_round_trips(U: Any) -> None:
    contexts = SPACE.from_unit(U)
    np.testing.assert_allclose(SPACE.to_unit(contexts), U, atol=1e-9)
    for context in contexts:
        assert SPACE.validate(context) == context


def test_arrays_have_a_column_per_feature() -> None:
    contexts = [Context(mass=2.0, gravity=1.0, length=0.1, other=7.0), SPACE.default]
    assert SPACE.to_array(contexts).tolist() == [[0.1, 1.0, 2.0], [0.5, 9.8, 1.0]]
    assert SPACE.to_array([]).shape == SPACE.to_unit([]).shape == (0, 3)
    assert ContextSpace(()).to_unit(contexts).shape == (2, 0)


# -- to and from text ---------------------------------------------------------------------------


def test_it_survives_json_and_toml() -> None:
    for again in (
        ContextSpace.from_json(SPACE.to_json()),
        ContextSpace.from_toml(SPACE.to_toml()),
        ContextSpace.from_dict(SPACE.to_dict()),
    ):
        assert again == SPACE
        assert again.digest == SPACE.digest
        assert hash(again) == hash(SPACE)


def test_the_digest_sees_every_word() -> None:
    def changed(key: str, value: Any) -> str:
        table = json.loads(SPACE.to_json())
        table["mass"][key] = value
        return ContextSpace.from_dict(table).digest

    edits = {"about": "x", "unit": "g", "default": 2.0, "range": [0.1, 9.0], "feasible": [0.2, 2]}
    digests = {changed(key, value) for key, value in edits.items()}
    assert len(digests | {SPACE.digest}) == len(edits) + 1


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"default": 1.0}, "context feature 'mass' lacks the key 'range'"),
        ({"range": [0.1, 1.0]}, "context feature 'mass' lacks the key 'default'"),
        (
            {"default": 1.0, "range": [0.1, 2.0], "rang": 3},
            "has an unknown key 'rang'; did you mean 'range'",
        ),
        ({"default": 1.0, "range": 2.0}, r"'range' .* must be two numbers, \[low, high\]; got 2.0"),
        ({"default": 1.0, "range": "ab"}, "must be two numbers"),
        ({"default": "x", "range": [0.1, 2.0]}, "must be a number; got 'x'"),
        (
            {"default": 1.0, "range": [0.1, 2.0], "scale": "cubic"},
            "the scale of context feature 'mass' must be 'linear' or 'log'; got 'cubic'",
        ),
        (
            {"default": 1.0, "range": [0.1, 2.0], "feasible": [0.1]},
            "'feasible' of context feature 'mass' must be two numbers",
        ),
    ],
)
def test_a_wrong_table_is_answered_with_its_key(table: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidContext, match=sentence):
        ContextSpace.from_dict({"mass": table})


def test_texts_that_people_leave_out_have_defaults() -> None:
    (feature,) = ContextSpace.from_dict({"share": {"default": 0.5, "range": [0, 1]}})
    assert (feature.unit, feature.scale, feature.about) == ("1", Scale.LINEAR, "")


def test_a_grid_has_a_largest_size() -> None:
    with pytest.raises(InvalidContext, match=r"a grid of 1,000,000 contexts is too large"):
        SPACE.grid(100)


def test_features_are_named_in_a_list() -> None:
    with pytest.raises(InvalidContext, match=r"named in a list, such as .*; got 'length'"):
        SPACE.select("length")


def test_points_outside_the_cube_are_refused() -> None:
    with pytest.raises(InvalidContext, match=r"must lie in 0…1"):
        SPACE.from_unit([[1.5] * len(SPACE)])


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}'])
def test_text_that_is_no_space_is_a_sentence(text: str) -> None:
    with pytest.raises(InvalidContext, match="context space"):
        ContextSpace.from_json(text)
