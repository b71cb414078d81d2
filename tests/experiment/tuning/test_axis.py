import math

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from pydantic import ValidationError

from rltransfer.experiment.tuning.axis import Axis


def test_a_logarithmic_range_is_searched_on_its_scale():
    axis = Axis(range=(1e-5, 1e-2), scale="log")
    assert axis.distribution == FloatDistribution(1e-5, 1e-2, log=True)
    assert axis.value(1e-3) == 1e-3


def test_a_discount_is_searched_by_its_distance_from_one():
    axis = Axis(range=(0.9, 0.999), scale="complement")
    found = axis.distribution
    assert isinstance(found, FloatDistribution)
    assert found.log
    assert (found.low, found.high) == pytest.approx((0.001, 0.1))
    assert axis.value(0.01) == pytest.approx(0.99)


def test_powers_of_two_are_searched_by_their_exponents():
    axis = Axis(range=(32, 512), scale="power-of-2")
    assert axis.distribution == IntDistribution(5, 9)
    assert axis.value(7) == 128
    assert isinstance(axis.value(7), int)


def test_whole_numbers_stay_whole():
    axis = Axis(range=(1, 20), whole=True)
    assert axis.distribution == IntDistribution(1, 20)
    assert axis.value(3) == 3


@pytest.mark.parametrize(
    ("axis", "name"),
    [
        (Axis(range=(32, 64), scale="power-of-2"), "log2 x"),
        (Axis(range=(0.9, 0.99), scale="complement"), "1 - x"),
        (Axis(range=(1, 2), scale="log"), "x"),
        (Axis(choices=[1]), "x"),
    ],
)
def test_a_parameter_says_what_it_is_of_the_value(axis, name):
    assert axis.parameter("x") == name


def test_choices_may_be_lists():
    axis = Axis(choices=[[64], [64, 64]])
    assert axis.distribution == CategoricalDistribution(["[64]", "[64, 64]"])
    assert axis.value("[64, 64]") == [64, 64]


def test_a_schedule_begins_at_the_value():
    assert Axis(range=(1e-4, 1e-2), scale="log", falling=True).value(0.003) == "lin_0.003"


@pytest.mark.parametrize(("most", "high"), [(1000, 512), (512, 512), (64, 64), (3, 64)])
def test_a_range_is_cut_to_a_power_and_keeps_two(most, high):
    cut = Axis(range=(32, 2048), scale="power-of-2").up_to(most)
    assert cut.range == (32, high)
    assert math.log2(cut.range[1]) % 1 == 0


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({}, "write one of range"),
        ({"range": (1, 2), "choices": [1]}, "write one of range"),
        ({"range": (2, 1)}, "from a number to a larger one; got \\[2, 1\\]"),
        ({"range": (0, 1), "scale": "log"}, "needs a range above 0"),
        ({"range": (0.5, 1), "scale": "complement"}, "from 0 to below 1"),
        ({"range": (3, 8), "scale": "power-of-2"}, "must be powers of 2"),
        ({"range": (0.5, 8), "whole": True}, "must be whole"),
        ({"choices": [1, 2], "scale": "log"}, "belong to a range"),
        ({"range": (1, math.inf)}, "finite"),
        ({"range": (1, 2), "scale": "cubic"}, "'linear', 'log'"),
    ],
)
def test_what_no_axis_can_be(said, message):
    with pytest.raises(ValidationError, match=message):
        Axis(**said)
