"""Which policy of a run is best on a target without any training there, and what to learn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rltransfer.contexts import Context
from rltransfer.data import Transitions
from rltransfer.data.transitions_file import FILE, read_transitions
from rltransfer.envs import ContextualEnv
from rltransfer.errors import InvalidExperiment
from rltransfer.evaluation import evaluate
from rltransfer.experiment.agenda import lane_states
from rltransfer.experiment.inheritance import MEMBERS
from rltransfer.runs import Run, SourceRecord
from rltransfer.training.head_start import HeadStart
from rltransfer.training.policy import Policy

__all__ = ["Choice", "Source", "choose", "sources_of"]


@dataclass(frozen=True)
class Source:
    """A trained source of a run.

    Attributes:
        folder: where it is committed.
        context: where it was trained.
        steps: environment steps that it took.
    """

    folder: Path
    context: Context
    steps: int

    def recorded(self) -> Transitions | None:
        """Read what it saw while it was trained, if that was recorded."""
        path = self.folder / FILE
        return read_transitions(path) if path.is_file() else None


@dataclass(frozen=True)
class Choice:
    """The run's sources in the order of their returns on the target, the best first.

    Attributes:
        sources: of the study's own selector.
        means: mean return of each on the target, without any training there.
        start: the best policy, the best few, and all that was recorded.
        episodes: that each policy played.
        steps: environment steps of all these episodes.
    """

    sources: tuple[Source, ...]
    means: tuple[float, ...]
    start: HeadStart
    episodes: int
    steps: int


def sources_of(run: Run) -> list[Source]:
    """Return what the study's own selector has had trained, in the order of the rounds.

    Policies of compared selectors, and of many contexts, are no sources of this study.

    Raises:
        InvalidExperiment: if nothing is trained yet.
        CorruptRun: if something in the run is damaged.
    """
    own = next(iter(lane_states(run).values()))
    if not own.keys:
        raise InvalidExperiment(
            f"{run.path} has no trained source yet, so there is no policy to adapt. Train with "
            f"`rltransfer resume {run.path}`."
        )
    folders = [run.policy_folder(key) for key in own.keys]
    records = [SourceRecord.read(folder) for folder in folders]
    return [
        Source(folder, pick.context, record.steps)
        for folder, pick, record in zip(folders, own.picks, records, strict=True)
    ]


def choose(
    sources: list[Source],
    env: ContextualEnv,
    target: Context,
    episodes: int,
    seed: int,
    heard: Callable[[int, int], None],
) -> Choice:
    """Play every source's policy on the target, the same episodes each, and order them.

    Args:
        sources: at least one, in the order of the rounds; of equals, the earlier comes first.
        env: the family.
        target: a complete context.
        episodes: per policy.
        seed: of the episodes' starts.
        heard: told how many of how many policies have played.

    Raises:
        InvalidPolicy, InvalidDataset: if a source's files are damaged.
    """
    policies = [Policy.load(source.folder) for source in sources]
    means, steps = [], 0
    for k, policy in enumerate(policies):
        found = evaluate(policy, env, [target], episodes, seed)
        means.append(float(found.returns.mean()))
        steps += int(found.lengths.sum())
        heard(k + 1, len(policies))
    order = [int(i) for i in np.argsort([-mean for mean in means], kind="stable")]
    members = tuple(policies[i] for i in order[:MEMBERS])
    parts = [part for source in sources if (part := source.recorded()) is not None]
    data = Transitions.joined(parts) if parts else None
    return Choice(
        sources=tuple(sources[i] for i in order),
        means=tuple(means[i] for i in order),
        start=HeadStart(policy=members[0], members=members, data=data),
        episodes=episodes,
        steps=steps,
    )
