"""The numbers of a gap study as people read them."""

from __future__ import annotations

from rltransfer.experiment.gap_study.comparison import MethodComparison
from rltransfer.experiment.gap_study.law import GapLaw
from rltransfer.experiment.gap_study.sides import Side
from rltransfer.reports.words import number, percent, signed
from rltransfer.transfer import Interval

__all__ = [
    "comparison_sentences",
    "interval_text",
    "law_sentences",
    "loss_text",
    "p_text",
    "settled",
    "share_text",
    "slope_text",
]

SHOWN_P = 0.001


def interval_text(found: Interval | None) -> str:
    """Return an estimate with its interval, such as `431 (402 … 455)`; a dash for nothing."""
    if found is None:
        return "–"
    low, estimate, high = (number(settled(value)) for value in found)
    return estimate if low == high else f"{estimate} ({low} … {high})"


def settled(value: float) -> float:
    """Return 0 for what is only the rounding of a sum."""
    return 0.0 if abs(value) < 1e-9 else value


def p_text(p: float) -> str:
    """Return a p-value, not more exact than it is good for."""
    return f"p < {SHOWN_P:g}" if p < SHOWN_P else f"p = {p:.2g}"


def share_text(share: float) -> str:
    """Return a share of contexts, such as `worst 10 %`."""
    return f"worst {percent(share)}"


def comparison_sentences(found: MethodComparison) -> list[str]:
    """Say who returns more, how often, and how sure that is."""
    difference, improved = found.difference, found.improvement
    said = [
        f"{found.first} returns {interval_text(difference)} more than {found.second}, and more in "
        f"{percent(improved.estimate)} ({percent(improved.low)} … {percent(improved.high)}) of all "
        "pairs of trainings in a context, ties as half."
    ]
    if found.gap_difference is not None:
        said.append(f"Its mean gap differs by {interval_text(found.gap_difference)}.")
    said.append(f"Over contexts, Wilcoxon's signed-rank test: {p_text(found.contexts_p)}.")
    if found.trainings_p is not None and found.least_p is not None:
        said.append(f"Over trainings, Student's t interval: {interval_text(found.students)}.")
        said.append(
            f"Over trainings, sign permutation: {p_text(found.trainings_p)}; less than "
            f"{found.least_p:.2g} is not possible with so few."
        )
    return said


def law_sentences(law: GapLaw) -> list[str]:
    """Tell the law: by feature and side, then how well it fits."""
    fit = f"It explains {percent(max(0.0, law.explained))} of {law.points} gaps' variance."
    return [*(side_sentence(side) for side in law.sides), fit]


def side_sentence(side: Side) -> str:
    """Tell one side of the law."""
    return (
        f"{side.feature} {side.side} training: {slope_text(side)} per unit length at first, "
        f"{loss_text(side)} at {number(side.far)}, half of it at {number(side.half)}."
    )


def slope_text(side: Side) -> str:
    """Return the slope with its interval, where it has one."""
    return with_ends(signed(settled(side.slope)), side.slope_ends)


def loss_text(side: Side) -> str:
    """Return the gap at the largest distance with its interval, where it has one."""
    return with_ends(number(settled(side.loss)), side.loss_ends)


def with_ends(text: str, ends: tuple[float, float] | None) -> str:
    """Return a number with the ends of its interval, if there are any."""
    return text if ends is None else f"{text} ({' … '.join(number(settled(e)) for e in ends)})"
