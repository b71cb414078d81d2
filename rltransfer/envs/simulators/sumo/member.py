"""A world in a worker of its own, whose episodes survive the worker.

SUMO is deterministic: context, seed and actions decide an episode. So its calls are recorded, and
when the worker is lost they are made again in another one. Whoever asked notices nothing but the
time. A worker that is lost again on the way there is given up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rltransfer.contexts import Context
from rltransfer.envs.simulators.sumo.idle import IDLE
from rltransfer.envs.simulators.sumo.process import WorkerLost, WorkerProcess
from rltransfer.envs.simulators.sumo.protocol import WorldAddress
from rltransfer.errors import SourceFailed

__all__ = ["Member"]


class Member:
    """One environment's world: post a call, then take its answer.

    The worker starts with the first episode, is kept for the next ones, and ends with `close` or
    with this object.

    Args:
        address: the world.
        name: what messages call the family.
    """

    def __init__(self, address: WorldAddress, name: str) -> None:
        self._address, self._name = address, name
        self._worker: WorkerProcess | None = None
        self._calls: list[tuple[str, tuple[Any, ...]]] = []  # of the episode under way
        self._waiting = False  # for an answer to the last call

    @property
    def pid(self) -> int | None:
        """The process id of the worker; None while there is none."""
        return None if self._worker is None else self._worker.pid

    def post_reset(self, context: Mapping[str, float], seed: int) -> None:
        """Begin an episode."""
        self._drop_answer()
        if self._worker is None or not self._worker.is_ours:
            self._worker = IDLE.take(self._address)
        self._calls.clear()
        self._post("reset", dict(context), seed)

    def post_step(self, action: Any) -> None:
        """Take a decision in the episode under way."""
        self._post("step", action)

    def _drop_answer(self) -> None:
        """Close a worker whose last answer nobody took, as after Ctrl-C: it would come next."""
        if self._waiting:
            self.close()

    def _post(self, method: str, *arguments: Any) -> None:
        self._drop_answer()
        self._calls.append((method, arguments))
        self._waiting = True
        if self._worker is not None and self._worker.is_ours:
            self._worker.post(method, *arguments)

    def answer(self) -> tuple[Any, dict[str, float]]:
        """Return what the call led to, and the world's `info`.

        Raises:
            SourceFailed: if two workers were lost at the same place.
            RLTransferError: if the world refuses the episode.
        """
        try:
            if self._worker is None or not self._worker.is_ours:
                raise WorkerLost("closed, or left behind by a fork")
            answer = self._worker.answer()
        except WorkerLost:
            answer = self._replay()
        self._waiting = False
        return answer

    def frame(self) -> Any:
        """Return a picture of the present moment."""
        self._post("frame")
        picture, _ = self.answer()
        self._calls.pop()
        return picture

    def _replay(self) -> tuple[Any, dict[str, float]]:
        """Make the recorded calls in a new worker; return the answer to the last one."""
        self.close()
        self._worker = WorkerProcess(self._address)
        try:
            for method, arguments in self._calls:
                self._worker.post(method, *arguments)
                answer = self._worker.answer()
        except WorkerLost as lost:
            self.close()
            why = str(lost).rstrip(".")
            raise SourceFailed(f"{self._place()}: SUMO failed here twice: {why}.") from None
        return answer

    def _place(self) -> str:
        context, seed = self._calls[0][1]
        decisions = len(self._calls) - 1
        return f"{self._name}[{Context(context).label}], seed {seed}, decision {decisions}"

    def release(self) -> None:
        """Leave the worker to others, if it is fit to be used."""
        if self._worker is not None and self._worker.is_ours and not self._waiting:
            IDLE.give(self._address, self._worker)
            self._worker = None
        self.close()

    def close(self) -> None:
        """End the worker; the next episode starts another."""
        if self._worker is not None:
            self._worker.close()
        self._worker, self._waiting = None, False
