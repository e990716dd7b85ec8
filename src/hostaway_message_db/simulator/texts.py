"""The words of the simulated world: phrases, people and places, read once from `data/`."""

from functools import lru_cache
from importlib import resources
from typing import TypeVar

import msgspec

Shape = TypeVar("Shape")


class Country(msgspec.Struct, frozen=True, array_like=True):
    """Where guests come from, with the spellings under which channels deliver it."""

    code: str
    spellings: tuple[str, ...]
    prefix: str


class People(msgspec.Struct, frozen=True):
    """Names of one language and the countries its speakers book from."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    countries: tuple[Country, ...]


class Place(msgspec.Struct, frozen=True):
    """A town with listings."""

    city: str
    country: str
    code: str
    zone: str
    currency: str
    latitude: float
    longitude: float
    street: str


class Phrases(msgspec.Struct, frozen=True):
    """What guests and hosts write in one language, by kind of message."""

    greet: tuple[str, ...]
    question: tuple[str, ...]
    problem: tuple[str, ...]
    praise: tuple[str, ...]
    thanks: tuple[str, ...]
    arrival: tuple[str, ...]
    answer: tuple[str, ...]
    fix: tuple[str, ...]
    reply: tuple[str, ...]
    welcome: tuple[str, ...]
    checkin: tuple[str, ...]
    checkout: tuple[str, ...]
    review: tuple[str, ...]


class Texts(msgspec.Struct, frozen=True):
    """All words of the world; the order of the languages is part of its determinism."""

    languages: tuple[str, ...]
    weights: tuple[int, ...]
    phrases: dict[str, Phrases]
    people: dict[str, People]
    places: tuple[Place, ...]
    homes: tuple[str, ...]
    emoji: tuple[str, ...]
    oddities: tuple[str, ...]


def _read(name: str, shape: type[Shape]) -> Shape:
    raw = resources.files(__package__).joinpath("data", name).read_bytes()
    return msgspec.json.decode(raw, type=shape)


class _Surroundings(msgspec.Struct, frozen=True):
    weights: dict[str, int]
    places: tuple[Place, ...]
    homes: tuple[str, ...]
    emoji: tuple[str, ...]
    oddities: tuple[str, ...]


@lru_cache(maxsize=1)
def load_texts() -> Texts:
    """Return the words of the world."""
    surroundings = _read("surroundings.json", _Surroundings)
    phrases = {
        language: _read(f"phrases_{language}.json", Phrases) for language in surroundings.weights
    }
    return Texts(
        languages=tuple(surroundings.weights),
        weights=tuple(surroundings.weights.values()),
        phrases=phrases,
        people=_read("people.json", dict[str, People]),
        places=surroundings.places,
        homes=surroundings.homes,
        emoji=surroundings.emoji,
        oddities=surroundings.oddities,
    )
