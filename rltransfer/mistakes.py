"""What a strict table expected and what came: the mistakes that pydantic finds, in our words.

A mistake is an entry of `ValidationError.errors()`: its kind, where it is, what came, and the bound
that was broken. Files and the options of the command line are told of with the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["clause", "own_words"]

Mistake = Mapping[str, Any]

MOST_LETTERS = 80
"""Of a value that is quoted."""

WHOLE, NUMBER, BOOL, TEXT = "be a whole number", "be a number", "be true or false", "be text"
LIST, TABLE = "be a list", "be a table"

EXPECTED = {
    "int_type": WHOLE,
    "int_parsing": WHOLE,
    "int_parsing_size": "have fewer digits",
    "int_from_float": WHOLE,
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "finite_number": "be a finite number",
    "bool_type": BOOL,
    "bool_parsing": BOOL,
    "string_type": TEXT,
    "list_type": LIST,
    "tuple_type": LIST,
    "dict_type": TABLE,
    "model_type": TABLE,
    "literal_error": "be {expected}",
    "greater_than": "be more than {gt}",
    "greater_than_equal": "be at least {ge}",
    "less_than": "be less than {lt}",
    "less_than_equal": "be at most {le}",
    "string_too_short": "be text of {min_length} or more letters",
    "string_too_long": "be text of {max_length} or fewer letters",
    "string_pattern_mismatch": "match {pattern}",
    "too_short": "hold {min_length} or more",
    "too_long": "hold {max_length} or fewer",
}
"""What a value must do, by pydantic's kind of mistake; the gaps are filled from its context."""


def clause(mistake: Mistake) -> str:
    """Return what follows a field's name: ` must be at least 1; got -5`, or `: ` and a sentence."""
    kind, got = mistake["type"], f"got {quoted(mistake.get('input'))}"
    if kind == "missing":
        return ": this key is required"
    if kind == "extra_forbidden":
        return ": this key is unknown"
    if kind in EXPECTED:
        return f" must {EXPECTED[kind].format(**mistake.get('ctx', {}))}; {got}"
    words = own_words(mistake)
    return f": {words}" if "; got " in words else f": {words}; {got}"


def own_words(mistake: Mistake) -> str:
    """Return the sentence of a check of ours."""
    return str(mistake["msg"]).removeprefix("Value error, ").rstrip(".")


def quoted(value: object) -> str:
    """Return a value as it was written, its beginning if it is long."""
    text = repr(value)
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]} …"
