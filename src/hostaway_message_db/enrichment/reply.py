"""Whether a guest's message wants an answer, and why: decided by words, in any language.

Mistakes are meant to fall on one side: whoever is not certain to have only said thanks or yes
waits for an answer.
"""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cache
from typing import Final, NamedTuple

from hostaway_message_db.enrichment.word_lists import word_list, word_set

_FILE: Final = "reply_words.txt"
_COURTESIES: Final = ("thanks", "acknowledgements", "courtesies", "greetings")
_MOST_CHARACTERS: Final = 2_000
_MOST_WORDS_OF_A_COURTESY: Final = 40
_QUESTION_MARKS: Final = re.compile(r"[?\uff1f\u061f\u2e2e\u037e]|[\u0370-\u03ff]\s?;")
_WORD: Final = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_SENTENCE_END: Final = re.compile(r"[.!\n;\u3002\uff01\u061b]+")
_UNPARTED: Final = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LETTERS: Final = re.compile(r"[^\W\d_]|[\u0e30-\u0e4e]")
_UNHAPPY: Final = re.compile(
    "[\u2639\U0001f44e\U0001f494\U0001f614\U0001f615\U0001f61e-\U0001f622\U0001f624-\U0001f62d"
    "\U0001f641\U0001f92c\U0001f92e]"
)


class Reason(StrEnum):
    """Why a message wants an answer, or does not."""

    COMPLAINS = "complains"
    ASKS = "asks"
    TELLS = "tells"
    SENDS_FILE = "sends_file"
    THANKS = "thanks"
    ACKNOWLEDGES = "acknowledges"
    EMPTY = "empty"


class ReplyNeed(NamedTuple):
    """Whether a guest's message wants an answer, and why."""

    is_needed: bool
    reason: Reason


def find_reply_need(text: str, *, has_files: bool = False) -> ReplyNeed:
    """Return whether a guest who wrote this, as `core_text` leaves it, waits for an answer.

    Total. Nothing but thanks, agreement and wishes wants none, in some thirty languages; a
    greeting and one name may stand with them. Everything else does: a question, words of
    trouble, a file, a greeting alone, and also a mere statement, since it may ask without asking.
    """
    text = text[:_MOST_CHARACTERS].replace("\u0130", "i").replace("\u2019", "'")
    folded = text.casefold()
    letters = _LETTERS.findall(folded)
    if not letters:
        return _without_letters(text, has_files=has_files)
    words = _WORD.findall(folded)
    unparted = folded if _UNPARTED.search(folded) else ""
    if _holds(words, "trouble") or _contains(unparted, "trouble_unparted"):
        return ReplyNeed(is_needed=True, reason=Reason.COMPLAINS)
    if _QUESTION_MARKS.search(text):
        return ReplyNeed(is_needed=True, reason=Reason.ASKS)
    if has_files:
        return ReplyNeed(is_needed=True, reason=Reason.SENDS_FILE)
    if len(words) <= _MOST_WORDS_OF_A_COURTESY:
        courtesy = _unparted_courtesy(letters) if unparted else _courtesy(text)
        if courtesy is not None:
            return ReplyNeed(is_needed=False, reason=courtesy)
    asks = _holds(words, "asking") or _contains(unparted, "asking_unparted")
    return ReplyNeed(is_needed=True, reason=Reason.ASKS if asks else Reason.TELLS)


def _without_letters(text: str, *, has_files: bool) -> ReplyNeed:
    """Judge signs, figures and emoji: a number may be an answer that somebody waits for."""
    if _QUESTION_MARKS.search(text):
        return ReplyNeed(is_needed=True, reason=Reason.ASKS)
    if _UNHAPPY.search(text):
        return ReplyNeed(is_needed=True, reason=Reason.COMPLAINS)
    if has_files:
        return ReplyNeed(is_needed=True, reason=Reason.SENDS_FILE)
    if any(map(str.isdigit, text)):
        return ReplyNeed(is_needed=True, reason=Reason.TELLS)
    reason = Reason.ACKNOWLEDGES if text.strip() else Reason.EMPTY
    return ReplyNeed(is_needed=False, reason=reason)


# --- phrases of words ---------------------------------------------------------------------------

_Phrases = dict[str, tuple[tuple[str, ...], ...]]


@cache
def _phrases(section: str) -> _Phrases:
    """Return the phrases of a section by their first word, the longest first."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for phrase in word_list(_FILE, section):
        words = tuple(_WORD.findall(phrase.casefold()))
        if words:
            found.setdefault(words[0], set()).add(words)
    return {first: tuple(sorted(each, key=len, reverse=True)) for first, each in found.items()}


def _holds(words: Sequence[str], section: str) -> bool:
    """Return whether a phrase of the section is among the words."""
    phrases = _phrases(section)
    return any(
        _fits(words, number, phrase)
        for number, word in enumerate(words)
        for phrase in phrases.get(word, ())
    )


def _fits(words: Sequence[str], number: int, phrase: tuple[str, ...]) -> bool:
    return tuple(words[number : number + len(phrase)]) == phrase


def _courtesy(text: str) -> Reason | None:
    """Return thanks or acknowledgement if there is nothing else in a text."""
    said: set[str] = set()
    names = 0
    for sentence in _SENTENCE_END.split(text):
        for part in _parts(sentence):
            if part is None:
                return None
            said.add(part)
            names += part == "name"
    return _reason(said) if names <= 1 else None


def _reason(said: set[str]) -> Reason | None:
    """Return what somebody did who said nothing but this, if it is not only beginning."""
    if "thanks" in said:
        return Reason.THANKS
    is_begun = said <= {"name", "greetings"} or "favours" in said
    return None if is_begun else Reason.ACKNOWLEDGES


def _parts(sentence: str) -> Iterator[str | None]:
    """Yield what a sentence is made of; None for what is neither a courtesy nor a name."""
    spelled = _WORD.findall(sentence)
    words = [word.casefold() for word in spelled]
    number = 0
    while number < len(words):
        kind, length = _part_at(words, number)
        if kind:
            yield kind
        else:
            yield "name" if number > 0 and _is_name(spelled[number]) else None
        number += max(length, 1)


def _part_at(words: Sequence[str], number: int) -> tuple[str, int]:
    """Return the longest courtesy that begins here, and its length."""
    length = _favour_length(words, number)
    kind = "favours" if length else ""
    for section in _COURTESIES:
        for phrase in _phrases(section).get(words[number], ()):
            if len(phrase) > length and _fits(words, number, phrase):
                kind, length = section, len(phrase)
                break
    return kind, length


def _favour_length(words: Sequence[str], number: int) -> int:
    """Return how many words from here say what thanks are for; usually none."""
    favours = word_set(_FILE, "favours")
    for phrase in _phrases("thanks_for").get(words[number], ()):
        start = end = number + len(phrase)
        if not _fits(words, number, phrase):
            continue
        while end < len(words) and words[end] in favours:
            end += 1
        if end > start:
            return end - number
    return 0


def _is_name(word: str) -> bool:
    return word.isalpha() and not word.islower() and not word.isupper()


# --- scripts that do not part words -------------------------------------------------------------


def _contains(text: str, section: str) -> bool:
    return bool(text) and any(phrase in text for phrase in word_list(_FILE, section))


@cache
def _unparted_phrases() -> dict[str, tuple[tuple[str, str], ...]]:
    """Return all courtesies by their first character, the longest first."""
    found: dict[str, set[tuple[str, str]]] = {}
    for kind in _COURTESIES:
        for section in (f"{kind}_unparted", kind):
            for phrase in word_list(_FILE, section):
                spelled = "".join(_LETTERS.findall(phrase.casefold()))
                if spelled and (section != kind or spelled.isascii()):
                    found.setdefault(spelled[0], set()).add((spelled, kind))
    return {
        first: tuple(sorted(each, key=lambda phrase: -len(phrase[0])))
        for first, each in found.items()
    }


def _unparted_courtesy(letters: Sequence[str]) -> Reason | None:
    """Return thanks or acknowledgement if there is nothing else in a text, spaces left out."""
    text = "".join(letters)
    said: set[str] = set()
    position = 0
    while position < len(text):
        for phrase, kind in _unparted_phrases().get(text[position], ()):
            if text.startswith(phrase, position):
                said.add(kind)
                position += len(phrase)
                break
        else:
            return None
    return _reason(said)
