"""Where the trainings of a study happen: here, on a Dask cluster, on SLURM."""

from rltransfer.experiment.backends.backend import Backend, Local, Workers
from rltransfer.experiment.backends.registry import BACKENDS, Wish, make_backend

__all__ = ["BACKENDS", "Backend", "Local", "Wish", "Workers", "make_backend"]
