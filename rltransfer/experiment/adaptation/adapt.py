"""Adapts a run's best policy to one target: choose, train every arm, measure.

    choose     π = the source whose policy returns most on the target, untrained there
    train      every arm from π, or from nothing; same budget, same looks
    measure    jump-start, steps to threshold, asymptote, area of every curve

An arm lies in a folder of its own, and one that is finished is not trained again: the same
command continues what was interrupted, and a later one may add arms.
"""

from __future__ import annotations

from pathlib import Path

from rltransfer.experiment.adaptation.arms import arm
from rltransfer.experiment.adaptation.choice import Choice, choose
from rltransfer.experiment.adaptation.result import Adaptation
from rltransfer.experiment.adaptation.spec import AdaptationSpec
from rltransfer.experiment.solo.listener import Listener
from rltransfer.experiment.solo.training import train_solo
from rltransfer.files import seal_json, write_text
from rltransfer.seeding import derive_seed

__all__ = ["adapt"]


def adapt(
    spec: AdaptationSpec, out: Path | None = None, listener: Listener | None = None
) -> Adaptation:
    """Train all arms on the target, each once, and write `adaptation.json`.

    Args:
        spec: what is compared.
        out: where the results go; `spec.folder` by default.
        listener: told of progress.

    Raises:
        UnknownName, InvalidContext, InvalidExperiment: if the arms cannot be trained; nothing is
            written.
        CorruptRun: if the run is damaged.
        SourceFailed: if a training fails; arms that are finished stay.
        StorageError: if a result cannot be written.
    """
    heard, folder = listener or Listener(), out or spec.folder
    spec.check()
    choice = choice_for(spec, heard)
    trainings = {name: arm(spec, name, choice.start) for name in spec.arms}
    records = {
        name: train_solo(training, folder / "arms" / name, heard)
        for name, training in trainings.items()
    }
    found = Adaptation(spec, choice, records)
    write_text(folder / "adaptation.json", seal_json(found.to_dict()))
    return found


def choice_for(spec: AdaptationSpec, listener: Listener) -> Choice:
    """Find the best policy on the target."""
    return choose(
        spec.sources,
        spec.experiment.environment,
        spec.target,
        spec.experiment.evaluation.episodes,
        derive_seed(spec.root, "choose", spec.target),
        lambda done, total: listener.working("choosing", done, total),
    )
