from dataclasses import replace

import pytest
from harness.case import AtLeast
from harness.table import bars_table, details, put_between_markers


def last_lines(case, race, n):
    return bars_table([(case, race)]).splitlines()[-n:]


def test_a_bar_stands_beside_its_figure(case, race):
    ratio, seconds = last_lines(case, race, 2)
    assert ratio == ("| A race | hare / tortoise | ≥ 2 × | 5 (4 to 10) × | 2.5 × | yes | 0.5 |")
    assert seconds == ("| A race | hare | ≤ 0.01 s | 0.02 (0.02 to 0.025) s |  | **no** | 0.5 |")


def test_a_bar_that_is_missed_says_so(case, race):
    (line,) = last_lines(replace(case, bars=(AtLeast("hare", "tortoise", 6.0),)), race, 1)
    assert "| **no** |" in line


def test_a_bar_with_somebody_missing_says_why(case, race):
    (line,) = last_lines(replace(case, bars=(AtLeast("hare", "snail", 6.0),)), race, 1)
    assert "| not measured: it is on the moon |" in line


def test_every_contender_has_a_line(case, race):
    text = details(case, race)
    assert "| hare | 20 ms | 5 (4 to 10) | 2.5 |" in text
    assert "| snail | not measured: it is on the moon |" in text


def test_a_page_keeps_what_stands_around_the_markers(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- x: begin -->\nold\n<!-- x: end -->\nafter\n")
    put_between_markers(page, "x", "new")
    assert page.read_text() == "before\n<!-- x: begin -->\nnew\n<!-- x: end -->\nafter\n"


def test_a_page_without_markers_is_left_alone(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("no place\n")
    with pytest.raises(ValueError, match="must hold the lines <!-- x: begin --> and"):
        put_between_markers(page, "x", "new")
    assert page.read_text() == "no place\n"
