"""One policy for one context, by any recipe, in a folder of its own."""

from rltransfer.experiment.solo.listener import Listener
from rltransfer.experiment.solo.record import SoloRecord
from rltransfer.experiment.solo.spec import SoloSpec
from rltransfer.experiment.solo.training import SoloTraining, train_solo

__all__ = ["Listener", "SoloRecord", "SoloSpec", "SoloTraining", "train_solo"]
