from dataclasses import replace

import pytest
from harness.check import TOLERANCE, regressions


def at_speed(race, contender, factor):
    """The race with a contender that does more or less in the same time."""
    turns = [turn._replace(amount=turn.amount * factor) for turn in race.turns[contender]]
    return replace(race, turns={**race.turns, contender: turns})


def test_the_same_ratios_are_no_regression(case, race):
    assert not list(regressions(case, race, race))


def test_a_slower_machine_is_no_regression(case, race):
    half = at_speed(at_speed(race, "hare", 0.5), "tortoise", 0.5)
    assert not list(regressions(case, half, race))


@pytest.mark.parametrize(("factor", "sentences"), [(1.01 - TOLERANCE, 0), (0.99 - TOLERANCE, 2)])
def test_a_ratio_may_fall_by_the_tolerance_and_no_further(case, race, factor, sentences):
    assert len(list(regressions(case, at_speed(race, "hare", factor), race))) == sentences


def test_the_sentence_says_what_fell_from_what_to_what(case, race):
    said = next(regressions(case, at_speed(race, "hare", 0.5), race))
    assert said == (
        "race: hare is 2.5 times as fast as tortoise; it was 5 times on 2026-01-02, "
        "and may fall by 25%."
    )


def test_who_is_missing_today_is_not_compared(case, race):
    alone = replace(race, turns={"tortoise": race.turns["tortoise"]})
    assert not list(regressions(case, alone, race))
