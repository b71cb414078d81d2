"""Source-task selection inside an Optuna study.

    sampler = MBTLSampler(MBTL(), sources, targets, space)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for _ in range(budget):
        trial = study.ask(sampler.distributions())
        source = sampler.context(trial)
        returns = ...                            # train on the source, measure on the targets
        sampler.record(study, trial, returns)

A trial is a trained source: its parameters are the context, its attribute `returns` the mean
returns on the targets, its value the coverage so far. The sampler keeps nothing: each call
rebuilds the transfer matrix from the study, so that a resumed study continues as if it had never
stopped, in any process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import StudyDirection
from optuna.trial import BaseTrial, FrozenTrial, Trial, TrialState

from rltransfer.contexts import Context, ContextSpace
from rltransfer.errors import InvalidExperiment
from rltransfer.selection.base import SourceTaskSelector
from rltransfer.selection.pending import believe
from rltransfer.transfer import TransferMatrix, trials

__all__ = ["MBTLSampler"]


class MBTLSampler(BaseSampler):
    """Lets a source-task selector, MBTL or any other, choose the parameters of a study.

    Contexts of running trials count as pending: they are not proposed again, and `believe` says
    what is expected of them. Failed and pruned trials count as never tried.

    Args:
        selector: proposes the next source.
        sources: the candidates.
        targets: the contexts on which every policy is measured.
        space: the varied features.
    """

    def __init__(
        self,
        selector: SourceTaskSelector,
        sources: Sequence[Context],
        targets: Sequence[Context],
        space: ContextSpace,
    ) -> None:
        self.selector = selector
        self._empty = TransferMatrix.empty(space, sources, targets)

    def distributions(self) -> dict[str, BaseDistribution]:
        """Return what `study.ask` needs: a parameter `ctx.<feature>` for each feature."""
        return trials.distributions(self._empty.space)

    def context(self, trial: BaseTrial) -> Context:
        """Return the source context of a trial."""
        return trials.context_of(trial.params, self._empty.space)

    def transfer(self, study: Study) -> TransferMatrix:
        """Return what the study knows: its complete trials, in the order of their numbers.

        Raises:
            InvalidExperiment: if a complete trial was not told by `record`.
            InvalidTransferMatrix: if what it tells does not fit the sources and targets.
        """
        transfer = self._empty
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
            row, own = recorded(trial)
            transfer = transfer.learn(self.context(trial), row, own)
        return transfer

    def record(
        self, study: Study, trial: Trial, returns: ArrayLike, own: ArrayLike | None = None
    ) -> TransferMatrix:
        """Tell the study how a source did, and return what it then knows.

        The trial gets the attributes `returns` (M mean returns), `own` (where given) and `gain`
        (what the coverage won, absent in the first round); its value is the coverage.

        Args:
            study: the study.
            trial: the trial that `study.ask` returned, still running.
            returns: returns on the targets, shape (M,) or (M, E).
            own: return on the source's own context, a number or shape (E,); needed only where
                the source is not a target.

        Raises:
            InvalidTransferMatrix: if the returns do not fit; the trial is then still running.
            InvalidExperiment: if the study minimises; the coverage is to be large.
        """
        if study.direction is not StudyDirection.MAXIMIZE:
            raise InvalidExperiment(
                "the study must maximise the coverage: create it with direction='maximize'."
            )
        row = np.asarray(returns, dtype=np.float64)
        row = row.mean(axis=1) if row.ndim == 2 else row
        home = None if own is None else float(np.mean(np.asarray(own, dtype=np.float64)))
        before = self.transfer(study)
        after = before.learn(self.context(trial), row[..., None], home)
        trial.set_user_attr("returns", row.tolist())
        if home is not None:
            trial.set_user_attr("own", home)
        if before.trained:
            trial.set_user_attr("gain", after.coverage - before.coverage)
        study.tell(trial, after.coverage)
        return after

    # -- Optuna's protocol ---------------------------------------------------------------------

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the features: they are always chosen together."""
        return self.distributions()

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the context that the selector proposes.

        Raises:
            InvalidExperiment: if every candidate is trained or in training.
        """
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        pending = [
            self.context(other)
            for other in running
            if other.number != trial.number and search_space.keys() <= other.params.keys()
        ]
        known = believe(self.transfer(study), pending, self.selector)
        return trials.parameters(self.selector.propose(known).context)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Refuse: no parameter is chosen on its own.

        Raises:
            InvalidExperiment: always.
        """
        raise InvalidExperiment(
            f"{type(self).__name__} chooses {', '.join(self.distributions())} together and "
            f"nothing else; the study asked for {param_name!r} = {param_distribution}. Ask with "
            "study.ask(sampler.distributions())."
        )


def recorded(trial: FrozenTrial) -> tuple[np.ndarray, float | None]:
    """Return the row (M, 1) and the own return that `record` stored in a complete trial."""
    attributes: Mapping[str, Any] = trial.user_attrs
    if "returns" not in attributes:
        raise InvalidExperiment(
            f"trial {trial.number} is complete but lacks the attribute 'returns', so nothing is "
            "known of its source: tell trials with sampler.record(study, trial, returns)."
        )
    row = np.asarray(attributes["returns"], dtype=np.float64)
    return row[..., None], attributes.get("own")
