"""What must be the same for a run to go on to the same bits, and what has changed since it began.

Library versions, threads and vector instructions decide how sums are rounded. Where they differ,
trainings before and after an interruption are not those of one run; whether that matters is for
its owner to say. What is accepted is added to `provenance.json`, with its date.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from rltransfer.errors import ConditionsChanged
from rltransfer.files import seal_json, write_text
from rltransfer.runs.provenance import provenance
from rltransfer.runs.store import Run, flat

__all__ = ["Change", "accept_conditions", "changes", "require_same_conditions"]

DECISIVE = ("libraries.", "python", "torch_threads", "machine.capability")
"""What the conditions are, by the beginnings of their names in `provenance.json`."""

ACCEPTED = "accepted"


class Change(NamedTuple):
    """A condition that is not what it was."""

    name: str
    before: Any
    now: Any

    def __str__(self) -> str:
        return f"{self.name.rpartition('.')[2]} was {self.before} and is now {self.now}"


def changes(run: Run) -> list[Change]:
    """Return the conditions that differ from those of the run, as far as both are known.

    Raises:
        CorruptRun: if the run's provenance is damaged.
    """
    before, now = in_force(run.provenance()), decisive(provenance())
    known = [name for name in now if name in before]
    return [Change(name, before[name], now[name]) for name in known if before[name] != now[name]]


def require_same_conditions(run: Run) -> None:
    """Refuse to go on under other conditions.

    Raises:
        ConditionsChanged: with all that differs.
    """
    if found := changes(run):
        raise ConditionsChanged(
            f"{run.path} began under other conditions: {'; '.join(map(str, found))}. What is "
            "trained now would not be what an uninterrupted run trains. Go back to the old "
            f"versions, or go on with `rltransfer resume {run.path} --accept-environment`, which "
            "records the change."
        )


def accept_conditions(run: Run) -> None:
    """Let the run go on under the present conditions, and record what has changed.

    Raises:
        CorruptRun: if the run's provenance is damaged.
        StorageError: if it cannot be written.
    """
    found = {change.name: change.now for change in changes(run)}
    if not found:
        return
    said, moment = run.provenance(), datetime.now(UTC).isoformat(timespec="seconds")
    said[ACCEPTED] = {**said.get(ACCEPTED, {}), moment: found}
    write_text(run.provenance_file, seal_json(said))


def in_force(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conditions of a run: those it began with, and what was accepted later."""
    conditions = decisive(said)
    for moment in sorted(accepted := said.get(ACCEPTED, {})):
        conditions |= accepted[moment]
    return conditions


def decisive(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conditions among the facts of a provenance."""
    facts = flat({name: fact for name, fact in said.items() if name != ACCEPTED})
    return {name: fact for name, fact in facts.items() if name.startswith(DECISIVE)}
