"""The words of a text as numbers of slots: what heads weigh beside its vector."""

import re
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hostaway_message_db.enrichment.lexicon import fold

Slots = NDArray[np.intp]
SLOTS: Final = 1 << 16
"""Words share slots by chance; with twice as many slots the labels are hardly better."""

_MOST_CHARACTERS: Final = 1000
_STARTS: Final = (4, 5, 6)
_PAIR_START: Final = 5
_GRAMS: Final = (1, 2, 3)
_INNER: Final = 4
_INNER_JOINED: Final = 3
_JOINED: Final = re.compile(r"[\u0590-\u06ff]")
"""Hebrew and Arabic, which join articles and prepositions to words of few letters."""
_WITHOUT_SPACES: Final = re.compile(
    r"[\u0e00-\u0e7f\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)


def slots_of(text: str) -> Slots:
    """Return the slots of a text's words, each once, in order; total.

    Inflected forms meet in the starts of words, compounds in runs of letters within them, what is
    denied in pairs of words. Scripts that put no spaces between words are read in runs alone.
    """
    found = {zlib.crc32(part.encode("utf-8", "ignore")) % SLOTS for part in _parts(text)}
    return np.array(sorted(found), dtype=np.intp)


def _parts(text: str) -> set[str]:
    words = fold(text[:_MOST_CHARACTERS]).split()
    parts = {f"{a[:_PAIR_START]} {b[:_PAIR_START]}" for a, b in pairwise(words)}
    for word in words:
        if _WITHOUT_SPACES.search(word):
            parts.update(run for length in _GRAMS for run in _runs(word, length))
        else:
            parts.add(f"={word}")
            parts.update(word[:length] for length in _STARTS if len(word) > length)
            inner = _INNER_JOINED if _JOINED.search(word) else _INNER
            parts.update(f"~{run}" for run in _runs(word, inner))
    return parts


def _runs(word: str, length: int) -> Iterator[str]:
    return (word[start : start + length] for start in range(len(word) - length + 1))
