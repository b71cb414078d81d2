"""Workers that have nothing to do, kept for whoever needs one next.

A worker carries nothing from one episode to the next, and starting one costs about as much as an
episode. So a batch that is let go leaves its workers here, at most as many as there are cores.
"""

from __future__ import annotations

from rltransfer.envs.cores import usable_cores
from rltransfer.envs.simulators.sumo.process import WorkerProcess
from rltransfer.envs.simulators.sumo.protocol import WorldAddress

__all__ = ["IDLE", "IdleWorkers"]


class IdleWorkers:
    """Some idle workers of this process."""

    def __init__(self) -> None:
        self._kept: list[tuple[WorldAddress, WorkerProcess]] = []

    def __len__(self) -> int:
        return len(self._kept)

    def take(self, address: WorldAddress) -> WorkerProcess:
        """Return a worker that plays this world: one of those kept, or a new one."""
        self._kept = [kept for kept in self._kept if kept[1].is_ours]  # none of a fork's parent
        for place, (other, worker) in enumerate(self._kept):
            if other == address:
                del self._kept[place]
                return worker
        return WorkerProcess(address)

    def give(self, address: WorldAddress, worker: WorkerProcess) -> None:
        """Keep a worker that owes no answer; end the one kept longest if there are too many."""
        self._kept.append((address, worker))
        if len(self._kept) > usable_cores():
            self._kept.pop(0)[1].close()

    def close(self) -> None:
        """End all of them."""
        while self._kept:
            self._kept.pop()[1].close()


IDLE = IdleWorkers()
"""Of this process."""
