"""Everything that can go wrong, by name.

Each message is a sentence a colleague would say: what was expected, what came, what to try.
`exit_code` is what the command line returns when the error reaches it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from rltransfer.mistakes import clause, own_words

__all__ = [
    "ConditionsChanged",
    "CorruptRun",
    "Interrupted",
    "InvalidContext",
    "InvalidDataset",
    "InvalidExperiment",
    "InvalidPolicy",
    "InvalidTransferMatrix",
    "MissingDependency",
    "RLTransferError",
    "RunLocked",
    "SourceFailed",
    "StorageError",
    "UnknownEnvironment",
    "UnknownName",
    "WorkerDied",
    "did_you_mean",
    "explain_validation",
    "nearest",
    "said",
]


class RLTransferError(Exception):
    """Base class of every error this package raises on purpose."""

    exit_code = 2


class InvalidContext(RLTransferError, ValueError):
    """A context, or a value of one feature, does not belong to the context space."""


class InvalidDataset(RLTransferError, ValueError):
    """Recorded transitions cannot be read, or are not what a training can learn from."""


class InvalidExperiment(RLTransferError, ValueError):
    """An experiment's description does not say something that can be run."""


class InvalidPolicy(RLTransferError, ValueError):
    """A policy folder or file cannot be read as the policy it claims to be."""


class InvalidTransferMatrix(RLTransferError, ValueError):
    """Returns do not fit the sources, targets or episodes of a transfer matrix."""


class UnknownName(RLTransferError, KeyError):
    """A name is in no registry: of environments, algorithms, recipes or selectors."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show the repr


class UnknownEnvironment(UnknownName):
    """No entry of the catalogue has this name."""


class MissingDependency(RLTransferError, ImportError):
    """An optional library is needed and not installed."""


class SourceFailed(RLTransferError, RuntimeError):
    """Training or evaluating one source task ended in an error."""

    exit_code = 3


class ConditionsChanged(RLTransferError):
    """A run is to go on with other libraries, threads or processors than it began with."""


class Interrupted(RLTransferError):
    """Somebody asked a training to stop; called again, it goes on from where it was kept."""

    exit_code = 130


class WorkerDied(RLTransferError, RuntimeError):
    """A worker ended without a result: killed, or out of memory."""

    exit_code = 3


class RunLocked(RLTransferError, RuntimeError):
    """Another process is working in this run directory."""

    exit_code = 4


class StorageError(RLTransferError, OSError):
    """A result could not be written: a full disk or a folder without permission."""

    exit_code = 5

    def __str__(self) -> str:
        return str(self.args[0])


class CorruptRun(RLTransferError, RuntimeError):
    """A run directory holds something that was not written by this package, or was damaged."""

    exit_code = 5


MOST_MISTAKES, MOST_LETTERS = 3, 300
"""Of one file, told in one message: the first mistakes, fewer if they take many words."""
MOST_QUOTED = 200
"""Letters of what another library says: it may quote a whole file."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """End a sentence: "; did you mean 'x'?" for the closest known name, or a full stop."""
    close = nearest(name, known)
    return "." if close is None else f"; did you mean {close!r}?"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like another, whatever their case; None if none is."""
    names = {word.casefold(): word for word in known}
    close = difflib.get_close_matches(str(name).casefold(), names, n=1, cutoff=0.6)
    return names[close[0]] if close else None


def said(error: BaseException) -> str:
    """Return what an error says, without a full stop.

    Where it is not ours: its type, too, and only the beginning of words that quote a file.
    """
    text = str(error).rstrip(".")
    if isinstance(error, RLTransferError):
        return text
    text = " ".join(text.split())
    text = text if len(text) <= MOST_QUOTED else f"{text[:MOST_QUOTED]} …"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def explain_validation(error: Any, where: str, table: Any = None) -> str:
    """Turn a pydantic `ValidationError` into one sentence per mistake.

    Args:
        error: the validation error.
        where: the file or object that was checked; opens the text.
        table: the class that it was checked against, whose keys are offered for unknown ones.
    """
    mistakes = error.errors(include_url=False)
    sentences = []
    for mistake in mistakes[:MOST_MISTAKES]:
        field = ".".join(str(part) for part in mistake["loc"])[:80]
        told = f"{field}{clause(mistake)}{offer(mistake, table)}"
        sentences.append(told if field else own_words(mistake))
    while len(sentences) > 1 and sum(map(len, sentences)) > MOST_LETTERS:
        sentences.pop()
    if more := len(mistakes) - len(sentences):
        sentences.append(f"and {more} more")
    return f"{where}: " + "; ".join(sentences) + "."


def offer(mistake: Mapping[str, Any], table: Any) -> str:
    """Return a question in brackets after an unknown key that is like one of those beside it."""
    if mistake["type"] != "extra_forbidden":
        return ""
    *above, key = mistake["loc"]
    for name in above:
        table = getattr(getattr(table, "model_fields", {}).get(name), "annotation", None)
    close = nearest(key, getattr(table, "model_fields", {}))
    return "" if close is None else f" (did you mean {close!r}?)"
