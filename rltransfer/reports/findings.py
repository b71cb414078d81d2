"""What the stages of a training found, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rltransfer.reports.words import number

__all__ = ["in_words"]

DECISIONS = ("checks", "accepted", "chosen")
"""What the offline improvement says of its decisions; `decisions` puts them into a sentence."""

UNTOLD = ("history",)
"""Too long for a table; in `result.json`."""

MOST_NUMBERS = 8
"""Numbers of one list that are written out."""


def in_words(findings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the findings of one stage, a short text each.

    Those of the offline improvement become sentences; all others are written as `name: value`.
    """
    if not findings.keys() >= {"checks", "accepted"}:
        return tuple(fact(name, value) for name, value in findings.items())
    rest = {k: v for k, v in findings.items() if k not in (*DECISIONS, *UNTOLD, "scores")}
    said = [decisions(findings), *choice(findings)]
    said += [score_text(name, values) for name, values in findings.get("scores", {}).items()]
    return (*said, *(fact(name, value) for name, value in rest.items()))


def decisions(findings: Mapping[str, Any]) -> str:
    """Say in how many checks a policy was found better and replaced the one before."""
    accepted = findings["accepted"]
    each = ", ".join(str(count) for count in accepted)
    which = " (policy by policy)" if len(accepted) > 1 else ""
    return f"offline evaluation accepted {each} of {findings['checks']} checks{which}"


def choice(findings: Mapping[str, Any]) -> list[str]:
    """Say which policy went on, if that is told."""
    if "chosen" not in findings or len(findings["accepted"]) < 2:
        return []
    return [f"went on with policy {int(findings['chosen']) + 1}"]


def score_text(name: str, values: Any) -> str:
    """Return a score of each policy."""
    return f"score by {words(name)}: {text(values)}"


def fact(name: str, value: Any) -> str:
    """Return any fact as text."""
    return f"{words(name)}: {text(value)}"


def words(name: str) -> str:
    """Return a key as words."""
    return name.replace("_", " ")


def text(value: Any) -> str:
    """Return plain data as text; long lists are cut."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, Mapping):
        return "; ".join(fact(str(name), part) for name, part in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        shown = ", ".join(text(part) for part in value[:MOST_NUMBERS])
        more = f" … ({len(value)} in all)" if len(value) > MOST_NUMBERS else ""
        return shown + more
    return "none" if value is None else str(value)
