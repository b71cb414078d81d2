"""What a study will take, before anything runs: its amounts, measured rates, hours and cost."""

from rltransfer.experiment.planning.calibration import calibrated
from rltransfer.experiment.planning.estimate import Plan, Seat, make_plan
from rltransfer.experiment.planning.rates import Range, Rates, rates_of
from rltransfer.experiment.planning.workload import Workload

__all__ = ["Plan", "Range", "Rates", "Seat", "Workload", "calibrated", "make_plan", "rates_of"]
