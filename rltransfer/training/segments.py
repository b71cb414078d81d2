"""A stage in segments: at the end of each, all that the rest depends on may be kept.

A segment is a number of rollouts or of gradient steps that the settings alone decide. Where one
ends, episodes are cut and every generator is seeded anew from the stage's seed and the number of
the segment, whether anything is kept or not. So neither the state of a simulator nor that of a
generator need be kept, and a training that was killed comes to the same weights, bit for bit.

Kept are the last two boundaries; if one is damaged, the other takes its place. Whether a boundary
is written depends on the clock (see `thrift`), what is written never does.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from rltransfer.errors import CorruptRun, Interrupted, StorageError
from rltransfer.files import Unreadable
from rltransfer.training.boundaries import Boundaries, Piece
from rltransfer.training.interruption import Interruption
from rltransfer.training.kept import Growing, Kept, Tree
from rltransfer.training.thrift import Thrift

__all__ = ["Memory", "Segments"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Memory:
    """What a stage keeps at a boundary, by name.

    Attributes:
        parts: kept as a whole.
        tables: of which only the new rows are written.
    """

    parts: Mapping[str, Kept]
    tables: Mapping[str, Growing] = field(default_factory=dict)

    def state(self) -> Tree:
        """Return the states of the parts."""
        return {name: part.state() for name, part in self.parts.items()}

    def restore(self, state: Tree, pieces: Sequence[Piece]) -> None:
        """Become as it was.

        Raises:
            CorruptRun: if what was kept is not of this training.
        """
        try:
            for piece in pieces:
                for name, grown in piece.items():
                    self.tables[name].put(int(grown["first"]), grown["rows"])
            for name, part in self.parts.items():
                part.restore(state[name])
        except (AttributeError, LookupError, TypeError, ValueError, RuntimeError) as error:
            raise CorruptRun(
                f"what a training has kept of itself does not fit it ({error!r}). Remove its "
                "folder and train again."
            ) from error


class Segments:
    """The boundaries of one stage, on the disk or nowhere.

    Args:
        folder: of this stage's boundaries; None to keep nothing.
        digest: of all that decides the stage's result but for `conditions`.
        interruption: heard at every boundary.
    """

    def __init__(
        self,
        folder: Path | None = None,
        digest: str = "",
        interruption: Interruption | None = None,
    ) -> None:
        self._boundaries = None if folder is None else Boundaries(folder)
        self._digest = digest
        self._interruption = interruption if interruption is not None else Interruption()
        self._conditions: dict[str, str] = {}
        self._thrift = Thrift()
        self._began, self._before = time.perf_counter(), 0.0

    @property
    def seconds(self) -> float:
        """What the stage has taken so far, in earlier attempts as far as they were kept."""
        return self._before + time.perf_counter() - self._began

    def under(self, conditions: Mapping[str, str]) -> None:
        """Say which versions and settings of the machine decide the last bits."""
        self._conditions = dict(conditions)

    # -- resuming ----------------------------------------------------------------------------------

    def restore(self, memory: Memory) -> int:
        """Let a stage become as it was at the last boundary kept; return which segment comes next.

        0 if nothing was kept, or not by this stage under these conditions: it then begins.

        Raises:
            CorruptRun: if a boundary was kept by something else than this package.
        """
        if self._boundaries is None:
            return 0
        self._boundaries.sweep()
        for place in reversed(self._boundaries.places):
            try:
                said, pieces = self._boundaries.read(place)
            except (CorruptRun, Unreadable, OSError) as error:
                log.warning("%s The training goes on from a boundary before it.", error)
                self._boundaries.remove(place)
                continue
            if not self._fits(said, place):
                break
            memory.restore(said.get("parts", {}), pieces)
            self._before = float(said.get("seconds", 0.0))
            return int(place.name)
        self.forget()
        return 0

    def _fits(self, said: Mapping[str, Any], place: Path) -> bool:
        """Say whether a boundary is of this stage, under the conditions in force."""
        if said.get("digest") != self._digest:
            return False
        then = dict(said.get("conditions", {}))
        changed = [name for name in self._conditions if then.get(name) != self._conditions[name]]
        if changed:
            told = ", ".join(f"{n} {then.get(n)} is now {self._conditions[n]}" for n in changed)
            log.warning("%s is not gone on from: %s. The stage begins again.", place, told)
        return not changed

    # -- keeping -----------------------------------------------------------------------------------

    def keep(self, number: int, memory: Memory) -> None:
        """Keep what there is before segment `number`, if it is time; then stop if asked to.

        A boundary only saves time, so a disk that refuses it does not end the training.

        Raises:
            Interrupted: if somebody asked.
        """
        asked = self._interruption.asked
        if self._boundaries is not None and (asked or self._thrift.due):
            with self._thrift.timed(), suppress(StorageError):
                self._boundaries.write(number, self._said(memory), memory.tables)
        if asked:
            self._stop()

    def _said(self, memory: Memory) -> Tree:
        return {
            "digest": self._digest,
            "conditions": self._conditions,
            "seconds": self.seconds,
            "parts": memory.state(),
        }

    def heed(self, seconds: float) -> None:
        """Stop at once if somebody asked, and the segment would last `seconds` more: too long.

        Raises:
            Interrupted: then.
        """
        if self._interruption.asked and seconds > self._interruption.left:
            self._stop()

    def _stop(self) -> NoReturn:
        places = [] if self._boundaries is None else self._boundaries.places
        where = f"segment {int(places[-1].name)}" if places else "the beginning"
        raise Interrupted(f"the training was asked to stop; it can go on from {where} of a stage.")

    def forget(self) -> None:
        """Remove all boundaries: the stage is done, or begins again."""
        if self._boundaries is not None:
            self._boundaries.clear()
