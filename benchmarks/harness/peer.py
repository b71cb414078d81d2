"""A contender in a process of its own: another library, in another virtual environment.

A peer is a script that answers each line it reads with a line: a number, or words that say what
went wrong. The virtual environment is named by `RLTRANSFER_PEERS`, and holds what
`benchmarks/peers/requirements.txt` lists. A peer may also be an earlier state of this repository,
in a checkout that `RLTRANSFER_BEFORE` names.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from harness.case import Unavailable

__all__ = ["Peer", "earlier_self", "peer", "present_self"]

VENV, CHECKOUT = "RLTRANSFER_PEERS", "RLTRANSFER_BEFORE"
ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "benchmarks" / "peers"


class Peer:
    """A process that works when it is asked to, and sleeps otherwise.

    Args:
        python: the interpreter.
        script: a file in `benchmarks/peers`.
        words: of its command line.
        path: a folder whose packages come before the installed ones.

    Raises:
        Unavailable: if it does not say that it is ready.
    """

    def __init__(self, python: Path, script: str, *words: str, path: str = "") -> None:
        pipe = subprocess.PIPE
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - it lives as long as the process
        self._process = subprocess.Popen(
            [python, SCRIPTS / script, *words],
            stdin=pipe,
            stdout=pipe,
            stderr=self._errors,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        if self._answer() != "ready":
            raise Unavailable(f"{script} does not run under {python}: {self._last_words()}")

    def ask(self, question: str) -> float:
        """Have some work done; return the number that comes back."""
        print(question, file=self._process.stdin, flush=True)
        answer = self._answer()
        if not answer:
            raise Unavailable(f"{question!r} ended the peer: {self._last_words()}")
        return float(answer)

    def _answer(self) -> str:
        return (self._process.stdout.readline() if self._process.stdout else "").strip()

    def _last_words(self) -> str:
        self.close()
        self._errors.seek(0)
        return (self._errors.read().strip().splitlines() or ["it said nothing"])[-1]

    def close(self) -> None:
        """Let the process end."""
        self._process.communicate()


@contextmanager
def peer(script: str, *words: str) -> Iterator[Peer]:
    """Start a script in the other virtual environment.

    Raises:
        Unavailable: if there is no such environment, or it lacks what the script needs.
    """
    folder = os.environ.get(VENV)
    if not folder:
        raise Unavailable(
            f"set {VENV} to a virtual environment with benchmarks/peers/requirements.txt"
        )
    python = Path(folder) / "bin" / "python"
    if not python.exists():
        raise Unavailable(f"{VENV} names {folder}, which holds no bin/python")
    with closing(Peer(python, script, *words)) as process:
        yield process


@contextmanager
def earlier_self(script: str, *words: str) -> Iterator[Peer]:
    """Start a script with an earlier state of this repository.

    Raises:
        Unavailable: if `RLTRANSFER_BEFORE` names none.
    """
    folder = os.environ.get(CHECKOUT)
    if not folder or not (Path(folder) / "rltransfer").is_dir():
        raise Unavailable(f"set {CHECKOUT} to a checkout of an earlier commit")
    with closing(Peer(Path(sys.executable), script, *words, path=folder)) as process:
        yield process


@contextmanager
def present_self(script: str, *words: str) -> Iterator[Peer]:
    """Start a script with this repository, as `earlier_self` does with another state of it."""
    with closing(Peer(Path(sys.executable), script, *words, path=str(ROOT))) as process:
        yield process
