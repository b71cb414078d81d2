"""Which source to train next. Selectors see returns and contexts, never an environment.

`MBTLSampler` is loaded on first use, for it needs Optuna.
"""

from typing import TYPE_CHECKING, Any

from rltransfer.selection.base import Proposal, SourceTaskSelector
from rltransfer.selection.baselines import (
    Equidistant,
    GreedyBisection,
    RandomSelector,
    equidistant_curve,
)
from rltransfer.selection.designs import KMedoids, SobolDesign
from rltransfer.selection.gap import FittedSlope, FixedSlope, GapModel
from rltransfer.selection.matrix_gp import MatrixGP
from rltransfer.selection.mbtl import MBTL, LiteralMBTL
from rltransfer.selection.measuring import Measuring
from rltransfer.selection.mpts import MPTS
from rltransfer.selection.oracle import MyopicOracle, SequentialOracle, replay
from rltransfer.selection.outsiders import OptunaGP, OptunaTPE
from rltransfer.selection.registry import DEFAULT_SELECTOR, SELECTORS, make_selector
from rltransfer.selection.sd_mbtl import GPMBTL, MGPMBTL, MMBTL
from rltransfer.selection.serving import Served, serve

if TYPE_CHECKING:
    from rltransfer.selection.sampler import MBTLSampler

__all__ = [
    "DEFAULT_SELECTOR",
    "GPMBTL",
    "MBTL",
    "MGPMBTL",
    "MMBTL",
    "MPTS",
    "SELECTORS",
    "Equidistant",
    "FittedSlope",
    "FixedSlope",
    "GapModel",
    "GreedyBisection",
    "KMedoids",
    "LiteralMBTL",
    "MBTLSampler",
    "MatrixGP",
    "Measuring",
    "MyopicOracle",
    "OptunaGP",
    "OptunaTPE",
    "Proposal",
    "RandomSelector",
    "SequentialOracle",
    "Served",
    "SobolDesign",
    "SourceTaskSelector",
    "equidistant_curve",
    "make_selector",
    "replay",
    "serve",
]


def __getattr__(name: str) -> Any:
    """Load what needs Optuna when it is asked for."""
    if name == "MBTLSampler":
        from rltransfer.selection.sampler import MBTLSampler

        return MBTLSampler
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
