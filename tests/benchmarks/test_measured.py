import json

import pytest
from harness.measured import Measured


def test_speeds_are_amounts_per_second(race):
    assert race.speed("tortoise") == (10.0, 5.0, 10.0)
    assert race.speed("hare") == (50.0, 40.0, 50.0)


def test_a_ratio_is_that_of_the_medians_and_its_spread_that_of_the_rounds(race):
    assert race.ratio("hare", "tortoise") == (5.0, 4.0, 10.0)


def test_core_seconds_are_compared_beside(race):
    assert race.core_ratio("hare", "tortoise") == pytest.approx((2.5, 2.0, 2.5))


def test_the_load_of_others_is_the_median_of_all_turns(race):
    assert race.foreign == 0.5


def test_a_case_survives_json(race):
    assert Measured.from_json(json.loads(json.dumps(race.to_json()))) == race
