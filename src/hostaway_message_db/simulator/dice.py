"""Chance that repeats: numbers that depend on nothing but the seeds they are made from.

The generators of Python's `random` are costly to start; a world of 100,000 conversations
starts one per conversation, so this is SplitMix64, whose start costs nothing.
"""

from collections.abc import Sequence
from typing import TypeVar

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB
_FRACTIONS = float(1 << 64)

Item = TypeVar("Item")


def mix(*parts: int) -> int:
    """Blend whole numbers into one of 64 bits; the same parts give the same number."""
    value = _GOLDEN
    for part in parts:
        value = ((value ^ part) + _GOLDEN) & _MASK
        value = ((value ^ (value >> 30)) * _FIRST) & _MASK
        value = ((value ^ (value >> 27)) * _SECOND) & _MASK
        value ^= value >> 31
    return value


class Dice:
    """A run of numbers that is a pure function of the parts it was made from."""

    __slots__ = ("_state",)

    def __init__(self, *parts: int) -> None:
        self._state = mix(*parts)

    def roll(self) -> int:
        """Return the next 64 bits."""
        self._state = state = (self._state + _GOLDEN) & _MASK
        state = ((state ^ (state >> 30)) * _FIRST) & _MASK
        state = ((state ^ (state >> 27)) * _SECOND) & _MASK
        return state ^ (state >> 31)

    def below(self, limit: int) -> int:
        """Return a whole number from 0 up to, not including, the limit."""
        return self.roll() % limit

    def between(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return low + self.roll() % (high - low + 1)

    def fraction(self) -> float:
        """Return a number from 0 up to, not including, 1."""
        return self.roll() / _FRACTIONS

    def chance(self, share: float) -> bool:
        """Tell yes in the given share of cases."""
        return self.roll() < share * _FRACTIONS

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of the items."""
        return items[self.roll() % len(items)]
