"""The best zero-shot policy of a run goes on learning on one target, in several ways."""

from rltransfer.experiment.adaptation.adapt import adapt
from rltransfer.experiment.adaptation.result import Adaptation, Arm
from rltransfer.experiment.adaptation.spec import AdaptationSpec

__all__ = ["Adaptation", "AdaptationSpec", "Arm", "adapt"]
