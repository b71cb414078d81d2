"""The command line: `rltransfer`. Thin: every command is a few lines over the Python interface."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

__all__ = ["main"]

INTERRUPTED, TERMINATED = 130, 143


def main() -> NoReturn:
    """Run the command line; every expected failure is a sentence and an exit code."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    signal.signal(signal.SIGTERM, terminate)
    try:
        obey()
    except KeyboardInterrupt:  # while libraries are loaded
        sys.exit(INTERRUPTED)


def obey() -> NoReturn:
    """Do what the words say, and leave."""
    from rltransfer.cli.app import app
    from rltransfer.cli.output import fail
    from rltransfer.cli.stopping import tell_stopped
    from rltransfer.cli.usage import explained, helped
    from rltransfer.errors import RLTransferError, StorageError

    words = sys.argv[1:]
    try:
        code = app(prog_name="rltransfer", standalone_mode=False)
    except RLTransferError as error:
        fail(str(error), error.exit_code)
    except BrokenPipeError:  # the reader of our output, such as `head`, is gone
        os._exit(0)
    except OSError as error:
        what = "the output could not be written" if error.filename is None else "no access"
        sys.stderr.write(f"rltransfer: {what}: {error}.\n")
        os._exit(StorageError.exit_code)
    except Exception as error:
        if helped(error):
            sys.exit(RLTransferError.exit_code)
        if (sentence := explained(error, words)) is None:  # a fault of ours
            raise
        fail(sentence, RLTransferError.exit_code)
    if code == INTERRUPTED:  # Ctrl-C that no command has answered itself
        tell_stopped("--json" in words)
    sys.exit(code)


def terminate(signum: int, frame: FrameType | None) -> NoReturn:
    """Turn SIGTERM into an exit, so that workers are stopped and files closed on the way out."""
    sys.exit(TERMINATED)
