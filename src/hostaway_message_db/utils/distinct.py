"""Count distinct texts in eight to sixteen bytes each, however many there are."""

import hashlib
from array import array

_FIRST_SLOTS = 1024
_EMPTY = 0


class DistinctCounter:
    """Counts distinct texts by a 64-bit digest of each.

    A set of a hundred thousand strings takes ten times the room and, worse, pins the pages of
    memory between which its strings are strewn. Two texts with one digest count as one: with
    a million texts the chance of it is one in thirty million, and a list that seems one row
    short is read again, never taken for whole.
    """

    def __init__(self) -> None:
        self._slots = _empty_slots(_FIRST_SLOTS)
        self._count = 0

    def __len__(self) -> int:
        """Return how many distinct texts were added."""
        return self._count

    def add(self, text: str) -> None:
        """Count a text, if it was not counted before."""
        digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
        # Zero marks a slot that is free.
        if self._put(int.from_bytes(digest, "little") or 1):
            self._count += 1
            if self._count * 2 > len(self._slots):
                self._grow()

    def _put(self, number: int) -> bool:
        slots, mask = self._slots, len(self._slots) - 1
        slot = number & mask
        while slots[slot] != _EMPTY:
            if slots[slot] == number:
                return False
            slot = (slot + 1) & mask
        slots[slot] = number
        return True

    def _grow(self) -> None:
        former = self._slots
        self._slots = _empty_slots(len(former) * 2)
        for number in former:
            if number != _EMPTY:
                self._put(number)


def _empty_slots(count: int) -> "array[int]":
    return array("Q", bytes(8 * count))
