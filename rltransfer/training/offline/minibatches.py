"""Many minibatches with few look-ups: rows are drawn and gathered for several steps at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

import numpy as np

from rltransfer.training.offline.samples import Batch, Samples

__all__ = ["minibatches"]

ROWS_AT_ONCE = 65_536


def minibatches(
    samples: Samples, steps: int, size: int, rngs: Sequence[np.random.Generator]
) -> Iterator[Batch]:
    """Yield `steps` minibatches of `size` transitions per problem, drawn with replacement.

    A problem's rows depend on its own generator alone, not on how many problems there are.
    """
    at_once = max(1, ROWS_AT_ONCE // (size * samples.groups))
    for first in range(0, steps, at_once):
        count = min(at_once, steps - first)
        rows = samples.draw(count * size, rngs).view(-1, count, size).transpose(0, 1)
        chunk = samples.batch(rows.contiguous())  # every tensor (count, G, size, …)
        columns = {field.name: getattr(chunk, field.name).unbind() for field in fields(Batch)}
        for step in range(count):
            yield Batch(**{name: tensors[step] for name, tensors in columns.items()})
