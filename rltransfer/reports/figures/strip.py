"""Frames of one family across one of its features, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from rltransfer.contexts import ContextFeature
from rltransfer.envs import ContextualEnv
from rltransfer.errors import InvalidExperiment
from rltransfer.files import write_atomically
from rltransfer.reports.figures.style import INK, LIGHT, styled

__all__ = ["frame_at", "save_strip", "strip_figure"]

FRAMES = 6
STEPS = 24
"""Steps before a frame is taken: the same actions everywhere, so that only the context differs."""

SEED = 0
DOTS_PER_INCH = 110


def save_strip(env: ContextualEnv, feature: str, path: Path) -> Path:
    """Draw the strip of a family across a feature into a PNG file.

    Raises:
        InvalidContext: if the feature is unknown.
        InvalidExperiment: if the path does not end in `.png`.
        MissingDependency: if the simulator cannot draw here.
        StorageError: if the file cannot be written.
    """
    if path.suffix != ".png":
        raise InvalidExperiment(f"a strip is written as a .png file; got {path}.")
    figure = strip_figure(env, feature)
    write_atomically(path, lambda part: figure.savefig(part, format="png", dpi=DOTS_PER_INCH))
    return path


@styled
def strip_figure(env: ContextualEnv, feature: str) -> Figure:
    """Draw frames at even steps of the feature's scale; the default among them is marked."""
    axis = env.space[feature]
    values = values_across(axis)
    frames = [frame_at(env, {feature: value}) for value in values]
    height, width = frames[0].shape[:2]
    inches = 11.0 / FRAMES
    figure = Figure(figsize=(11.0, inches * height / width + 0.62), layout="constrained")
    figure.suptitle(f"{env.spec.id}: {axis.about or feature}", x=0.01, ha="left", fontsize=10)
    for ax, frame, value in zip(figure.subplots(1, FRAMES), frames, values, strict=True):
        ax.imshow(frame)
        ax.tick_params(length=0, labelbottom=False, labelleft=False)
        ax.spines[:].set(color=LIGHT, visible=True, linewidth=0.6)
        unit = "" if axis.unit == "1" else f" {axis.unit}"
        usual = value == axis.default
        ax.set_title(f"{value:.4g}{unit}" + (" (default)" if usual else ""), fontsize=9,
                     color=INK, weight="bold" if usual else "normal")  # fmt: skip
    return figure


def values_across(axis: ContextFeature) -> list[float]:
    """Return even steps of a feature's scale, the one next to the default replaced by it."""
    values = axis.grid(FRAMES)
    values[np.argmin(np.abs(axis.to_unit(values) - axis.to_unit(axis.default)))] = axis.default
    return [float(value) for value in values]


def frame_at(env: ContextualEnv, context: dict[str, float]) -> NDArray[np.uint8]:
    """Return the picture, shape (height, width, 3), some steps into a seeded episode.

    Raises:
        InvalidExperiment: if the simulator draws nothing.
    """
    member = env.make(context, render_mode="rgb_array")
    try:
        member.reset(seed=SEED)
        for action in actions_of(member.action_space):
            _, _, terminated, truncated, _ = member.step(action)
            if terminated or truncated:
                break
        frame: Any = member.render()
    finally:
        member.close()
    if frame is None:
        raise InvalidExperiment(f"the simulator of {env.spec.id} draws no frames.")
    return np.asarray(frame, dtype=np.uint8)


def actions_of(space: Any) -> Sequence[Any]:
    """Return the first actions that a seeded space draws."""
    space.seed(SEED)
    return [space.sample() for _ in range(STEPS)]
