from __future__ import annotations

from pathlib import Path

import pytest

from rltransfer.cli.reference import Command, commands, commands_page, exit_codes, word_of
from rltransfer.errors import RunLocked

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
COMMANDS = {command.name: command for command in commands()}


def test_the_page_of_the_documentation_is_what_the_commands_say() -> None:
    stale = "run `python -m rltransfer.cli.reference docs`"
    assert PAGE.read_text(encoding="utf-8") == commands_page(), stale


def test_every_command_and_those_of_groups_are_there() -> None:
    assert {"rltransfer run", "rltransfer new-env", "rltransfer dataset list"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))
def test_every_word_is_explained_and_headed(command: Command) -> None:
    assert f"\n## {command.name}\n\n{command.help}" in commands_page()
    for word in (*command.arguments, *command.options):
        assert word.about.endswith(("…", ".")), word.written


def test_an_option_is_told_with_its_default_and_its_range() -> None:
    (jobs,) = [word for word in COMMANDS["rltransfer tune"].options if "--jobs" in word.written]
    assert jobs.written == "-j, --jobs <int range>"
    assert (jobs.about, jobs.bounds) == ("Worker processes.", "default: 1; x>=1")


@pytest.mark.parametrize(
    ("told", "about", "bounds"),
    [
        ("Its name.", "Its name.", ""),
        ("Steps.  [default: 3; x>=1]", "Steps.", "default: 3; x>=1"),
        ("A file of ranges: [learning_rate] …", "A file of ranges: [learning_rate] …", ""),
    ],
)
def test_brackets_at_the_end_are_bounds(told: str, about: str, bounds: str) -> None:
    word = word_of("--x", told)
    assert (word.about, word.bounds) == (about, bounds)


def test_exit_codes_are_those_of_the_errors() -> None:
    assert str(RunLocked.__doc__) in exit_codes()[RunLocked.exit_code]
    assert list(exit_codes()) == [2, 3, 4, 5, 130]
