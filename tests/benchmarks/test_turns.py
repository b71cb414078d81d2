import time
from contextlib import contextmanager
from dataclasses import replace

import pytest
from harness.case import Case
from harness.turns import measure


def test_contenders_take_turns_after_they_have_warmed_up(case, calls):
    measure(case)
    assert calls == [
        *("+tortoise", "tortoise", "+hare", "hare"),
        *("tortoise", "hare", "tortoise", "hare"),
        *("-hare", "-tortoise"),
    ]


def test_rounds_can_be_fewer_and_amounts_are_kept(case):
    found = measure(case, rounds=1)
    assert [turn.amount for turn in found.turns["hare"]] == [20]


def test_who_cannot_be_measured_is_left_out_and_said_so(case):
    said = []
    found = measure(case, say=said.append)
    assert set(found.turns) == {"tortoise", "hare"}
    assert found.missing == {"snail": "it is on the moon"}
    assert said == ["    snail is not measured: it is on the moon"]


def test_a_ratio_is_that_of_the_times():
    def sleeping(seconds):
        @contextmanager
        def prepare():
            def work():
                time.sleep(seconds)
                return 1.0

            yield work

        return prepare

    contenders = {"slow": sleeping(0.06), "quick": sleeping(0.02)}
    found = measure(Case("sleep", "Sleeping", "nap", contenders, warm_ups=0), rounds=3)
    assert found.ratio("quick", "slow").median == pytest.approx(3.0, rel=0.25)
    assert all(turn.own < 0.5 * turn.wall for turn in found.turns["slow"])  # sleeping is no work


def test_a_case_with_nobody_left_says_so(case):
    alone = replace(case, contenders={"snail": case.contenders["snail"]})
    with pytest.raises(RuntimeError, match="none of its contenders can be measured here"):
        measure(alone, say=lambda line: None)
