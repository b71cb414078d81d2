"""The cases, in the order of the table."""

from __future__ import annotations

from harness.case import Case

from cases import (
    adapter,
    at_once,
    demo,
    ensembles,
    evaluation,
    first_use,
    mujoco,
    offline,
    ppo,
    ring_road,
    selection,
    signal_control,
    solving,
    stepping,
    threads,
)

__all__ = ["CASES"]

CASES: tuple[Case, ...] = (
    *ppo.CASES,
    *solving.CASES,
    *demo.CASES,
    *evaluation.CASES,
    *mujoco.CASES,
    *ensembles.CASES,
    *offline.CASES,
    *at_once.CASES,
    *threads.CASES,
    *first_use.CASES,
    *stepping.CASES,
    *adapter.CASES,
    *selection.CASES,
    *ring_road.CASES,
    *signal_control.CASES,
)
