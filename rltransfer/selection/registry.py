"""Selectors by name, as experiments write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from rltransfer.errors import InvalidExperiment, UnknownName, did_you_mean
from rltransfer.selection.base import SourceTaskSelector
from rltransfer.selection.baselines import Equidistant, GreedyBisection, RandomSelector
from rltransfer.selection.designs import KMedoids, SobolDesign
from rltransfer.selection.gap import FittedSlope, FixedSlope, GapModel
from rltransfer.selection.matrix_gp import MatrixGP
from rltransfer.selection.mbtl import MBTL, LiteralMBTL
from rltransfer.selection.mpts import MPTS
from rltransfer.selection.outsiders import OptunaGP, OptunaTPE
from rltransfer.selection.sd_mbtl import GPMBTL, MGPMBTL, MMBTL

__all__ = ["DEFAULT_SELECTOR", "SELECTORS", "make_selector"]

SELECTORS: Mapping[str, type[SourceTaskSelector]] = MappingProxyType(
    {
        "matrix-gp": MatrixGP,
        "mbtl": MBTL,
        "mbtl-literal": LiteralMBTL,
        "gp-mbtl": GPMBTL,
        "m-mbtl": MMBTL,
        "m-gp-mbtl": MGPMBTL,
        "mpts": MPTS,
        "random": RandomSelector,
        "equidistant": Equidistant,
        "greedy-bisection": GreedyBisection,
        "k-medoids": KMedoids,
        "sobol": SobolDesign,
        "optuna-gp": OptunaGP,
        "tpe": OptunaTPE,
    }
)
"""What an experiment's `selector` may say."""

DEFAULT_SELECTOR = "matrix-gp"
"""What chooses where nothing is said."""


def make_selector(
    name: str,
    *,
    seed: int,
    budget: int,
    score: tuple[float, float],
    options: Mapping[str, Any] = MappingProxyType({}),
) -> SourceTaskSelector:
    """Build a selector from its name and plain data.

    Args:
        name: a key of `SELECTORS`.
        seed: given to the selectors that draw at random.
        budget: how many sources will be trained, given to those that plan ahead.
        score: the raw returns that count as 0 and 1, given to those that normalise.
        options: what else the selector understands: `gap` for "mbtl" ("fitted", or a slope in
            returns per unit length), `theta` for "mbtl-literal".

    Raises:
        UnknownName: if no selector has this name.
        InvalidExperiment: if an option is unknown or its value does not fit, or the score
            bounds are not low < high.
    """
    if name not in SELECTORS:
        raise UnknownName(
            f"no selector is called {name!r}{did_you_mean(name, SELECTORS)} "
            f"Known: {', '.join(SELECTORS)}."
        )
    if not score[0] < score[1]:
        raise InvalidExperiment(f"the score bounds must be low < high; got {score}.")
    known = {field.name for field in fields(SELECTORS[name])}  # type: ignore[arg-type]
    setting = {"seed": seed, "budget": budget, "score": score}
    given = {key: value for key, value in setting.items() if key in known}
    return SELECTORS[name](**given, **read_options(name, options))


def read_options(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the options of one selector from plain data into its fields."""
    readers = READERS.get(name, {})
    for key in options:
        if key not in readers:
            raise InvalidExperiment(
                f"selector {name!r} has no option {key!r}{did_you_mean(key, readers)} "
                f"Allowed: {', '.join(readers) or 'none'}."
            )
    return {key: readers[key](f"{name}.{key}", value) for key, value in options.items()}


def read_number(where: str, value: Any) -> float:
    """Return an option's value if it is a number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidExperiment(f"option {where} must be a number; got {value!r}.")
    return float(value)


def read_gap(where: str, value: Any) -> GapModel:
    """Return the gap model that an option names."""
    if value == "fitted":
        return FittedSlope()
    if isinstance(value, str):
        raise InvalidExperiment(
            f"option {where} must be 'fitted', or a slope in returns per unit length; "
            f"got {value!r}."
        )
    return FixedSlope(read_number(where, value))


READERS: Mapping[str, Mapping[str, Callable[[str, Any], Any]]] = MappingProxyType(
    {"mbtl": {"gap": read_gap}, "mbtl-literal": {"theta": read_number}}
)
"""The options of each selector, and how to read them."""
