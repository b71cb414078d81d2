"""`rltransfer evaluate`: a policy over a grid of contexts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Column, Table

from rltransfer.cli.output import console, errors, print_json
from rltransfer.cli.pointing import policy_folder
from rltransfer.contexts import Context
from rltransfer.envs import ContextualEnv, make
from rltransfer.errors import InvalidExperiment
from rltransfer.evaluation import Returns, evaluate
from rltransfer.experiment.fitting import require_fit
from rltransfer.experiment.gap_study.archive import SUFFIX, load_archive
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import Run
from rltransfer.training.policy import Policy

__all__ = ["NamedPolicy", "evaluate_policy", "named_policy"]

ELSEWHERE = "Evaluate it in a family with equal spaces, with --env."


@dataclass(frozen=True)
class NamedPolicy:
    """A policy that somebody named on the command line.

    Attributes:
        path: where it is.
        policy: what was read there.
        family: where it is to act.
        own: the values that features have which do not vary: those of its own context.
    """

    path: Path
    policy: Policy
    family: ContextualEnv
    own: Mapping[str, float]


def named_policy(path: Path, env: str | None, algorithm: str | None) -> NamedPolicy:
    """Read a policy's folder, or a Stable-Baselines3 archive.

    Raises:
        InvalidPolicy: if there is no policy, or one whose spaces are not the family's.
        InvalidExperiment: if an archive comes without a family.
    """
    if path.suffix == SUFFIX:
        if env is None:
            raise InvalidExperiment(
                f"{path} does not say its environment: name it with --env, such as --env cartpole."
            )
        family = make(env)
        return NamedPolicy(path, load_archive(path, algorithm, family), family, {})
    policy = Policy.load(policy_folder(path))
    family = make(env or policy.spec.env)
    require_fit(policy, family, str(path), ELSEWHERE)
    return NamedPolicy(path, policy, family, (policy.spec.context or {}) if env is None else {})


def evaluate_policy(
    named: NamedPolicy, vary: str | None, targets: int, episodes: int, seed: int, as_json: bool
) -> None:
    """Play a policy over a grid of the varied features, and print the returns.

    Raises:
        InvalidExperiment: if it is not said what varies.
    """
    family = named.family
    names = trained_features(named) if vary is None else [n.strip() for n in vary.split(",")]
    grid = family.space.select(names).grid(targets)
    contexts = [family.space.validate({**named.own, **x}) for x in grid]
    with errors.status("Evaluating …"):
        found = evaluate(named.policy, family, contexts, episodes, seed)
    if as_json:
        print_json(
            {
                "policy": str(named.path),
                "env": family.spec.id,
                "simulator": family.simulator.versions(),
                "results": rows(contexts, found),
            }
        )
    else:
        show(family, grid, found)


def trained_features(named: NamedPolicy) -> list[str]:
    """Return the features that the policy's run varies.

    Raises:
        InvalidExperiment: if the policy does not lie in a run.
    """
    run = Run(named.path.resolve().parents[1])
    if not run.experiment_file.is_file():
        raise InvalidExperiment(
            f"{named.path} does not lie in a run, so --vary must say which features vary, of "
            f"{', '.join(named.family.space.names)}."
        )
    return Experiment.of_run(run).contexts.vary


def rows(contexts: Sequence[Context], found: Returns) -> list[dict[str, object]]:
    """Return one plain record per context."""
    return [
        {"context": dict(x), "mean": float(j.mean()), "min": float(j.min()), "max": float(j.max())}
        for x, j in zip(contexts, found.returns, strict=True)
    ]


def show(family: ContextualEnv, contexts: Sequence[Context], found: Returns) -> None:
    """Print a table with a bar on the family's score scale."""
    score = family.spec.score
    table = Table(
        Column("context", overflow="fold"),
        "mean return",
        "min",
        "max",
        "score",
        box=None,
        pad_edge=False,
    )
    for x, j in zip(contexts, found.returns, strict=True):
        share = min(1.0, max(0.0, (j.mean() - score.low) / (score.high - score.low)))
        bar = "█" * round(20 * share)
        table.add_row(x.label, f"{j.mean():.1f}", f"{j.min():.1f}", f"{j.max():.1f}", bar)
    console.print(table)
    console.print(f"\nMean over {len(contexts)} contexts: {found.returns.mean():.1f}")
