"""The command line as a page of the documentation, made from the commands themselves.

`python -m rltransfer.cli.reference FOLDER` writes `commands.md`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from rltransfer import errors
from rltransfer.cli.app import app
from rltransfer.errors import RLTransferError
from rltransfer.files import write_text

__all__ = ["Command", "Word", "commands", "commands_page", "write_commands"]

ABOUT = re.compile(r"(?P<about>.*?)(?:  \[(?P<bounds>[^\[]*)\])?", re.S)
"""What help says of a word: a sentence, then default, range or `required` in brackets."""


@dataclass(frozen=True)
class Word:
    """An argument or an option: how it is written, what it means, its default and range."""

    written: str
    about: str
    bounds: str


@dataclass(frozen=True)
class Command:
    """A command as it is typed, what it does, and the words that it takes."""

    name: str
    usage: str
    help: str
    arguments: tuple[Word, ...]
    options: tuple[Word, ...]


def commands() -> tuple[Command, ...]:
    """Return every command, those of groups too, in the order of `rltransfer --help`."""
    root = typer.main.get_command(app)
    return tuple(found_in(root, typer.Context(root, info_name="rltransfer")))


def found_in(command: Any, context: typer.Context) -> Iterator[Command]:
    """Yield a command, or all commands of a group."""
    for name, inner in getattr(command, "commands", {}).items():
        yield from found_in(inner, typer.Context(inner, info_name=name, parent=context))
    if not hasattr(command, "commands"):
        yield Command(
            name=context.command_path,
            usage=" ".join([context.command_path, *command.collect_usage_pieces(context)]),
            help=command.help,
            arguments=words_of(command, context, "argument"),
            options=words_of(command, context, "option"),
        )


def words_of(command: Any, context: typer.Context, kind: str) -> tuple[Word, ...]:
    """Return a command's arguments or its options, as help shows them; `--help` is known."""
    records = [
        parameter.get_help_record(context)
        for parameter in command.get_params(context)
        if parameter.param_type_name == kind and "--help" not in parameter.opts
    ]
    return tuple(word_of(*record) for record in records if record is not None)


def word_of(written: str, told: str) -> Word:
    """Return a word as help tells of it."""
    parts = ABOUT.fullmatch(told)
    assert parts is not None  # every text fits
    return Word(written, parts["about"].strip(), parts["bounds"] or "")


def exit_codes() -> dict[int, list[str]]:
    """Return, by exit code, what has then gone wrong: a sentence for each error."""
    found: dict[int, list[str]] = {}
    for name in errors.__all__:
        error = getattr(errors, name)
        if isinstance(error, type) and error.__base__ is not Exception:
            assert issubclass(error, RLTransferError)
            found.setdefault(error.exit_code, []).append(str(error.__doc__))
    return dict(sorted(found.items()))


def commands_page() -> str:
    """Return the page as Markdown; the same commands give the same text."""
    from jinja2 import Environment, StrictUndefined

    template = Path(__file__).with_name("reference.md").read_text(encoding="utf-8")
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    environment.filters["cell"] = cell
    return environment.from_string(template).render(commands=commands(), exit_codes=exit_codes())


def cell(text: str) -> str:
    """Return a text as it must be written into a cell of a table."""
    return text.replace("|", r"\|").replace("<", "&lt;").replace("\n", " ")


def write_commands(folder: Path) -> None:
    """Write the page into a folder."""
    write_text(folder / "commands.md", commands_page())


if __name__ == "__main__":
    write_commands(Path(sys.argv[1]))
