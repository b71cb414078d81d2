from __future__ import annotations

import json
import pickle
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltransfer.contexts import Context
from rltransfer.errors import InvalidContext

numbers = st.floats(allow_nan=False, allow_infinity=False)
values = st.dictionaries(st.sampled_from(["length", "gravity", "mass", "tau"]), numbers)


@given(values)
def test_it_is_a_read_only_dictionary(given_values: dict[str, float]) -> None:
    context = Context(given_values)
    assert dict(context) == given_values
    assert list(context) == list(given_values)
    assert len(context) == len(given_values)


def test_keywords_and_mapping_are_merged() -> None:
    assert dict(Context({"length": 1.0, "mass": 2.0}, length=3.0)) == {"length": 3.0, "mass": 2.0}


def test_it_cannot_be_changed() -> None:
    context: Any = Context(length=1.0)
    with pytest.raises(TypeError):
        context["length"] = 2.0
    with pytest.raises(AttributeError):
        context.length = 2.0
    original = {"length": 1.0}
    context = Context(original)
    original["length"] = 9.0
    assert context["length"] == 1.0


@given(values)
def test_order_does_not_matter(given_values: dict[str, float]) -> None:
    turned = Context(dict(reversed(given_values.items())))
    assert Context(given_values) == turned
    assert hash(Context(given_values)) == hash(turned)
    assert Context(given_values).digest == turned.digest


@given(values, values)
def test_digests_tell_contexts_apart(one: dict[str, float], other: dict[str, float]) -> None:
    assert (Context(one) == Context(other)) == (Context(one).digest == Context(other).digest)


@given(values)
def test_it_survives_json_and_pickle(given_values: dict[str, float]) -> None:
    context = Context(given_values)
    assert Context(json.loads(json.dumps(dict(context)))) == context
    assert pickle.loads(pickle.dumps(context)) == context


def test_the_digest_is_the_same_in_another_process() -> None:
    code = "from rltransfer.contexts import Context; print(Context(length=0.1, gravity=9.8).digest)"
    runs = {
        subprocess.check_output(
            [sys.executable, "-c", code], text=True, env={"PYTHONHASHSEED": seed}
        ).strip()
        for seed in ("1", "2")
    }
    assert runs == {Context(gravity=9.8, length=0.1).digest}


def test_it_differs_from_a_dictionary() -> None:
    assert Context(length=1.0) != {"length": 1.0}
    assert Context(length=1.0) != Context(length=1.0, mass=1.0)


@pytest.mark.parametrize(
    "value", [1, np.float32(1.0), np.float64(1.0), np.int64(1), Fraction(2, 2)], ids=repr
)
def test_real_numbers_of_any_kind_become_floats(value: Any) -> None:
    number = Context(length=value)["length"]
    assert type(number) is float
    assert number == 1.0


def test_minus_zero_is_zero() -> None:
    assert Context(x=-0.0).digest == Context(x=0.0).digest


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (float("nan"), "context feature 'length' must be finite; got nan."),
        (float("-inf"), "context feature 'length' must be finite; got -inf."),
        (None, "context feature 'length' must be a number; got None (NoneType)."),
        ("1", "context feature 'length' must be a number; got '1' (str)."),
        (True, "context feature 'length' must be a number; got True (bool)."),
        (1j, "context feature 'length' must be a number; got 1j (complex)."),
        (Decimal(1), "context feature 'length' must be a number; got Decimal('1') (Decimal)."),
        ([1.0], "context feature 'length' must be a number; got [1.0] (list)."),
    ],
    ids=repr,
)
def test_what_is_no_number_is_refused(value: Any, sentence: str) -> None:
    with pytest.raises(InvalidContext) as caught:
        Context(length=value)
    assert str(caught.value) == sentence


def test_replace_and_restrict_return_new_contexts() -> None:
    context = Context(length=1.0, mass=2.0)
    assert context.replace(length=3.0) == Context(length=3.0, mass=2.0)
    assert context.replace(tau=3.0) == Context(length=1.0, mass=2.0, tau=3.0)
    assert context.restrict(["mass"]) == Context(mass=2.0)
    assert context == Context(length=1.0, mass=2.0)


def test_texts_are_short() -> None:
    context = Context(length=0.7, gravity=1 / 3)
    assert repr(context) == "Context(length=0.7, gravity=0.333333)"
    assert context.label == "length=0.7,gravity=0.333333"
