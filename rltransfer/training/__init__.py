"""One task and a budget become a policy. Importing this package loads neither torch nor SB3."""

from rltransfer.training.algorithms import ALGORITHMS, AlgorithmSettings, resolve
from rltransfer.training.finetuning import FineTuning, Pace
from rltransfer.training.head_start import HeadStart
from rltransfer.training.interruption import Interruption
from rltransfer.training.monitor import SilentMonitor, TrainingMonitor
from rltransfer.training.online import OnlineRL
from rltransfer.training.online_recipes import FromScratch, Independent, MultiTask
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import NetworkSpec, Normalization, PolicySpec
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.recipe import Recipe
from rltransfer.training.recipes import RECIPES, make_recipe
from rltransfer.training.stage import CurvePoint, SegmentedStage, Stage, StageResult
from rltransfer.training.stopping import StoppingRule
from rltransfer.training.trainer import Trainer, TrainingResult

__all__ = [
    "ALGORITHMS",
    "RECIPES",
    "AlgorithmSettings",
    "CurvePoint",
    "FineTuning",
    "FromScratch",
    "HeadStart",
    "Independent",
    "Interruption",
    "MultiTask",
    "NetworkSpec",
    "Normalization",
    "OnlineRL",
    "Pace",
    "Policy",
    "PolicySpec",
    "Recipe",
    "SegmentedStage",
    "SilentMonitor",
    "Stage",
    "StageResult",
    "StoppingRule",
    "Trainer",
    "TrainingMonitor",
    "TrainingProblem",
    "TrainingResult",
    "make_recipe",
    "resolve",
]
