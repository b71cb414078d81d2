"""Source-task selection for Optuna: `MBTLSampler`, with selectors that can be given to it."""

from rltransfer.contexts import Context, ContextFeature, ContextSpace, Scale
from rltransfer.selection import MBTL, MatrixGP
from rltransfer.selection.sampler import MBTLSampler

__all__ = ["MBTL", "Context", "ContextFeature", "ContextSpace", "MBTLSampler", "MatrixGP", "Scale"]
