import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltransfer.contexts import Context, ContextFeature, ContextSpace
from rltransfer.reports import words
from rltransfer.reports.estimate import Estimate

LENGTH = ContextFeature("length", 0.5, 0.05, 5.0, "m")
RATIO = ContextFeature("ratio", 0.5, 0.0, 1.0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (0.0512, "0.0512"), (0.47721, "0.477"), (12.345, "12.3"),
        (498.33, "498"), (-498.33, "−498"), (2200.0, "2,200"), (-1_234_567.8, "−1,234,568"),
    ],
)  # fmt: skip
def test_number(value, text):
    assert words.number(value) == text


@given(st.floats(1e-4, 1e12) | st.floats(-1e12, -1e-4))
def test_numbers_are_plain_and_close(value):
    text = words.number(value)
    assert "e" not in text
    assert float(text.replace(",", "").replace("−", "-")) == pytest.approx(value, rel=6e-3)


def test_signed():
    assert [words.signed(v) for v in (52.4, -3.0, 0.0)] == ["+52.4", "−3", "0"]


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0 %"), (0.001, "1 %"), (0.88, "88 %"), (0.999, "99 %"), (1, "100 %")]
)
def test_percent_is_exact_at_the_ends(share, text):
    assert words.percent(share).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (59.96, "1 min 00 s"), (75, "1 min 15 s"),
     (3599.6, "1 h 00 min"), (7384, "2 h 03 min")],
)  # fmt: skip
def test_duration(seconds, text):
    assert words.duration(seconds) == text


def test_estimates_show_an_interval_where_there_is_one():
    assert words.estimate_text(Estimate.of_one(431.2)) == "431"
    assert words.estimate_text(Estimate(431.2, 402.0, 455.0, (1.0, 2.0))) == "431 (402 … 455)"


def test_contexts_have_units_and_names_where_needed():
    one, two = ContextSpace([LENGTH]), ContextSpace([LENGTH, RATIO])
    x = Context(length=0.7, ratio=0.25)
    assert words.context_text(one, x) == "0.7\N{NO-BREAK SPACE}m"
    assert words.context_text(two, x) == "length 0.7\N{NO-BREAK SPACE}m, ratio 0.25"
    assert words.values_text(two, x) == "0.7\N{NO-BREAK SPACE}m, 0.25"
    assert [words.feature_label(f) for f in two] == ["length (m)", "ratio"]
