"""What a protocol has measured: quantities by name, and what a figure shows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from rltransfer.reports.estimate import Estimate

__all__ = ["Curve", "Measurements", "Picture", "estimated"]


class Curve(NamedTuple):
    """A line of a figure: the mean over seeds."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class Picture:
    """What is drawn, as plain numbers.

    Attributes:
        x_label, y_label: the axes.
        curves: lines by name.
        levels: horizontal lines by name.
        ticks: names of the places 0, 1, … on the x axis; empty where x is a number.
    """

    x_label: str
    y_label: str
    curves: Mapping[str, Curve]
    levels: Mapping[str, float] = field(default_factory=dict)
    ticks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measurements:
    """Everything that one reproduction has found.

    Attributes:
        numbers: quantities by name, on the scale of the publication.
        missing: why a quantity has no number, by name, as half a sentence.
        picture: what the figure shows.
        facts: what it took and how it was done, as plain data.
        remarks: what else is worth telling, a sentence each.
    """

    numbers: Mapping[str, Estimate]
    picture: Picture
    missing: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def estimated(
    seeds: Sequence[Mapping[str, float]], rng: np.random.Generator
) -> dict[str, Estimate]:
    """Return each quantity over seeds.

    Args:
        seeds: what each seed measured; a quantity that one of them lacks is left out.
        rng: draws the resamples of the intervals.
    """
    shared = [name for name in seeds[0] if all(name in seed for seed in seeds)]
    return {name: Estimate.of_seeds([seed[name] for seed in seeds], rng) for name in shared}
