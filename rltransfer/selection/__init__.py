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
from rltransfer.selection.gap import FittedSlope, FixedSlope, GapModel
from rltransfer.selection.mbtl import MBTL, LiteralMBTL
from rltransfer.selection.oracle import MyopicOracle, SequentialOracle, replay
from rltransfer.selection.registry import SELECTORS, make_selector

if TYPE_CHECKING:
    from rltransfer.selection.sampler import MBTLSampler

__all__ = [
    "MBTL",
    "SELECTORS",
    "Equidistant",
    "FittedSlope",
    "FixedSlope",
    "GapModel",
    "GreedyBisection",
    "LiteralMBTL",
    "MBTLSampler",
    "MyopicOracle",
    "Proposal",
    "RandomSelector",
    "SequentialOracle",
    "SourceTaskSelector",
    "equidistant_curve",
    "make_selector",
    "replay",
]


def __getattr__(name: str) -> Any:
    """Load what needs Optuna when it is asked for."""
    if name == "MBTLSampler":
        from rltransfer.selection.sampler import MBTLSampler

        return MBTLSampler
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
