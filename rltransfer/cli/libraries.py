"""The optional libraries: the extra that brings each, and what cannot be done without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["EXTRAS", "Extra", "missing_library", "with_extras"]


@dataclass(frozen=True)
class Extra:
    """An extra of this package.

    Attributes:
        name: as pip knows it: `pip install 'rltransfer[name]'`.
        library: the distribution that it brings.
        purpose: what it is for.
        modules: what is imported of it and of its companions, beside its own name.
    """

    name: str
    library: str
    purpose: str
    modules: tuple[str, ...] = ()


EXTRAS = (
    Extra("mujoco", "mujoco", "MuJoCo's families, such as hopper"),
    Extra("box2d", "Box2D", "lunar_lander and bipedal_walker"),
    Extra("traffic", "libsumo", "traffic in SUMO, such as traffic_signal"),
    Extra("fast", "numba", "compiled loops"),
    Extra("offline", "minari", "recorded data", ("h5py", "PIL")),
    Extra("cluster", "submitit", "training on Dask or SLURM", ("dask", "distributed")),
    Extra("track", "tensorboard", "logs for TensorBoard"),
)


def with_extras(*names: str) -> str:
    """Return the command that installs extras."""
    return f"pip install 'rltransfer[{','.join(names)}]'"


def missing_library(error: BaseException) -> str | None:
    """Return the sentence on a library that is not installed, if that is behind an error."""
    for cause in chain(error):
        if isinstance(cause, ModuleNotFoundError) and cause.name is not None:
            library = cause.name.partition(".")[0]
            return None if library == "rltransfer" else sentence(library)
    return None


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__


def sentence(module: str) -> str:
    """Say which library is missing, and how it is installed."""
    bringing = [x.name for x in EXTRAS if module in (x.library, *x.modules)]
    install = with_extras(*bringing) if bringing else f"pip install {module.replace('_', '-')}"
    return (
        f"this needs the package {module!r}, which is not installed: {install}. "
        "`rltransfer doctor` says what else is missing."
    )
