"""One task and a budget become a policy. Importing this package loads neither torch nor SB3."""

from rltransfer.training.algorithms import ALGORITHMS, AlgorithmSettings, resolve
from rltransfer.training.monitor import SilentMonitor, TrainingMonitor
from rltransfer.training.online import OnlineRL
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import NetworkSpec, Normalization, PolicySpec
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.recipes import (
    RECIPES,
    FromScratch,
    Independent,
    MultiTask,
    Recipe,
    make_recipe,
)
from rltransfer.training.stage import CurvePoint, Stage, StageResult
from rltransfer.training.trainer import Trainer, TrainingResult

__all__ = [
    "ALGORITHMS",
    "RECIPES",
    "AlgorithmSettings",
    "CurvePoint",
    "FromScratch",
    "Independent",
    "MultiTask",
    "NetworkSpec",
    "Normalization",
    "OnlineRL",
    "Policy",
    "PolicySpec",
    "Recipe",
    "SilentMonitor",
    "Stage",
    "StageResult",
    "Trainer",
    "TrainingMonitor",
    "TrainingProblem",
    "TrainingResult",
    "make_recipe",
    "resolve",
]
