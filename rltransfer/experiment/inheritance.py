"""What a source inherits: policies and transitions of the sources before it in its lane.

The policies are ordered by how well they do here. Where the new source is a target, their
returns on it are known already, so the order costs no step; elsewhere the nearest comes first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rltransfer.contexts import Context
from rltransfer.data import Transitions
from rltransfer.data.transitions_file import FILE, read_transitions
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import SourceRecord
from rltransfer.training.head_start import HeadStart
from rltransfer.training.policy import Policy

__all__ = ["MEMBERS", "head_start", "ranked"]

MEMBERS = 4
"""Most policies that a source inherits, as in Uni-O4's ensembles."""


@dataclass(frozen=True)
class Parent:
    """A committed source that another is trained from."""

    folder: Path
    record: SourceRecord

    def policy(self) -> Policy:
        """Read its policy."""
        return Policy.load(self.folder)

    def recorded(self) -> Transitions | None:
        """Read what it saw while it was trained, if that was recorded."""
        path = self.folder / FILE
        return read_transitions(path) if path.is_file() else None


def head_start(experiment: Experiment, context: Context, parents: Mapping[str, Path]) -> HeadStart:
    """Return what a new source begins with; only reads.

    Args:
        experiment: the study.
        context: the new source.
        parents: the folders of the sources before it by key, in the order of their rounds.

    Returns:
        the policy that does best here, the best few in order, and everything recorded, in the
        order of the rounds; nothing where there are no parents.

    Raises:
        CorruptRun, InvalidPolicy, InvalidDataset: if a folder is damaged.
    """
    if not parents:
        return HeadStart()
    known = [Parent(folder, SourceRecord.read(folder)) for folder in parents.values()]
    order = ranked(experiment, context, [parent.record for parent in known])
    members = tuple(known[i].policy() for i in order[:MEMBERS])
    parts = [part for parent in known if (part := parent.recorded()) is not None]
    data = Transitions.joined(parts) if parts else None
    return HeadStart(policy=members[0], members=members, data=data)


def ranked(experiment: Experiment, context: Context, records: Sequence[SourceRecord]) -> list[int]:
    """Return positions in `records`, the policy that does best in the context first.

    Of equals, the earlier one comes first.
    """
    targets = experiment.targets()
    if context in targets:
        target = targets.index(context)
        loss = [-record.returns[target].mean() for record in records]
    else:
        space = experiment.space
        here = space.to_unit([context])[0]
        own = [space.to_unit([record.context])[0] for record in records if record.context]
        loss = [float(np.linalg.norm(unit - here)) for unit in own]
    return [int(i) for i in np.argsort(loss, kind="stable")]
