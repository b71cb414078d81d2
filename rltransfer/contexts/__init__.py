"""Contexts: the numbers, with names and units, that tell one MDP of a family from another."""

from rltransfer.contexts.context import Context
from rltransfer.contexts.feature import ContextFeature, Scale
from rltransfer.contexts.space import ContextSpace
from rltransfer.contexts.split import ContextSplit

__all__ = ["Context", "ContextFeature", "ContextSpace", "ContextSplit", "Scale"]
