"""A process that has run the study once, and forks whenever a test wants it run again.

Imports are done and caches are full, so that a study takes a tenth of a second. What it does is the
package's own, but for the stub that stands for the training, and for the jobs, which are done in
the controller's process, so that one kill ends all.

Reads a JSON list per line, answers with one: ["begin", study, crash] with the child's process id,
["wait", pid] with its exit code, or minus the number of the signal that ended it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from itertools import cycle
from typing import Any

from rltransfer.errors import RLTransferError
from stub_lab.crashing import Crash, watch
from stub_lab.diary import DIARY
from stub_lab.study import Study


def serve() -> None:
    """Answer until nobody asks any more."""
    with tempfile.TemporaryDirectory() as folder:
        Study(folder).perform()
    print(json.dumps("warm"), flush=True)
    for line in sys.stdin:
        word, *said = json.loads(line)
        print(json.dumps(begin(*said) if word == "begin" else wait(*said)), flush=True)


def begin(study: dict[str, Any], crash: list[Any] | None) -> int:
    """Fork a child that runs a study; return its process id."""
    pid = os.fork()
    if pid == 0:
        attempt(Study(**study), None if crash is None else Crash(*crash))
    return pid


def wait(pid: int) -> int:
    """Return a child's exit code once it has ended."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


# -- the child's side --------------------------------------------------------------------------


def attempt(study: Study, crash: Crash | None) -> None:
    """Run a study and leave with the command line's exit codes; never returns."""
    code = 1
    try:
        os.environ.update({DIARY: str(study.diary), **study.environment})
        time.tzset()
        shift_clock(study.clock)
        writes = watch(crash)
        study.perform()
        code = 0
        study.last_words.write_text(json.dumps(writes.finals))
    except RLTransferError as error:
        code = error.exit_code
        study.last_words.write_text(str(error))
    except BaseException as error:
        study.last_words.write_text(f"{type(error).__name__}: {error}")
    finally:
        os._exit(code)


def shift_clock(drift: float) -> None:
    """Let the wall clock jump by so many seconds, ahead and back, with every look at it."""
    true, jumps = time.time, cycle((drift, -drift))
    if drift:
        time.time = lambda: true() + next(jumps)


if __name__ == "__main__":
    serve()
