"""The real command line on the stub's study: a controller, its worker, a report at the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from stub_lab.warm import environment

__all__ = ["CommandLine"]

PAUSE = 0.03
"""Seconds that a segment of the stub takes."""

MAIN = "from rltransfer.cli import main; main()"
PATIENCE = 900.0
"""Seconds after which what should have ended is a failure."""


@dataclass(frozen=True)
class CommandLine:
    """A folder in which a study is run, killed, and run again.

    Attributes:
        folder: the working folder.
        words: what is typed after `rltransfer run`.
    """

    folder: Path
    words: tuple[str, ...]

    @property
    def experiment(self) -> Path:
        """The folder of the study's runs and their report."""
        return self.folder / "runs" / "killed"

    @property
    def run(self) -> Path:
        """The folder of the only run."""
        return self.experiment / "seed-0"

    @property
    def diary(self) -> Path:
        """The file that segments are written into."""
        return self.folder / "diary"

    def begin(self, *, pause: float = PAUSE) -> subprocess.Popen[str]:
        """Begin the study, or go on with it, in a process group of its own."""
        words = ["run", "cartpole", "--vary", "length", "--name", "killed", "--quiet", *self.words]
        return subprocess.Popen(
            [sys.executable, "-c", MAIN, *words], cwd=self.folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            env=environment(STUB_DIARY=str(self.diary), STUB_PAUSE=str(pause)),
        )  # fmt: skip

    def finish(self) -> str:
        """Run the study to its end; return what it printed."""
        with self.begin() as process:
            try:
                out, err = process.communicate(timeout=PATIENCE)
            finally:
                process.kill()
        assert process.returncode == 0, err
        return out

    def lines(self) -> list[str]:
        """Return what the diary says."""
        return self.diary.read_text().splitlines() if self.diary.is_file() else []

    def begin_and_wait(self, lines: int, seconds: float) -> subprocess.Popen[str]:
        """Begin; return when the diary has so many more lines, or at the end, and seconds later."""
        wanted, process = len(self.lines()) + lines, self.begin()
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and len(self.lines()) < wanted:
            assert time.monotonic() < deadline, f"nothing new in {self.diary}"
            time.sleep(0.002)
        time.sleep(seconds)
        return process

    def killed(self, lines: int, seconds: float) -> bool:
        """Kill the controller at such a moment; say whether it was still alive."""
        process = self.begin_and_wait(lines, seconds)
        alive = process.poll() is None
        if alive:
            os.kill(process.pid, signal.SIGKILL)  # the controller alone: workers must notice
        process.communicate()
        return alive
