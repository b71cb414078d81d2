"""What pydantic finds wrong, in our words."""

import re
from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from rltransfer.errors import explain_validation, nearest, said
from rltransfer.schema import Table


class Inner(Table):
    steps: Annotated[int, Field(ge=1, le=1000)] = 1


class Outer(Table):
    name: Annotated[str, Field(min_length=1)] = "x"
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    quick: bool = False
    kind: Literal["short", "long"] = "short"
    seeds: list[int] = Field(default=[0], min_length=1, max_length=2)
    sizes: dict[str, int] = Field(default={})
    inner: Inner = Inner()


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"inner": {"steps": 0}}, "inner.steps must be at least 1; got 0."),
        ({"inner": {"steps": 1001}}, "inner.steps must be at most 1000; got 1001."),
        ({"inner": {"steps": "3"}}, "inner.steps must be a whole number; got '3'."),
        ({"inner": {"steps": 1.5}}, "inner.steps must be a whole number; got 1.5."),
        ({"inner": {"stepz": 3}}, "inner.stepz: this key is unknown (did you mean 'steps'?)."),
        ({"inner": 3}, "inner must be a table; got 3."),
        ({"colour": 3}, "colour: this key is unknown."),
        ({"name": 3}, "name must be text; got 3."),
        ({"name": ""}, "name must be text of 1 or more letters; got ''."),
        ({"share": "x"}, "share must be a number; got 'x'."),
        ({"share": 0.0}, "share must be more than 0.0; got 0.0."),
        ({"share": 1.0}, "share must be less than 1.0; got 1.0."),
        ({"quick": 1}, "quick must be true or false; got 1."),
        ({"kind": "tall"}, "kind must be 'short' or 'long'; got 'tall'."),
        ({"seeds": 3}, "seeds must be a list; got 3."),
        ({"seeds": []}, "seeds must hold 1 or more; got []."),
        ({"seeds": [1, 2, 3]}, "seeds must hold 2 or fewer; got [1, 2, 3]."),
        ({"seeds": [0, "x"]}, "seeds.1 must be a whole number; got 'x'."),
        ({"sizes": 3}, "sizes must be a table; got 3."),
    ],
)
def test_field_value_and_what_is_allowed_are_said(table, sentence):
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(table)
    assert explain_validation(caught.value, "study.toml", Outer) == f"study.toml: {sentence}"


def test_the_nearest_name_is_found_whatever_its_case():
    assert nearest("ppo", ["DQN", "PPO"]) == "PPO"
    assert nearest("wind", ["PPO", "DQN"]) is None


def test_another_librarys_words_become_one_line():
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({"name": 3, "share": "x"})
    assert "\n" in str(caught.value)
    assert re.fullmatch(
        r"ValidationError: 2 validation errors for Outer name .*", said(caught.value)
    )
