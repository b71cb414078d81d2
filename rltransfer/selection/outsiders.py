"""Samplers of black-box optimisation as selectors: what a user of Optuna would try first.

They know nothing of coverage. To them a source is a point whose value is the mean return of its
policy over the targets, which they maximise; so they return to where one policy is good, whatever
the others already serve.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from rltransfer.errors import InvalidExperiment
from rltransfer.selection.base import (
    Proposal,
    first_best,
    require_complete,
    require_nothing_known,
    untrained,
)
from rltransfer.transfer import TransferMatrix, trials

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

__all__ = ["OptunaGP", "OptunaTPE"]

DIGITS = 12  # distances that agree to so many decimals are equal


@dataclass(frozen=True)
class OptunaGP:
    """Optuna's Gaussian-process sampler, with its defaults.

    Attributes:
        seed: of its draws; a round's number is joined to it.
    """

    seed: int = 0

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the next source; see `SourceTaskSelector`.

        Raises:
            InvalidExperiment: also if torch, which the sampler needs, is not installed.
        """
        untrained(transfer)
        require_complete(transfer, "optuna-gp")
        require_nothing_known(transfer, "optuna-gp")
        from optuna.samplers import GPSampler

        try:
            import_torch()
        except ImportError as error:
            raise InvalidExperiment(
                "selector 'optuna-gp' needs torch, which is not installed; use 'tpe', or install "
                "torch (its CPU build is enough)."
            ) from error
        with quiet():
            return nearest_to_suggestion(GPSampler(seed=round_seed(self.seed, transfer)), transfer)


@dataclass(frozen=True)
class OptunaTPE:
    """Optuna's tree-structured Parzen estimator, with its defaults.

    Attributes:
        seed: of its draws; a round's number is joined to it.
    """

    seed: int = 0

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the next source; see `SourceTaskSelector`."""
        untrained(transfer)
        require_complete(transfer, "tpe")
        require_nothing_known(transfer, "tpe")
        from optuna.samplers import TPESampler

        with quiet():
            return nearest_to_suggestion(TPESampler(seed=round_seed(self.seed, transfer)), transfer)


def import_torch() -> None:
    """Load torch, or raise ImportError.

    By its name, because this package knows torch nowhere else; Optuna would load it too late, in
    the midst of a study.
    """
    import_module("torch")


def round_seed(seed: int, transfer: TransferMatrix) -> int:
    """Return a seed of this round: a sampler made anew would otherwise repeat its first draw."""
    return int(np.random.SeedSequence([seed, len(transfer.trained)]).generate_state(1)[0])


def nearest_to_suggestion(sampler: BaseSampler, transfer: TransferMatrix) -> Proposal:
    """Tell a new study what is trained, ask it, and propose the candidate nearest to its answer."""
    import optuna

    distributions = trials.distributions(transfer.space)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for index, value in zip(transfer.trained, transfer.mean.mean(axis=1), strict=True):
        params = trials.parameters(transfer.sources[index])
        study.add_trial(
            optuna.create_trial(params=params, distributions=distributions, value=float(value))
        )
    suggestion = trials.context_of(study.ask(distributions).params, transfer.space)
    distance = np.abs(transfer.units_sources - transfer.space.to_unit([suggestion])).sum(axis=1)
    index = first_best(-distance.round(DIGITS), untrained(transfer))
    name = type(sampler).__name__
    return Proposal(index, transfer.sources[index], f"nearest to what Optuna's {name} suggests")


@contextmanager
def quiet() -> Iterator[None]:
    """Silence what Optuna says of every study, and put it back as it was."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            warnings.simplefilter("ignore", RuntimeWarning)  # it divides by 0 where all are alike
            yield
    finally:
        optuna.logging.set_verbosity(before)
