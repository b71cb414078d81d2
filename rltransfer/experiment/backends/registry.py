"""The backends by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import NamedTuple

from rltransfer.errors import InvalidExperiment, UnknownName, did_you_mean
from rltransfer.experiment.backends.backend import Backend, Local
from rltransfer.experiment.backends.dask import Dask
from rltransfer.experiment.backends.slurm import slurm_queue

__all__ = ["BACKENDS", "Wish", "make_backend"]

MINUTES = 240
"""That a SLURM job may take before it is queued again, unless said."""


@dataclass(frozen=True)
class Wish:
    """What a user says of the place where trainings happen; None where nothing was said.

    Attributes:
        jobs: trainings at once.
        address: of a Dask scheduler.
        partition: of a SLURM cluster.
        time: minutes that a SLURM job may take.
    """

    jobs: int | None = None
    address: str | None = None
    partition: str | None = None
    time: int | None = None


def local(wish: Wish) -> Backend:
    """Return this machine."""
    return Local(wish.jobs or 1)


def dask(wish: Wish) -> Backend:
    """Return a Dask cluster."""
    if wish.address is None:
        raise InvalidExperiment(
            "the backend 'dask' needs --address: that of its scheduler, such as "
            "tcp://10.0.0.1:8786, as `dask scheduler` prints it."
        )
    return Dask(wish.address, wish.jobs)


def slurm(wish: Wish) -> Backend:
    """Return a SLURM cluster."""
    if wish.jobs is None:
        raise InvalidExperiment("the backend 'slurm' needs --jobs: how many jobs at once.")
    return slurm_queue(wish.jobs, wish.partition, wish.time or MINUTES)


class Kind(NamedTuple):
    """How a backend is made, and the fields of a `Wish` that it understands."""

    make: Callable[[Wish], Backend]
    understands: tuple[str, ...]


BACKENDS: Mapping[str, Kind] = MappingProxyType(
    {
        "local": Kind(local, ("jobs",)),
        "dask": Kind(dask, ("jobs", "address")),
        "slurm": Kind(slurm, ("jobs", "partition", "time")),
    }
)


def make_backend(name: str, wish: Wish) -> Backend:
    """Build a backend by name.

    Raises:
        UnknownName: if there is no such backend.
        InvalidExperiment: if something is missing, or was said that goes with another one.
    """
    if name not in BACKENDS:
        raise UnknownName(
            f"unknown backend {name!r}{did_you_mean(name, BACKENDS)} Known: {', '.join(BACKENDS)}."
        )
    kind = BACKENDS[name]
    for field in fields(Wish):
        if getattr(wish, field.name) is not None and field.name not in kind.understands:
            others = [other for other, its in BACKENDS.items() if field.name in its.understands]
            raise InvalidExperiment(
                f"--{field.name} goes with --backend {' or '.join(others)}, not with {name!r}."
            )
    return kind.make(wish)
