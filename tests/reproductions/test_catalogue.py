"""What we ship is well-formed: every statement is about something that the protocol measures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rltransfer.errors import InvalidExperiment, UnknownName
from rltransfer.reproductions import load_reproduction, reproduction_names
from rltransfer.reproductions.arms import ARMS
from rltransfer.reproductions.catalogue import parse_reproduction
from rltransfer.reproductions.choosing import ChoosingSources
from rltransfer.reproductions.reproduction import SIZES, Reproduction
from rltransfer.selection import SELECTORS

NAMES = reproduction_names()
TINY = (Path(__file__).parent / "tiny.toml").read_text(encoding="utf-8")
CURVES = "|".join([*map(re.escape, SELECTORS), "random", "oracle"])
LEVELS = "independent|multi-task"
QUANTITY = {
    "choosing-sources": rf"({CURVES})@(\d+|K)|{LEVELS}|gap|speed-up|k\.({CURVES}|{LEVELS}|both)",
    "offline-to-online": r"(uni-o4|iql|cloning\+ppo|scratch)\.(start|final|mean|worst)",
    "offline-generalization": r"(online|cloning|iql)\.((few|many|large)\.(train|test|outside|gap)"
    r"|diversity|size)",
}


def quantities(said: Reproduction) -> Iterator[str]:
    for report in said.reports:
        yield from report.numbers
    for claim in said.claims:
        yield claim.larger
        if isinstance(claim.smaller, str):
            yield claim.smaller


@pytest.mark.parametrize("name", NAMES)
def test_every_statement_is_about_something_that_is_measured(name: str) -> None:
    said = load_reproduction(name)
    assert said.claims or said.reports
    for quantity in quantities(said):
        assert re.fullmatch(QUANTITY[said.protocol], quantity), quantity


@pytest.mark.parametrize("name", NAMES)
def test_every_budget_is_there_and_grows(name: str) -> None:
    hours = [load_reproduction(name).sizes[size].hours for size in SIZES]
    assert hours == sorted(hours)
    assert hours[0] <= 0.25


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith(("mbtl", "sd-mbtl"))])
def test_every_study_can_be_run(name: str) -> None:
    said = load_reproduction(name)
    assert isinstance(said, ChoosingSources)
    study = said.experiment("smoke")
    assert study.name == f"{name}-smoke"
    assert "independent" in study.selection.compare
    for size in said.sizes.values():
        assert len(size.points) == len(said.family.vary)


def test_what_the_brief_names_is_there() -> None:
    families = ("cartpole", "pendulum", "bipedal", "halfcheetah", "signal", "ecodriving", "ring",
                "ramp")  # fmt: skip
    for family in families:
        assert [name for name in NAMES if name.startswith(f"mbtl-{family}-")], family
    assert {"sd-mbtl-cartpole", "sd-mbtl-bipedal", "uni-o4-hopper", "gap-cartpole"} <= set(NAMES)
    assert {"cloning", "iql", "uni-o4", "cloning+ppo"} <= set(ARMS)


def test_legacy_variants_say_so() -> None:
    legacy = [name for name in NAMES if name.endswith("-legacy")]
    assert len(legacy) == 2
    for name in legacy:
        said = load_reproduction(name)
        assert "legacy" in said.title
        assert said.differences[0].startswith("Legacy:")
        assert name.removesuffix("-legacy") in NAMES


def test_an_unknown_name_is_answered_with_the_closest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'mbtl-cartpole-length'") as caught:
        load_reproduction("mbtl-cartpole-lenght")
    assert "--list" in str(caught.value)


def test_an_unknown_budget_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="no budget 'dessk'; did you mean 'desk'"):
        load_reproduction("mbtl-cartpole-length").budget("dessk")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title = ", "x.toml cannot be read: it is not TOML"),
        ("protocol = 3", "x.toml: protocol must be one of choosing-sources, "),
        ('protocol = "choosing-sources"', "x.toml: title: this key is required"),
        (f'author = "me"\n{TINY}', "x.toml: author: this key is unknown."),
        (TINY.replace("tolerance = 2.0", "tolerance = -1.0"), "x.toml: reports.0.tolerance must"),
        (TINY.replace("hours = 0.001", ""), "x.toml: budgets.smoke.hours: this key is required."),
    ],
)
def test_a_wrong_file_is_told_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InvalidExperiment) as caught:
        parse_reproduction("x", text.encode())
    assert sentence in str(caught.value)


def test_files_are_listed_in_order(papers: Callable[..., None]) -> None:
    papers("b")
    papers("a")
    assert reproduction_names() == ("a", "b")
