"""The words under which a message is found: folded, and in pairs where a script has no spaces.

One way for what is stored and for what is asked, so both agree: case, accents, full and half
width, the points of Arabic and Hebrew and the two forms of their letters do not matter. A run of
Chinese, Japanese, Korean, Thai, Lao, Burmese or Khmer becomes its pairs of letters, and its last
letter; so every single letter begins one of the terms. Emoji are terms of their own.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

MAX_TERMS: Final = 2_000
"""A message is found by so many different words at most, its first."""
MAX_TERM_LENGTH: Final = 40
"""Of a longer word, the beginning counts."""
GUEST_PREFIX: Final = "g:"
"""Marks the terms of a guest's name and address; no word of a text holds a colon."""

_LETTERS: Final = (
    "\u0900-\u0963\u0966-\u0dff\u0e01-\u0e3a\u0e40-\u0e4e\u0e50-\u0ece"
    "\u1000-\u1049\u1050-\u109f\u1780-\u17d3"
)
_UNSPACED: Final = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u103f\u1780-\u17d3\u3005\u3041-\u3096\u309d-\u309f"
    "\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\U00020000-\U0003fffd"
)
_EMOJI: Final = "\u2600-\u27bf\U0001f300-\U0001f5ff\U0001f600-\U0001f64f\U0001f680-\U0001faff"
_ASCII_WORD: Final = re.compile(r"[a-z0-9]+")
_WORD: Final = re.compile(f"[{_EMOJI}]|(?:[^\\W_]|[{_LETTERS}])+")
_RUN: Final = re.compile(f"[{_UNSPACED}]+")
_SPACED_LETTER: Final = f"[^\\W_{_UNSPACED}]"
_NOT_ALONE: Final = re.compile(f"[{_UNSPACED}{_EMOJI}]")

MARKS: Final = (
    "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4"
)
"""Accents of Latin, Greek and Cyrillic, points of Hebrew, vowel signs of Arabic."""
_MARK: Final = re.compile(f"[{MARKS}]")
_LETTER_FORMS: Final = str.maketrans(
    {
        "ø": "o", "đ": "d", "ł": "l", "\u0131": "i", "ħ": "h", "æ": "ae", "œ": "oe", "þ": "th",
        "ð": "d", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "\u0647", "ς": "\u03c3",
        **{chr(base + digit): str(digit) for base in (0x660, 0x6F0, 0x966) for digit in range(10)},
    }
)  # fmt: skip
"""Letters that are the same to whoever searches, though Unicode does not compose them."""


def fold(text: str) -> str:
    """Return a text in the form in which it is compared; its words stay where they are."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", _MARK.sub("", apart)).translate(_LETTER_FORMS)


def words_of(text: str) -> list[str]:
    """Return the folded words of a text, in order; a run without spaces is one word."""
    folded = fold(text)
    return (_ASCII_WORD if folded.isascii() else _WORD).findall(folded)


def search_terms(text: str, names: Iterable[str | None] = ()) -> list[str]:
    """Return the distinct terms of a text, sorted; and those of a guest's names, marked."""
    folded = fold(text)
    if folded.isascii():
        terms = {word[:MAX_TERM_LENGTH] for word in _ASCII_WORD.findall(folded)}
    else:
        terms = set()
        for word in _WORD.findall(folded):
            if word.isascii() or not _NOT_ALONE.search(word):
                terms.add(word[:MAX_TERM_LENGTH])
            else:
                terms.update(terms_of_word(word))
    if len(terms) > MAX_TERMS:
        terms = set(_first_terms(folded))
    return sorted(terms.union(*(guest_terms(name) for name in names if name)))


def _first_terms(folded: str) -> list[str]:
    terms: dict[str, None] = {}
    for word in _WORD.findall(folded):
        terms |= dict.fromkeys(terms_of_word(word))
        if len(terms) >= MAX_TERMS:
            break
    return list(terms)[:MAX_TERMS]


def terms_of_word(word: str) -> list[str]:
    """Return the terms of one folded word, in order: itself, or the pairs of its letters."""
    if not _NOT_ALONE.search(word):
        return [word[:MAX_TERM_LENGTH]]
    terms: list[str] = []
    end = 0
    for run in _RUN.finditer(word):
        terms += _alone(word[end : run.start()]) + _pairs(run[0])
        end = run.end()
    return terms + _alone(word[end:])


def _alone(rest: str) -> list[str]:
    return [rest[:MAX_TERM_LENGTH]] if rest else []


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] + [run[-1]]


def asked_terms(word: str) -> tuple[list[str], str | None]:
    """Return the terms that a message must hold to hold a folded word, and a beginning of one.

    The beginning stands for the word's last letter where its script has no spaces: in the
    message more may follow, so the letter need not be the last one there. None otherwise.
    """
    terms = terms_of_word(word)
    if not terms or not _RUN.fullmatch(terms[-1]) or not _RUN.search(word[-1:]):
        return terms, None
    is_single = not _RUN.search(word[-2:-1])
    return terms[:-1], terms[-1] if is_single else None


@lru_cache(maxsize=4096)
def guest_terms(name: str) -> frozenset[str]:
    """Return the marked terms of a guest's name or address: its words, an address whole as well."""
    whole = {fold(name.strip())} if "@" in name else set()
    return frozenset(f"{GUEST_PREFIX}{w[:MAX_TERM_LENGTH]}" for w in {*words_of(name), *whole})


@lru_cache(maxsize=1024)
def folding_pattern(words: tuple[str, ...]) -> str:
    """Return a regular expression that finds folded words in a row in a text as it was written.

    For Python's `re` and for PCRE alike, to be used without regard to case. Between words may
    stand whatever is no letter; a word of a script with spaces is found whole.
    """
    between = f"[^\\w{_LETTERS}]+|_+"
    return f"(?:{between})".join(_word_pattern(word) for word in words)


def folded_pattern(words: tuple[str, ...]) -> str:
    """Return a regular expression that finds folded words in a row in a folded text."""
    between = f"[^\\w{_LETTERS}]+|_+"
    return f"(?:{between})".join(_bounded(word, re.escape(word)) for word in words)


def _word_pattern(word: str) -> str:
    body = ""
    position = 0
    while position < len(word):
        width = 2 if word[position : position + 2] in _LONG_FORMS else 1
        body += _letter_pattern(word[position : position + width])
        position += width
    return _bounded(word, body)


def _bounded(word: str, body: str) -> str:
    before = "" if _NOT_ALONE.match(word[0]) else f"(?<!{_SPACED_LETTER})"
    is_open = _NOT_ALONE.match(word[-1]) or len(word) >= MAX_TERM_LENGTH
    after = "" if is_open else f"(?!{_SPACED_LETTER})"
    return before + body + after


def _letter_pattern(letters: str) -> str:
    forms = _FORMS.get(letters, "")
    if len(letters) > 1:
        return f"(?:[{forms}]|{''.join(_letter_pattern(letter) for letter in letters)})"
    each = f"[{letters}{forms}]" if forms else re.escape(letters)
    return f"{each}[{MARKS}]*"


def _written_forms() -> dict[str, str]:
    """Find for each folded letter, or pair of letters, how else it may be written."""
    ranges = ((0xAA, 0x530), (0x5D0, 0x700), (0x966, 0x970), (0x1E00, 0x2000), (0xFB00, 0x10000))
    forms: dict[str, list[str]] = {}
    for first, last in (*ranges, (0x3041, 0x3100), (0x41, 0x5B)):
        for code in range(first, last):
            letter = chr(code)
            folded = fold(letter)
            if folded != letter and len(folded) in {1, 2} and folded.isalnum():
                forms.setdefault(folded, []).append(letter)
    return {folded: "".join(letters) for folded, letters in forms.items()}


_FORMS: Final = _written_forms()
_LONG_FORMS: Final = frozenset(folded for folded in _FORMS if len(folded) > 1)
