"""How many gradient steps a fit takes: more where there are more data, within bounds."""

from __future__ import annotations

from dataclasses import dataclass

from rltransfer.training.offline.samples import Samples

__all__ = ["Effort", "steps_of"]


@dataclass(frozen=True)
class Effort:
    """A number of steps that follows the size of the data.

    Attributes:
        share: steps per transition.
        least, most: bounds of the number of steps.
    """

    share: float
    least: int
    most: int


def steps_of(steps: int | Effort, samples: Samples) -> int:
    """Return a number of steps; of several problems the one with most data decides."""
    if isinstance(steps, int):
        return steps
    largest = max(len(part.data) for part in samples.parts)
    return min(steps.most, max(steps.least, round(steps.share * largest)))
