"""Generalization gaps of any policies, as a study: see `asking.gap`."""

from rltransfer.experiment.gap_study.asking import gap
from rltransfer.experiment.gap_study.spec import GapSpec
from rltransfer.experiment.gap_study.study import GapStudy

__all__ = ["GapSpec", "GapStudy", "gap"]
