"""rltransfer: which few contexts to train on, and where each policy still generalises.

    >>> import rltransfer
    >>> cartpole = rltransfer.make("cartpole")
    >>> cartpole.space["length"].unit
    'm'

Importing this package loads neither torch nor any simulator but Gymnasium, and registers every
family of the catalogue as a Gymnasium id, `rltransfer/<base>`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from rltransfer.contexts import Context, ContextFeature, ContextSpace, ContextSplit
from rltransfer.envs import ContextualEnv, Task, make
from rltransfer.envs.registration import register_all
from rltransfer.errors import RLTransferError

__all__ = [
    "Context",
    "ContextFeature",
    "ContextSpace",
    "ContextSplit",
    "ContextualEnv",
    "Experiment",
    "GapReport",
    "GapSpec",
    "GapStudy",
    "MBTLSampler",
    "Policy",
    "RLTransferError",
    "Run",
    "Task",
    "TransferMatrix",
    "__version__",
    "evaluate",
    "gap",
    "make",
    "run_experiment",
]

try:
    __version__ = version("rltransfer")
except PackageNotFoundError:  # a bare checkout, not installed
    __version__ = "0+unknown"

LAZY = {
    "Experiment": "rltransfer.experiment.spec",
    "GapReport": "rltransfer.transfer",
    "GapSpec": "rltransfer.experiment.gap_study",
    "GapStudy": "rltransfer.experiment.gap_study",
    "MBTLSampler": "rltransfer.selection.sampler",
    "Policy": "rltransfer.training.policy",
    "Run": "rltransfer.runs.store",
    "TransferMatrix": "rltransfer.transfer",
    "evaluate": "rltransfer.evaluation",
    "gap": "rltransfer.experiment.gap_study",
    "run_experiment": "rltransfer.experiment.loop",
}
"""Names that would load heavy libraries, and the modules that hold them."""

register_all()


def __getattr__(name: str) -> Any:
    if name in LAZY:
        return getattr(import_module(LAZY[name]), name)
    raise AttributeError(f"module 'rltransfer' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
