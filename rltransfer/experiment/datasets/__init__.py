"""Recording datasets of the usual qualities, context by context."""

from rltransfer.experiment.datasets.plan import DatasetPlan
from rltransfer.experiment.datasets.recipe import record

__all__ = ["DatasetPlan", "record"]
