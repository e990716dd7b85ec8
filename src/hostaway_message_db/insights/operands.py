"""What may stand after each operator of the query language. Pure.

Each reader returns the stored values that an operand means, or a sentence why it means none.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from typing import Final

from babel import Locale

from hostaway_message_db.enrichment.nationality import find_nationality
from hostaway_message_db.enrichment.search_terms import fold
from hostaway_message_db.enrichment.stage import Stage
from hostaway_message_db.models.query import Notice, Operator, Vocabulary

FROM: Final = ("guest", "host", "auto")
TONES: Final = ("negative", "neutral", "positive", "alert")
STATES: Final = ("unanswered", "failed", "unsent")
MOST_SUGGESTIONS: Final = 3
_DAY: Final = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?")
_AGO: Final = re.compile(r"(\d{1,4})([dwmy])")
_DAYS_OF_UNIT: Final = {"d": 1, "w": 7, "m": 30, "y": 365}
_CHANNEL_NICKNAMES: Final = {"vrbo": ("vrboical", "homeaway", "homeawayical"), "booking": ()}

Found = tuple[str, ...] | Notice


def read_operand(operator: Operator, operand: str, now: datetime, vocabulary: Vocabulary) -> Found:
    """Return the stored values that an operand means, or the notice that says why none."""
    if operator in {Operator.BEFORE, Operator.AFTER}:
        return _moment(operator, operand, now)
    reader = _READERS.get(operator)
    return reader(operand, vocabulary) if reader else (operand,)


def nearest(word: str, among: Iterable[str]) -> tuple[str, ...]:
    """Return the likeliest of the valid words: the nearest ones, or the first if none is near."""
    valid = list(among)
    by_fold = {fold(name): name for name in reversed(valid)}
    close = get_close_matches(fold(word), by_fold, MOST_SUGGESTIONS, 0.5)
    return tuple(by_fold[name] for name in close)


def read_moment(text: str, now: datetime) -> datetime | None:
    """Return the start of the UTC day, month or span ago that a text names; None if it is none.

    Raises `ValueError` for a date that the calendar does not have.
    """
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    word = text.strip().lower()
    if word in {"today", "yesterday"}:
        return midnight - timedelta(days=word == "yesterday")
    if ago := _AGO.fullmatch(word):
        days = int(ago[1]) * _DAYS_OF_UNIT[ago[2]]
        first = datetime.min.replace(tzinfo=UTC)
        return midnight - min(timedelta(days=days), midnight - first)
    if day := _DAY.fullmatch(word):
        found = date(int(day[1]), int(day[2]), int(day[3] or 1))
        return datetime(found.year, found.month, found.day, tzinfo=UTC)
    return None


def _moment(operator: Operator, operand: str, now: datetime) -> Found:
    about = f"{operator}:{operand}"
    try:
        moment = read_moment(operand, now)
    except ValueError:
        return Notice(about, f"The calendar has no {operand}.")
    if moment is None:
        return Notice(
            about,
            f"{operand!r} is no date: write a day (2026-05-01), a month (2026-05), a span ago"
            " (7d, 2w, 3m, 1y), today or yesterday.",
        )
    return (moment.isoformat().replace("+00:00", "Z"),)


def _one_of(operator: Operator, valid: tuple[str, ...]) -> Callable[[str, Vocabulary], Found]:
    def read(operand: str, _vocabulary: Vocabulary) -> Found:
        written = fold(operand).replace("-", "_").replace(" ", "_")
        if written in valid:
            return (written,)
        return _unknown(operator, operand, valid)

    return read


def _unknown(operator: Operator, operand: str, valid: Iterable[str]) -> Notice:
    every = list(valid)
    close = nearest(operand, every) or tuple(every[: len(every) if len(every) < 10 else 3])  # noqa: PLR2004 - a list that is read at a glance
    meant = ", ".join(f"{operator}:{quoted(name)}" for name in close)
    hint = f" Try {meant}." if meant else ""
    return Notice(f"{operator}:{operand}", f"{operator}: knows no {operand!r}.{hint}", close)


def quoted(value: str) -> str:
    """Return an operand as it is typed: in quotes where it has spaces."""
    return f'"{value}"' if re.search(r"\s", value) or not value else value


def _property(operand: str, vocabulary: Vocabulary) -> Found:
    if not vocabulary.properties or operand in vocabulary.properties:
        return (operand,)
    wanted = fold(operand)
    found = tuple(i for i, name in vocabulary.properties.items() if wanted in fold(name))
    return found or _unknown(Operator.PROPERTY, operand, vocabulary.properties.values())


def _channel(operand: str, vocabulary: Vocabulary) -> Found:
    if not vocabulary.channels:
        return (operand,)
    wanted = re.sub(r"[^a-z0-9]", "", fold(operand))
    if not wanted:
        return _unknown(Operator.CHANNEL, operand, vocabulary.channels)
    names = (wanted, *_CHANNEL_NICKNAMES.get(wanted, ()))
    found = tuple(c for c in vocabulary.channels if any(name in fold(c) for name in names))
    return found or _unknown(Operator.CHANNEL, operand, vocabulary.channels)


def _topic(operand: str, vocabulary: Vocabulary) -> Found:
    by_fold = {_squeezed(topic): topic for topic in vocabulary.topics}
    if not by_fold:
        return (operand,)
    found = by_fold.get(_squeezed(operand))
    return (found,) if found else _unknown(Operator.TOPIC, operand, vocabulary.topics)


def _squeezed(name: str) -> str:
    return re.sub(r"[\W_]+", "", fold(name))


def _type(operand: str, vocabulary: Vocabulary) -> Found:
    by_fold = {fold(kind): kind for kind in vocabulary.types}
    if not by_fold:
        return (operand,)
    found = by_fold.get(fold(operand))
    return (found,) if found else _unknown(Operator.TYPE, operand, vocabulary.types)


def _language(operand: str, _vocabulary: Vocabulary) -> Found:
    names = language_names()
    wanted = fold(operand)
    if wanted in names:
        return (wanted,)
    codes = {fold(name): code for code, name in names.items()}
    if wanted in codes:
        return (codes[wanted],)
    return _unknown(Operator.LANG, operand, names.values())


@cache
def language_names() -> dict[str, str]:
    """Return the English names of the languages that have a code of two letters."""
    every = Locale("en").languages
    return {code: name for code, name in every.items() if len(code) == 2}  # noqa: PLR2004 - ISO 639-1


def _country(operand: str, _vocabulary: Vocabulary) -> Found:
    nationality = find_nationality(operand, None)
    if nationality is not None:
        return (nationality.country_code,)
    return _unknown(Operator.COUNTRY, operand, country_names().values())


@cache
def country_names() -> dict[str, str]:
    """Return the English names of the countries by their codes of two letters."""
    every = Locale("en").territories
    return {code: name for code, name in every.items() if len(code) == 2 and code.isalpha()}  # noqa: PLR2004 - ISO 3166-1


_READERS: Final[dict[Operator, Callable[[str, Vocabulary], Found]]] = {
    Operator.PROPERTY: _property,
    Operator.CHANNEL: _channel,
    Operator.FROM: _one_of(Operator.FROM, FROM),
    Operator.IN: _one_of(Operator.IN, tuple(Stage)),
    Operator.LANG: _language,
    Operator.COUNTRY: _country,
    Operator.TONE: _one_of(Operator.TONE, TONES),
    Operator.TOPIC: _topic,
    Operator.HAS: _one_of(Operator.HAS, ("attachment",)),
    Operator.IS: _one_of(Operator.IS, STATES),
    Operator.TYPE: _type,
}
