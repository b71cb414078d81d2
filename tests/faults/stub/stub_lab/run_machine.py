"""A run to which anything may happen, in any order, and what must hold all the while.

What happens: it is begun, killed at any moment of any write, resumed, wanted by a second process,
resumed with another description; a bit of a committed source is changed, a folder of one removed;
what is made from the sources, and what trainings under way have kept, is changed, cut off, removed.

What holds: no committed source is lost or changed, a change is noticed and named, a refused attempt
changes nothing, and a finished run is, to the byte, the one that nothing ever happened to.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rltransfer.errors import CorruptRun, InvalidExperiment, RunLocked
from rltransfer.runs.lock import locked
from stub_lab.crashing import MOMENTS, Crash
from stub_lab.essence import committed, essence_by_key
from stub_lab.study import Study
from stub_lab.warm import Ended, Warm

__all__ = ["RunMachine"]

MADE = ("study.journal", "gaps.csv", "gaps.parquet", "returns.parquet", "rounds.csv",
        "published.json")  # fmt: skip
"""What is made from the sources."""

numbers = st.integers(0, 10**6)


class RunMachine(RuleBasedStateMachine):
    """A run, what is known to be committed in it, and what was done to it.

    Attributes:
        warm: runs it.
        new_folder: makes a folder for it.
        expected: what it comes to if nothing happens to it.
    """

    warm: Warm
    new_folder: Callable[[], Path]
    expected: Mapping[str, Any]

    def __init__(self) -> None:
        super().__init__()
        self.study = Study(str(self.new_folder()))
        self.kept: dict[str, dict[str, bytes]] = {}
        self.damaged: Path | None = None
        self.finished = False

    # -- attempts --------------------------------------------------------------------------

    @rule()
    def begin(self) -> None:
        """Run to the end, if nothing is damaged."""
        self.expect(self.warm.run(self.study))

    @rule(write=st.integers(0, 60), moment=st.sampled_from(MOMENTS))
    def begin_and_be_killed(self, write: int, moment: str) -> None:
        """Run, to be killed unless there are fewer writes left."""
        ended = self.warm.run(self.study, Crash(write, moment))
        if ended.code == -signal.SIGKILL:
            self.finished = False
            self.remember()
        else:
            self.expect(ended)

    @precondition(lambda self: self.study.run.is_dir())
    @rule()
    def begin_where_another_works(self) -> None:
        """Be refused."""
        if not self.finished and self.damaged is None:
            with locked(self.study.run):
                self.refused(self.study, RunLocked, "in use by process")

    @precondition(lambda self: (self.study.run / "experiment.toml").is_file())
    @rule()
    def begin_otherwise(self) -> None:
        """Be refused: the folder holds another study."""
        other = Study(self.study.folder, rounds=3)
        self.refused(other, InvalidExperiment, "selection.rounds was 2 and is now 3")

    # -- damage ----------------------------------------------------------------------------

    @precondition(lambda self: self.kept and self.damaged is None)
    @rule(which=numbers, where=numbers, bit=st.integers(0, 7))
    def change_a_bit_of_a_source(self, which: int, where: int, bit: int) -> None:
        """Change one bit of a committed file."""
        files = sorted(self.study.run.glob("sources/[0-9]*/*"))
        path = files[which % len(files)]
        flip(path, where, bit)
        self.damaged = path
        self.finished = False

    @precondition(lambda self: self.kept)
    @rule(which=numbers)
    def remove_a_source(self, which: int) -> None:
        """Remove a committed folder, as a person may."""
        folders = sorted(self.study.run.glob("sources/[0-9]*"))
        self.remove(folders[which % len(folders)])

    @precondition(lambda self: self.damaged is not None)
    @rule()
    def follow_the_advice(self) -> None:
        """Remove the damaged folder, as the message says."""
        assert self.damaged is not None
        self.remove(self.damaged.parent)

    @rule(name=st.sampled_from(MADE), where=numbers)
    def cut_what_is_made(self, name: str, where: int) -> None:
        """Cut off the study, or a table, if it is there."""
        if (path := self.study.run / name).is_file():
            data = path.read_bytes()
            path.write_bytes(data[: where % (len(data) + 1)])

    @rule(name=st.sampled_from(MADE), where=numbers, bit=st.integers(0, 7))
    def change_a_bit_of_what_is_made(self, name: str, where: int, bit: int) -> None:
        """Change one bit of the study, or of a table, if it is there."""
        if (path := self.study.run / name).is_file():
            flip(path, where, bit)

    @rule(name=st.sampled_from(MADE))
    def remove_what_is_made(self, name: str) -> None:
        """Remove the study, or a table, if it is there."""
        (self.study.run / name).unlink(missing_ok=True)

    @precondition(lambda self: list(self.study.run.glob("working/*/*/*/*")))
    @rule(which=numbers, where=numbers, bit=st.integers(0, 7))
    def change_a_bit_of_a_checkpoint(self, which: int, where: int, bit: int) -> None:
        """Change one bit of what a training under way has kept."""
        files = sorted(p for p in self.study.run.glob("working/*/*/*/*") if p.is_file())
        if files:
            flip(files[which % len(files)], where, bit)

    @rule()
    def remove_the_checkpoints(self) -> None:
        """Remove what trainings under way have kept."""
        shutil.rmtree(self.study.run / "working", ignore_errors=True)

    # -- what must hold --------------------------------------------------------------------

    @invariant()
    def no_source_is_lost(self) -> None:
        """What was committed is there, byte for byte, but for what was damaged on purpose."""
        there = committed(self.study.run)
        hurt = None if self.damaged is None else self.damaged.parent.name
        assert all(there.get(name) == files for name, files in self.kept.items() if name != hurt)

    def teardown(self) -> None:
        """Whatever has happened: it comes to the same."""
        if self.damaged is not None:
            self.follow_the_advice()
        self.begin()
        shutil.rmtree(self.study.place)

    # -- steps of the rules ----------------------------------------------------------------

    def expect(self, ended: Ended) -> None:
        """Require that an attempt has come to the known result, or has named the damage."""
        if self.damaged is not None:
            assert ended.code == CorruptRun.exit_code, ended
            assert str(self.damaged.parent) in ended.said
            return
        assert ended.code == 0, ended.said
        assert essence_by_key(self.study.run) == self.expected
        assert not list(self.study.run.rglob(".tmp-*"))
        self.finished = True
        self.remember()

    def refused(self, study: Study, error: type[Exception], words: str) -> None:
        """Require that an attempt is refused in these words, and changes nothing."""
        before = tree(self.study.run)
        ended = self.warm.run(study)
        assert ended.code == error.exit_code, ended  # type: ignore[attr-defined]
        assert words in ended.said
        assert tree(self.study.run) == before

    def remember(self) -> None:
        """Take down what is committed."""
        if self.damaged is None:
            self.kept = committed(self.study.run)

    def remove(self, folder: Path) -> None:
        """Remove a source's folder."""
        shutil.rmtree(folder)
        del self.kept[folder.name]
        if self.damaged is not None and self.damaged.parent == folder:
            self.damaged = None
        self.finished = False


def flip(path: Path, where: int, bit: int) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    if data:
        data[where % len(data)] ^= 1 << bit
        path.write_bytes(data)


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
