"""The command line in this process, so that its libraries are loaded once."""

import signal
import sys
from dataclasses import dataclass

import pytest

from rltransfer.cli import main


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Run `rltransfer WORDS` in an empty folder; return code and output."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["rltransfer", *map(str, words)])
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return Done(int(left.value.code or 0), said.out, said.err)

    monkeypatch.chdir(tmp_path)
    return call
