"""How decisions become lights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

__all__ = ["GreenThenDecide", "MinimumGreen", "Plan", "yellow"]


class Plan(ABC):
    """Carries out decisions for one light, and remembers which green it shows.

    Attributes:
        green: the number of the green phase that is shown, or about to be; None before the first.
    """

    green: int | None

    @abstractmethod
    def begin(self) -> None:
        """Forget the last episode."""

    @abstractmethod
    def carry_out(self, action: int, greens: tuple[str, ...]) -> Iterator[tuple[str, int]]:
        """Yield what the light shows until the next decision: phases, each with its seconds."""

    @property
    def may_change(self) -> bool:
        """Whether the next decision will be heard."""
        return True


class GreenThenDecide(Plan):
    """MBTL's: the chosen green for some seconds, after a yellow if it is another one."""

    def __init__(self, green_time: int, yellow_time: int) -> None:
        self._green_time, self._yellow_time = green_time, yellow_time

    def begin(self) -> None:
        """Show nothing: no yellow comes before the first green."""
        self.green = None

    def carry_out(self, action: int, greens: tuple[str, ...]) -> Iterator[tuple[str, int]]:
        """Yield the yellow where there is one, and the green."""
        old, self.green = self.green, action
        if old is not None and old != action:
            yield yellow(greens[old], greens[action]), self._yellow_time
        yield greens[action], self._green_time


class MinimumGreen(Plan):
    """sumo-rl's: a decision every so often; one that comes before a minimum green is ignored."""

    def __init__(self, every: int, yellow_time: int, minimum: int) -> None:
        self._every, self._yellow_time = every, yellow_time
        self._bound = yellow_time + minimum

    def begin(self) -> None:
        """Show the first green."""
        self.green, self._since = 0, 0

    _since: int  # seconds since the light last began to change

    @property
    def may_change(self) -> bool:
        """Whether the minimum green is over."""
        return self._since >= self._bound

    def carry_out(self, action: int, greens: tuple[str, ...]) -> Iterator[tuple[str, int]]:
        """Yield the green; the yellow before it is part of the time until the next decision."""
        assert self.green is not None
        old, left = self.green, self._every
        if action != old and self.may_change:
            self.green, self._since = action, 0
            yield yellow(greens[old], greens[action]), self._yellow_time
            left -= self._yellow_time
        self._since += self._every
        yield greens[self.green], left


def yellow(old: str, new: str) -> str:
    """Return the phase between two green ones: yellow where a link has to stop."""
    return "".join(
        "y" if before in "Gg" and after in "rs" else before
        for before, after in zip(old, new, strict=True)
    )
