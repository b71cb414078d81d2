"""What is wrong with the words typed, or with what is installed, in our sentences.

Typer brings its own copy of Click in some versions, so its errors are told apart by what they hold,
not by their classes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import typer

from rltransfer.cli.libraries import missing_library
from rltransfer.errors import did_you_mean, nearest
from rltransfer.mistakes import clause

__all__ = ["explained", "helped"]

NO_COMMAND = re.compile(r"No such command '(?P<name>.*?)'")
TOO_MANY = re.compile(r"unexpected extra arguments?(?:\(s\))? \((?P<words>.*)\)")


def explained(error: Exception, words: Sequence[str]) -> str | None:
    """Return the sentence on words that cannot be read or a library that is missing; else None."""
    if hasattr(error, "format_message"):  # Click's
        return usage_sentence(error, words)
    return missing_library(error)


def helped(error: Exception) -> bool:
    """Say whether no words were typed, for which the help has been shown."""
    return type(error).__name__ == "NoArgsIsHelpError"


def usage_sentence(error: Any, words: Sequence[str]) -> str:
    """Return what is wrong with words, what was expected, and where the help is."""
    context = context_of(words)
    return f"{what_is_wrong(error, context)} See: {context.command_path} --help"


def context_of(words: Sequence[str]) -> typer.Context:
    """Return the command that words begin with."""
    from rltransfer.cli.app import app

    command: Any = typer.main.get_command(app)
    context = typer.Context(command, info_name="rltransfer")
    for word in words:
        command = getattr(command, "commands", {}).get(word)
        if command is None:
            break
        context = typer.Context(command, info_name=word, parent=context)
    return context


def what_is_wrong(error: Any, context: typer.Context) -> str:
    """Return the sentence without the help."""
    kind, param = type(error).__name__, getattr(error, "param", None)
    cause = error.__cause__
    if kind == "NoSuchOption":
        return no_option(error.option_name, context)
    if kind == "BadOptionUsage":
        return needs_value(error, context)
    if kind == "MissingParameter" and param is not None:
        return f"{written(param)} is missing: {about(param)}"
    if param is not None and hasattr(cause, "errors"):
        return f"{written(param)}{clause(cause.errors(include_url=False)[0])}."
    return of_text(error.format_message().rstrip("."), context)


def no_option(name: str, context: typer.Context) -> str:
    """Return the sentence on an option that a command does not have."""
    options = [word for param in context.command.get_params(context) for word in param.opts]
    known = [word.removeprefix("--") for word in options if word.startswith("--")]
    close = nearest(name.removeprefix("--"), known) if name.startswith("--") else None
    return f"there is no option {name}" + ("." if close is None else f"; did you mean --{close}?")


def needs_value(error: Any, context: typer.Context) -> str:
    """Return the sentence on an option at the end of the line."""
    for param in context.command.get_params(context):
        if error.option_name in param.opts and not getattr(param, "is_flag", False):
            return f"{error.option_name} needs a value: {about(param)}"
    return f"{error.format_message().rstrip('.')}."


def of_text(text: str, context: typer.Context) -> str:
    """Return the sentence on what Click tells only in words."""
    if found := NO_COMMAND.search(text):
        known = getattr(context.command, "commands", {})
        return f"there is no command {found['name']!r}{did_you_mean(found['name'], known)}"
    if found := TOO_MANY.search(text):
        return (
            f"there is no place for {found['words']!r}; a list has commas and no blanks, such as "
            "length,gravity."
        )
    return f"{text}."


def written(param: Any) -> str:
    """Return how a parameter is typed: `--steps`, or its name in capitals."""
    if param.param_type_name == "option":
        return str(max(param.opts, key=len))
    return str(param.metavar or param.name.upper())


def about(param: Any) -> str:
    """Return what the help says of a parameter."""
    text = str(getattr(param, "help", None) or "see its help").rstrip(".")
    return f"{text[:1].lower()}{text[1:]}."
