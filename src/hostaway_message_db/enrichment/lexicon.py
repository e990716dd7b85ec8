"""Words that tell a topic, a file a language, which users may add to."""

# ruff: noqa: RUF001 - letters that look like others are what folding is about

import hashlib
import json
import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

from hostaway_message_db.errors import ConfigurationError

EVERY_LANGUAGE: Final = "any"
"""The name of the file whose words hold whatever the language."""
_WITHOUT_SPACES: Final = frozenset(("ar", "he", "ja", "ko", "th", "zh"))
"""Languages that join words, or prefixes to words: there an entry may stand anywhere."""
_MOST_CHARACTERS: Final = 4000
_NO_DECOMPOSITION: Final = str.maketrans(
    {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "ة": "ه", "ى": "ي"}
)
_VOICING_MARKS: Final = ("\u3099", "\u309a")
_NO_WORD: Final = re.compile(r"[\W_]+")
_TOPIC_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,39}")
_REMOVES: Final = "-"
_LANGUAGE_FILE: Final = re.compile(r"(?:[a-z]{2}|any)\.toml")

Entries = Mapping[str, tuple[str, ...]]
"""Topic → entries, as a file has them."""


def fold(text: str) -> str:
    """Return a text as its words, without case, accents and punctuation, between spaces.

    Total. The same for "CAFÉ", "café" and "cafe", and for every i of Turkish.
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    if not decomposed.isascii():
        decomposed = "".join(
            [c for c in decomposed if not unicodedata.combining(c) or c in _VOICING_MARKS]
        )
        decomposed = unicodedata.normalize("NFC", decomposed).translate(_NO_DECOMPOSITION)
    return f" {_NO_WORD.sub(' ', decomposed).strip()} "


class _Words:
    """The entries of one language, ready to be looked up."""

    def __init__(self, entries: Entries, *, anywhere: bool) -> None:
        self._stems: dict[str, set[str]] = defaultdict(set)
        self._words: dict[str, set[str]] = defaultdict(set)
        self._parts: dict[str, set[str]] = defaultdict(set)
        for topic, listed in entries.items():
            for entry in listed:
                self._add(topic, entry, anywhere=anywhere)
        self._longest = max(map(len, self._stems), default=0)

    def _add(self, topic: str, entry: str, *, anywhere: bool) -> None:
        folded = fold(entry)
        bare = folded.strip()
        if entry.startswith("=") or (entry.endswith(" ") and " " not in bare):
            self._words[bare].add(topic)
        elif entry.startswith("*") or anywhere:
            self._parts[bare].add(topic)
        elif " " in bare:
            self._parts[folded.rstrip()].add(topic)
        else:
            self._stems[bare].add(topic)

    def find(self, folded: str) -> set[str]:
        found: set[str] = set()
        for word in folded.split():
            if word in self._words:
                found |= self._words[word]
            for end in range(1, min(len(word), self._longest) + 1):
                if word[:end] in self._stems:
                    found |= self._stems[word[:end]]
        for part, topics in self._parts.items():
            if part in folded:
                found |= topics
        return found


class Hits(NamedTuple):
    """The topics whose words stand in a text; `own` are those told by words of a user's folder."""

    topics: frozenset[str]
    own: frozenset[str]


class Lexicon:
    """Topics by their words, in the language of the text and in the file `any`."""

    def __init__(
        self, shipped: Mapping[str, Entries], own: Mapping[str, Entries] | None = None
    ) -> None:
        self._shipped = _by_language(shipped)
        self._own = _by_language(own or {})
        written = json.dumps([shipped, own or {}], ensure_ascii=False, sort_keys=True)
        self.digest = hashlib.blake2b(written.encode(), digest_size=8).hexdigest()

    @classmethod
    def load(cls, folder: Path | None = None) -> "Lexicon":
        """Read the shipped files, and those of `folder`, which add entries ("-entry" removes).

        Raises ConfigurationError with everything that is wrong in the folder's files.
        """
        shipped: dict[str, Entries] = {
            file.name.removesuffix(".toml"): read_entries(file.read_text(encoding="utf-8"))
            for file in files(__package__).joinpath("data", "topics").iterdir()
        }
        own: dict[str, Entries] = {} if folder is None else _read_folder(folder)
        for language, listed in own.items():
            shipped[language] = _without_removed(shipped.get(language, {}), listed)
            own[language] = {
                topic: tuple(entry for entry in entries if not entry.startswith(_REMOVES))
                for topic, entries in listed.items()
            }
        return cls(shipped, own)

    def find(self, text: str, language: str | None) -> Hits:
        """Return the topics whose words stand in the text; total."""
        folded = fold(text[:_MOST_CHARACTERS])
        own = _find(self._own, folded, language) if self._own else frozenset()
        return Hits(_find(self._shipped, folded, language) | own, own)


def read_entries(text: str) -> dict[str, tuple[str, ...]]:
    """Read one file of words; raises ValueError with what is wrong with it."""
    table = tomllib.loads(text)
    for topic, listed in table.items():
        if not _TOPIC_NAME.fullmatch(topic):
            raise ValueError(f"{topic!r} is no topic: small letters, digits and _ only")
        if not isinstance(listed, list) or not all(isinstance(e, str) for e in listed):
            raise ValueError(f"{topic} is no list of words in quotes")
        empty = [entry for entry in listed if not fold(entry).strip()]
        if empty:
            raise ValueError(f"{topic} has an entry without a letter: {empty[0]!r}")
    return {topic: tuple(listed) for topic, listed in table.items()}


def _by_language(entries: Mapping[str, Entries]) -> dict[str, _Words]:
    return {
        language: _Words(listed, anywhere=language in _WITHOUT_SPACES)
        for language, listed in entries.items()
    }


def _find(words: Mapping[str, _Words], folded: str, language: str | None) -> frozenset[str]:
    found: set[str] = set()
    for name in (EVERY_LANGUAGE, language):
        if name is not None and name in words:
            found |= words[name].find(folded)
    return frozenset(found)


def _read_folder(folder: Path) -> dict[str, Entries]:
    """Read a user's files; raises ConfigurationError with everything that is wrong."""
    if not folder.is_dir():
        raise ConfigurationError([f"TOPICS_DIR is {str(folder)!r}: there is no such folder."])
    read: dict[str, Entries] = {}
    problems: list[str] = []
    for file in sorted(folder.glob("*.toml")):
        if not _LANGUAGE_FILE.fullmatch(file.name):
            problems.append(f"{file}: name it for a language (en.toml, de.toml) or any.toml.")
            continue
        try:
            read[file.stem] = read_entries(file.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            problems.append(f"{file}: {error}.")
    if problems:
        raise ConfigurationError(problems, "Correct the files, or unset TOPICS_DIR.")
    return read


def _without_removed(shipped: Entries, own: Entries) -> Entries:
    """Leave out the shipped entries that a user's file names with a minus before them."""
    return {
        topic: tuple(e for e in entries if _REMOVES + e not in own.get(topic, ()))
        for topic, entries in shipped.items()
    }
