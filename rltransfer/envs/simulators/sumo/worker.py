"""The process that owns one SUMO: `python -m rltransfer.envs.simulators.sumo.worker FD SCRATCH`.

It talks over the socket with the descriptor FD, and works in the folder SCRATCH, which its owner
made and which it removes when it ends. Nothing imports this module.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from rltransfer.envs.simulators.sumo.protocol import (
    DONE,
    FAILED,
    REFUSED,
    SCRATCH,
    WorldAddress,
    load_world,
)
from rltransfer.envs.simulators.sumo.simulation import STDERR, words_of
from rltransfer.envs.simulators.sumo.world import World
from rltransfer.errors import RLTransferError

__all__ = ["main"]

SECONDS_TO_SPARE = 60


def main() -> None:
    """Serve one owner until it hangs up; leave nothing behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the owner's to handle
    scratch = Path(sys.argv[2])
    os.chdir(scratch)
    try:
        with Connection(int(sys.argv[1])) as owner:
            serve(owner)
    finally:
        if scratch.name.startswith(SCRATCH):
            shutil.rmtree(scratch, ignore_errors=True)


def serve(owner: Connection[Any, Any]) -> None:
    """Answer calls until the owner hangs up."""
    try:
        address: WorldAddress = owner.recv()
        desk = Desk(address)
        while True:
            method, arguments = owner.recv()
            # If a call hangs and the owner is gone too, nobody is left to end this process.
            signal.alarm(round(2 * address.timeout) + SECONDS_TO_SPARE)
            owner.send(desk.answer(method, arguments))
            signal.alarm(0)
    except (EOFError, OSError):
        return


class Desk:
    """Builds the world at the first call, and turns what calls do into answers."""

    def __init__(self, address: WorldAddress) -> None:
        self._address = address
        self._world: World | None = None

    def answer(self, method: str, arguments: tuple[Any, ...]) -> tuple[str, Any]:
        """Call a method of the world."""
        try:
            if self._world is None:
                path, options, folder, _ = self._address
                self._world = load_world(path)(options, folder)
            value = getattr(self._world, method)(*arguments)
            return DONE, (value, self._world.info() if method != "frame" else {})
        except RLTransferError as error:
            return REFUSED, error
        except Exception as error:
            said = words_of(STDERR)
            return FAILED, f"{type(error).__name__}: {error}" + (f" ({said})" if said else "")


if __name__ == "__main__":
    main()
    os._exit(0)  # SUMO's own shutdown at interpreter exit has nothing left to do
