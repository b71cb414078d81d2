"""Tuning: the hyperparameters of one algorithm, searched over a set of contexts."""

from rltransfer.experiment.tuning.events import TuningEvents
from rltransfer.experiment.tuning.folder import TuningFolder
from rltransfer.experiment.tuning.loop import retrain, tune
from rltransfer.experiment.tuning.outcome import Outcome
from rltransfer.experiment.tuning.spec import Tuning

__all__ = ["Outcome", "Tuning", "TuningEvents", "TuningFolder", "retrain", "tune"]
