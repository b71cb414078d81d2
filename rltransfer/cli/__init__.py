"""The command line: `rltransfer`. Thin: every command is a few lines over the Python interface."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

__all__ = ["main"]

TERMINATED = 143


def main() -> NoReturn:
    """Run the command line; every expected failure is a sentence and an exit code."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    signal.signal(signal.SIGTERM, terminate)

    from rltransfer.cli.app import app
    from rltransfer.cli.output import fail, show_usage_error
    from rltransfer.errors import RLTransferError, StorageError

    try:
        code = app(standalone_mode=False)  # Ctrl-C comes back as 130
    except RLTransferError as error:
        fail(str(error), error.exit_code)
    except BrokenPipeError:  # the reader of our output, such as `head`, is gone
        os._exit(0)
    except OSError as error:
        sys.stderr.write(f"rltransfer: the output could not be written: {error}.\n")
        os._exit(StorageError.exit_code)
    except Exception as error:
        show_usage_error(error)
    sys.exit(code)


def terminate(signum: int, frame: FrameType | None) -> NoReturn:
    """Turn SIGTERM into an exit, so that workers are stopped and files closed on the way out."""
    sys.exit(TERMINATED)
