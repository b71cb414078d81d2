"""Policies that a study begins with: found, checked, measured on its targets.

They cost no training and no round. A study names folders; what it keeps of each policy is a digest
of how it acts, so that another policy in the same place is not taken for it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rltransfer.contexts import Context
from rltransfer.envs import ContextualEnv
from rltransfer.errors import InvalidExperiment, InvalidPolicy
from rltransfer.evaluation import evaluate
from rltransfer.experiment.fitting import require_fit
from rltransfer.experiment.monitor import fingerprint
from rltransfer.experiment.pulse import Pulse, WatchedEnv
from rltransfer.experiment.sections import Known
from rltransfer.experiment.spec import Experiment
from rltransfer.files import digest as sha256_of
from rltransfer.runs import Run, SourceRecord
from rltransfer.runs.origin import Origin
from rltransfer.seeding import derive_seed
from rltransfer.training.policy import Policy
from rltransfer.training.policy_folder import DESCRIPTION, WEIGHTS
from rltransfer.transfer import KnownPolicy, KnownRows

__all__ = ["Measurement", "gathered", "known_rows", "measured", "require_unchanged"]

DIGITS = 16
ADVICE = "Leave it out, or choose another folder."


# -- before a run --------------------------------------------------------------------------------


def gathered(experiment: Experiment) -> Experiment:
    """Return the study with its known policies one by one, each as it is now.

    Raises:
        InvalidPolicy: if a folder holds no policy, a damaged one, or one that cannot act here.
        InvalidExperiment: if a policy is not the one whose digest is given.
        InvalidContext: if a policy's context, or a feature that it sees, is not the family's.
    """
    if not experiment.known:
        return experiment
    found: dict[str, Known] = {}
    for said in experiment.known:
        for folder in policy_folders(Path(said.path)):
            known = described(folder, experiment.environment, said.name)
            found.setdefault(known.key, known)  # the same policy in two places is known once
        if said.digest is not None:
            loaded(said)
    return experiment.model_copy(update={"known": with_names_apart(list(found.values()))})


def policy_folders(path: Path) -> list[Path]:
    """Return the folders of the policies that a path stands for: one, or all of its runs.

    Raises:
        InvalidPolicy: if there are none.
    """
    if (path / DESCRIPTION).is_file():
        return [path]
    is_run = (path / "experiment.toml").is_file() or any(path.glob("seed-*/experiment.toml"))
    folders = [f for run in (Run.find(path) if is_run else []) for f in run.source_folders()]
    if not folders:
        raise InvalidPolicy(
            f"{path} holds no policy: a known policy is a folder with {WEIGHTS} and "
            f"{DESCRIPTION}, or the folder of a run that has trained some. {ADVICE}"
        )
    return folders


def described(folder: Path, family: ContextualEnv, name: str | None) -> Known:
    """Describe the policy in a folder, if it can act in the family."""
    policy, place = Policy.load(folder), folder.resolve()
    if policy.spec.env != family.spec.id:
        raise InvalidPolicy(
            f"{folder} holds a policy of {policy.spec.env}, and this study is of "
            f"{family.spec.id}. {ADVICE}"
        )
    require_fit(policy, family, str(folder), ADVICE)
    for feature in policy.observe:
        _ = family.space[feature]  # says what the family does not have
    family.space.validate(policy.spec.context or {})
    digest = fingerprint(policy)[:DIGITS]
    return Known(path=str(place), name=name or short_name(place), digest=digest)


def short_name(folder: Path) -> str:
    """Return what to call a policy: its folder's name, or run and number of a run's source."""
    if folder.parent.name == "sources":
        run = folder.parent.parent
        return f"{run.parent.name}/{run.name}/{folder.name}"
    return folder.name


def with_names_apart(policies: Sequence[Known]) -> list[Known]:
    """Call policies of the same name by their whole paths."""
    count = Counter(known.name for known in policies)
    return [
        known.model_copy(update={"name": known.path}) if count[known.name] > 1 else known
        for known in policies
    ]


# -- in a run ------------------------------------------------------------------------------------


def require_unchanged(experiment: Experiment) -> None:
    """Refuse to go on where a known policy's folder holds another one by now.

    A folder that is gone is no trouble: the run has its own copy, once that is committed.

    Raises:
        InvalidExperiment: naming the first that differs.
    """
    for known in experiment.known or ():
        if (Path(known.path) / DESCRIPTION).is_file():
            loaded(known)


def loaded(known: Known) -> Policy:
    """Read a known policy, the one that the study was begun with."""
    policy = Policy.load(Path(known.path))
    now = fingerprint(policy)[:DIGITS]
    if now != known.digest:
        raise InvalidExperiment(
            f"the known policy {known.title} in {known.path} was {known.digest} when it was "
            f"first described and is now {now}. Put the old one back, or begin another run with "
            "--name. A run that has measured it goes on with its copy once the folder is moved "
            "away."
        )
    return policy


@dataclass(frozen=True)
class Measurement:
    """A known policy to be measured, described so that any process can do it.

    Attributes:
        known: the policy.
        experiment: the study as plain data, with its one seed.
        working: a folder of its own.
    """

    known: Known
    experiment: Mapping[str, Any]
    working: Path

    @property
    def key(self) -> str:
        """The policy's name in the run."""
        return self.known.key

    @property
    def label(self) -> str:
        """The policy's name for people."""
        return self.known.title

    @property
    def progress(self) -> Path:
        """The file that changes while it is measured."""
        return self.working / "progress.jsonl"


def measured(job: Measurement) -> tuple[SourceRecord, Policy]:
    """Measure a known policy on all targets, and return what is to be committed."""
    started, known, policy = time.time(), job.known, loaded(job.known)
    experiment = Experiment.checked(job.experiment, "the experiment of this policy")
    env = WatchedEnv(experiment.environment.spec, Pulse(job.progress))
    targets = experiment.targets()
    episodes, seed = experiment.evaluation.episodes, derive_seed(experiment.seeds[0], "evaluate")
    found = evaluate(policy, env, targets, episodes, seed)
    place, own = place_of(policy, experiment), None
    if place in targets:
        own = found.returns[targets.index(place)]
    elif policy.spec.context is not None:
        home = Context(policy.spec.context)
        own = evaluate(policy, env, [home], episodes, seed).returns[0]
    record = SourceRecord(
        key=known.key,
        context=place,
        returns=found.returns,
        lengths=found.lengths,
        curve=(),
        steps=0,
        seconds=0.0,
        seed=0,
        started=started,
        finished=time.time(),
        stages=(),
        versions=env.simulator.versions(),
        monitor_steps=0,
        origin=origin_of(known, policy),
        own=None if own is None else tuple(own.tolist()),
    )
    return record, policy


def place_of(policy: Policy, experiment: Experiment) -> Context | None:
    """Return a policy's context in the varied features; None where they do not say it all.

    So it is for a policy of many contexts, and for one that was trained where a feature that is
    fixed in the study has another value.
    """
    if policy.spec.context is None:
        return None
    space = experiment.environment.space
    own, varied = space.validate(policy.spec.context), experiment.space.names
    fixed = [name for name in space.names if name not in varied]
    if any(own[name] != space.default[name] for name in fixed):
        return None
    return own.restrict(varied)


def origin_of(known: Known, policy: Policy) -> Origin:
    """Return what the run keeps of a policy's past."""
    return Origin(
        name=known.title,
        path=known.path,
        weights=sha256_of(Path(known.path) / WEIGHTS),
        context=policy.spec.context,
        provenance=policy.spec.provenance,
    )


def known_rows(experiment: Experiment, pool: Mapping[str, SourceRecord]) -> KnownRows:
    """Return the rows of the known policies that are committed."""
    rows = KnownRows()
    for known in experiment.known or ():
        if known.key in pool:
            record = pool[known.key]
            policy = KnownPolicy(known.title, record.context)
            rows = rows.learn(policy, record.returns, record.own)
    return rows
