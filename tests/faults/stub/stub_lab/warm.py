"""The test's side of the zygote."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

from stub_lab.crashing import Crash
from stub_lab.study import Study

__all__ = ["Ended", "Warm", "environment"]

STUB = Path(__file__).parents[1]


@dataclass(frozen=True)
class Ended:
    """How an attempt ended: its exit code, or minus the signal's number, and its last words."""

    code: int
    said: str


class Warm:
    """A zygote. Attempts of a study begin in a millisecond."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "stub_lab.zygote"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(),
        )  # fmt: skip
        assert self._answer() == "warm"

    def close(self) -> None:
        """End the zygote."""
        self._process.kill()
        self._process.communicate()

    def begin(self, study: Study, crash: Crash | None = None) -> int:
        """Begin an attempt; return its process id."""
        return int(self._ask("begin", asdict(study), None if crash is None else astuple(crash)))

    def wait(self, pid: int, study: Study) -> Ended:
        """Return how an attempt has ended."""
        code = int(self._ask("wait", pid))
        words = study.last_words
        return Ended(code, words.read_text() if words.is_file() else "")

    def run(self, study: Study, crash: Crash | None = None) -> Ended:
        """Run a study to its end, or to a crash."""
        study.last_words.unlink(missing_ok=True)
        return self.wait(self.begin(study, crash), study)

    def killed_after(self, study: Study, seconds: float) -> bool:
        """Run a study for so long, then kill it; say whether it was not done by then."""
        pid = self.begin(study)
        time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)  # the zygote has not waited for it yet, so it is no other's
        return int(self._ask("wait", pid)) == -signal.SIGKILL

    def _ask(self, *said: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(said) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


def environment(**more: str) -> dict[str, str]:
    """Return the variables with which Python processes know the stub."""
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    path = os.pathsep.join(filter(None, [str(STUB), os.environ.get("PYTHONPATH")]))
    return {**os.environ, **threads, "PYTHONPATH": path, **more}
