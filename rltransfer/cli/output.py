"""Words on the terminal, and the same as JSON for programs."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

from rich.console import Console

__all__ = ["console", "fail", "policies_text", "print_json"]

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(data: Any) -> None:
    """Print one JSON document on standard output, and nothing else."""
    sys.stdout.write(json.dumps(data, indent=2, allow_nan=False, default=str) + "\n")


def policies_text(count: int) -> str:
    """Return a number of policies in words."""
    return "1 policy" if count == 1 else f"{count} policies"


def fail(sentence: str, code: int) -> NoReturn:
    """Print a sentence on standard error and leave with an exit code."""
    sentence = printable(sentence)
    errors.print(f"[bold red]rltransfer:[/] {escape(sentence)}")
    if "--json" in sys.argv:
        print_json({"error": sentence, "exit_code": code})
    sys.exit(code)


def printable(text: str) -> str:
    """Return a text in which nothing moves the cursor: it may quote a stranger's file."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def escape(text: str) -> str:
    """Keep brackets in a message from being read as markup."""
    return text.replace("[", r"\[")
