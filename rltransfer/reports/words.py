"""Numbers, units and contexts as people read them."""

from __future__ import annotations

from rltransfer.contexts import Context, ContextFeature, ContextSpace
from rltransfer.reports.estimate import Estimate

__all__ = [
    "context_text",
    "duration",
    "estimate_text",
    "feature_label",
    "number",
    "percent",
    "signed",
    "values_text",
]

MINUTE, HOUR = 60, 3600


def number(value: float) -> str:
    """Return about three significant digits, never in scientific notation above 0.0001."""
    if abs(value) >= 1000:
        return minus(f"{value:,.0f}")
    return minus(f"{value:.3g}")


def signed(value: float) -> str:
    """Return a number that always shows its sign."""
    return f"+{number(value)}" if value > 0 else number(value)


def minus(text: str) -> str:
    """Replace the hyphen by a minus, and -0 by 0."""
    return "0" if text == "-0" else text.replace("-", "\N{MINUS SIGN}")


def percent(share: float) -> str:
    """Return a share as a whole percentage; 0 % and 100 % only where they are exact."""
    rounded = round(100 * share)
    if 0 < share < 1:
        rounded = min(max(rounded, 1), 99)
    return f"{rounded}\N{NO-BREAK SPACE}%"


def duration(seconds: float) -> str:
    """Return a time in seconds, minutes or hours."""
    if round(seconds, 1) < MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), MINUTE)
    if minutes < HOUR // MINUTE:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(round(seconds / MINUTE), HOUR // MINUTE)
    return f"{hours} h {minutes:02d} min"


def estimate_text(estimate: Estimate) -> str:
    """Return an estimate with its interval where it has one, such as `431 (402 … 455)`."""
    if estimate.low is None or estimate.high is None:
        return number(estimate.value)
    return f"{number(estimate.value)} ({number(estimate.low)} … {number(estimate.high)})"


def feature_label(feature: ContextFeature) -> str:
    """Return an axis label with the unit, such as `length (m)`."""
    return feature.name if feature.unit == "1" else f"{feature.name} ({feature.unit})"


def quantity(feature: ContextFeature, value: float) -> str:
    """Return a value with its unit, such as `0.7 m`."""
    unit = "" if feature.unit == "1" else f"\N{NO-BREAK SPACE}{feature.unit}"
    return f"{number(value)}{unit}"


def context_text(space: ContextSpace, context: Context) -> str:
    """Return a context with units; with the features' names where there are several."""
    if len(space) == 1:
        return values_text(space, context)
    return ", ".join(f"{f.name} {quantity(f, context[f.name])}" for f in space)


def values_text(space: ContextSpace, context: Context) -> str:
    """Return a context's values with units, in the order of the features, without their names."""
    return ", ".join(quantity(feature, context[feature.name]) for feature in space)
