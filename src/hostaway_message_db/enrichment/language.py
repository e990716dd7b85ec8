"""The language a text is written in: ISO 639-1, with how sure that is."""

import math
import re
from functools import cache
from typing import Any, Final, NamedTuple

from hostaway_message_db.errors import ModelsMissing

GUEST_LANGUAGES: Final = (
    "ar", "bg", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi",
    "hr", "hu", "is", "it", "ja", "ko", "lt", "lv", "ms", "nl", "no", "pl", "pt", "ro", "ru",
    "sk", "sl", "sq", "sr", "sv", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip
"""What guests write in; fewer candidates make short texts surer. `ms` covers Indonesian."""

_RARE: Final = frozenset(("ca", "et", "is", "lt", "lv", "ms", "sk", "sl", "sq"))
"""Latin-script languages that few guests write, which short texts are mistaken for."""
_RARITY_COST: Final = 0.18
_TEMPERATURE: Final = 0.05
_CLEAR_CONFIDENCE: Final = 0.7
_COMPARED: Final = 5
_MOST_CHARACTERS: Final = 4000
_FEWEST_LETTERS: Final = 12
_LETTERS_IN_A_SYLLABLE: Final = 3

_NO_LANGUAGE: Final = re.compile(
    r"<[a-zA-Z/!][^<>]{0,400}>|&[a-zA-Z]{2,8};|\S{1,200}://\S{1,2000}|www\.\S{1,500}"
    r"|\S{1,100}@\S{1,100}|[\d_]+"
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_SYLLABLE: Final = re.compile(
    r"[\u0e00-\u0eff\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
_OWN_SCRIPT: Final = {
    "el": re.compile(r"[\u0370-\u03ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
}
"""Scripts that only one of the languages uses: one letter settles it."""
_EVERYWHERE: Final = frozenset((
    "airbnb", "booking", "bravo", "check", "checkin", "checkout", "email", "h", "hotel", "iban",
    "in", "k", "mail", "mm", "no", "o", "ok", "oki", "okay", "okey", "out", "p", "parking", "pin",
    "s", "si", "sms", "super", "taxi", "tv", "u", "vrbo", "whatsapp", "wi", "wifi", "wlan", "x",
))  # fmt: skip
"""Words that say nothing about the language, whoever writes them."""


class Language(NamedTuple):
    """What `detect_language` found: `confidence` in 0..1, the code null where none is likely."""

    code: str | None
    confidence: float
    is_reliable: bool


_UNKNOWN: Final = Language(None, 0.0, is_reliable=False)


def is_detector_installed() -> bool:
    """Return whether `detect_language` can work: whether the extra `nlp` is installed."""
    try:
        _detector()
    except ModelsMissing:
        return False
    return True


def detect_language(text: str) -> Language:
    """Return the language of a text (markup, addresses and digits are passed over).

    Total: any str, lone surrogates and NULs included, gives an answer. The code is null without
    letters and for texts made only of words known everywhere ("ok", "wifi"). Not reliable means
    too short or too close to another language: then the conversation's language is a better
    guess. Raises ModelsMissing without the extra `nlp`.
    """
    detector = _detector()
    clean = _NO_LANGUAGE.sub(" ", text[:_MOST_CHARACTERS])
    words = _WORD.findall(clean)
    if all(word.casefold() in _EVERYWHERE for word in words):
        return _UNKNOWN
    # The words alone: no lone surrogate, which the detector refuses, no NUL, where it would stop.
    letters = " ".join(words)
    own = _own_script(letters)
    if own:
        return Language(own, 1.0, is_reliable=True)
    result = detector.detect_details(clean.encode("utf-8", "ignore").decode().replace("\0", " "))
    if result.language == "und" or not result.scores:
        return _UNKNOWN
    return _judge(result.scores, has_margin=result.reliable, letter_count=_letter_count(letters))


def _own_script(letters: str) -> str | None:
    """Return the one language that writes more than a third of these letters so."""
    for code, script in _OWN_SCRIPT.items():
        share = len(script.findall(letters)) * 3
        # Japanese mixes its syllables with Chinese characters: fewer of them tell it.
        if share > len(letters) or (code == "ja" and share * 4 > len(letters)):
            return code
    return None


def _letter_count(letters: str) -> int:
    """Count letters; a character that is a syllable or word counts as three."""
    return len(letters) + (_LETTERS_IN_A_SYLLABLE - 1) * len(_SYLLABLE.findall(letters))


def _judge(scores: dict[str, float], *, has_margin: bool, letter_count: int) -> Language:
    """Weigh the detector's scores; where the margin is thin a rare language needs more."""
    if not has_margin:
        scores = {c: s - _RARITY_COST if c in _RARE else s for c, s in scores.items()}
    best = max(scores, key=lambda code: scores[code])
    odds = sum(math.exp((score - scores[best]) / _TEMPERATURE) for score in scores.values())
    confidence = round(1 / odds, 3)
    is_clear = has_margin or confidence >= _CLEAR_CONFIDENCE
    return Language(best, confidence, is_reliable=is_clear and letter_count >= _FEWEST_LETTERS)


@cache
def _detector() -> Any:
    """Load the detector, with settings of its own, once."""
    try:
        import eldc  # noqa: PLC0415 - an extra: everything else works without it
    except ImportError as error:
        raise ModelsMissing from error
    eldc.init()
    detector = eldc.instance()
    detector.set_languages(list(GUEST_LANGUAGES))
    detector.set_scores(_COMPARED)
    return detector
