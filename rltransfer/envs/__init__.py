"""Contextual environments: a catalogue of MDP families, and what builds their members."""

from rltransfer.envs.catalog import Catalog, load_catalog, make
from rltransfer.envs.contextual import ContextualEnv, Spaces, Task
from rltransfer.envs.spec import EnvironmentSpec, ScoreRange, TrainingDefaults

__all__ = [
    "Catalog",
    "ContextualEnv",
    "EnvironmentSpec",
    "ScoreRange",
    "Spaces",
    "Task",
    "TrainingDefaults",
    "load_catalog",
    "make",
]
