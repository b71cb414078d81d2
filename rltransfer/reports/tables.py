"""The tables of the page: what was trained, and how the selectors compare."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rltransfer.reports import findings
from rltransfer.reports.study import Replicate
from rltransfer.reports.words import context_text
from rltransfer.runs import SourceRecord, StageRecord
from rltransfer.runs.store import flat

__all__ = ["StageRow", "TrainedRow", "provenance_rows", "trained_rows"]


@dataclass(frozen=True)
class StageRow:
    """One stage of a training.

    Attributes:
        name: of the stage.
        steps, seconds: what it cost.
        findings: what it found, in words.
    """

    name: str
    steps: int
    seconds: float
    findings: tuple[str, ...]

    @classmethod
    def of(cls, stage: StageRecord) -> StageRow:
        """Put a stage into words."""
        return cls(stage.name, stage.steps, stage.seconds, findings.in_words(stage.findings))


@dataclass(frozen=True)
class TrainedRow:
    """One trained policy.

    Attributes:
        label: its context, or what it is called.
        known: whether it is from elsewhere, and this run has only measured it.
        color: of the source in the figures; None where the study's own selector did not pick it.
        lanes: which selector picked it in which round, such as `mbtl 2`.
        steps, seconds: what its training cost.
        monitor_steps: environment steps of the episodes behind its learning curve, which are not
            in `steps`; None where nobody counted them.
        wall: seconds of training and evaluation together.
        own: its mean return on its own context; None for a policy of many contexts.
        gain: by how much it raised V of the first of `lanes`; None in the first round.
        reason: why that selector picked it.
        finished: when, in universal time.
        parents: the policies that it was trained from, in words.
        stages: what each stage cost and found; empty where that is not known.
    """

    label: str
    known: bool
    color: str | None
    lanes: tuple[str, ...]
    steps: int
    seconds: float
    monitor_steps: int | None
    wall: float
    own: float | None
    gain: float | None
    reason: str
    finished: str
    parents: tuple[str, ...]
    stages: tuple[StageRow, ...]


def trained_rows(replicate: Replicate) -> list[TrainedRow]:
    """Return a row per committed policy: the study's own in their order, then the others."""
    own = replicate.own.keys
    others = [key for key in replicate.pool if key not in own]
    return [trained_row(replicate, replicate.pool[key]) for key in [*own, *others]]


def trained_row(replicate: Replicate, record: SourceRecord) -> TrainedRow:
    """Return the row of one policy."""
    from rltransfer.reports.figures.style import source_colors

    rounds = {
        name: k
        for name, state in replicate.states.items()
        for k, key in enumerate(state.keys)
        if key == record.key
    }
    first = next(iter(rounds), None)
    colors, own = source_colors(replicate.matrix), replicate.own.keys
    return TrainedRow(
        label=label(replicate, record),
        known=record.origin is not None,
        color=colors.get(record.context) if record.context and record.key in own else None,
        lanes=tuple(f"{name} {k + 1}" for name, k in rounds.items()),
        steps=record.steps,
        seconds=record.seconds,
        monitor_steps=record.monitor_steps,
        wall=record.finished - record.started,
        own=own_return(replicate, record),
        gain=None if first is None else replicate.states[first].gains[rounds[first]],
        reason="" if first is None else replicate.states[first].picks[rounds[first]].reason,
        finished=moment(record.finished),
        parents=tuple(label(replicate, replicate.pool[key]) for key in record.parents),
        stages=tuple(map(StageRow.of, record.stage_results)),
    )


def label(replicate: Replicate, record: SourceRecord) -> str:
    """Return the record's context with units, or its name."""
    if record.context is None or record.origin is not None:
        return record.label
    return context_text(replicate.matrix.space, record.context)


def own_return(replicate: Replicate, record: SourceRecord) -> float | None:
    """Return a policy's mean return on its own context, if that is a target."""
    if record.own is not None:
        return sum(record.own) / len(record.own)
    if record.context is None:
        return None
    target = replicate.matrix.problem.target_index(record.context)
    return None if target is None else float(record.returns[target].mean())


def moment(seconds: float) -> str:
    """Return a time since 1970 as a date and time of day in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def provenance_rows(replicate: Replicate) -> list[tuple[str, str]]:
    """Return under which conditions a run happened: names and values."""
    said: dict[str, Any] = flat(replicate.run.provenance())
    finished = max(record.finished for record in replicate.pool.values())
    facts = {
        "seed": replicate.seed,
        "experiment": f"digest {replicate.experiment.digest}",
        "last policy": f"{moment(finished)} UTC",
    }
    return [(name.replace(".", " "), in_words(fact)) for name, fact in {**facts, **said}.items()]


def in_words(fact: Any) -> str:
    """Return one fact of the provenance as text."""
    if fact is None:
        return "unknown"
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    return str(fact)
