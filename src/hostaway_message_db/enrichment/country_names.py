"""What countries are called: the table behind `nationality`, and how names are compared.

The names are those of the Unicode CLDR in `NAME_LANGUAGES`, as babel has them. They lie beside
this module in `country_names.txt`, a country a line, because having babel read eighty-three
languages costs half a second and 80 MB at run time. A test compares the file with babel;
`babel_table` makes it anew.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from babel import Locale
from babel.core import get_global

from hostaway_message_db.enrichment.country_aliases import ALIASES

NAME_LANGUAGES: Final = (
    "en es fr de it pt nl pl ru uk cs sk sl hr sr sr_Latn bs bg ro hu el tr ar he fa ur hi bn mr "
    "gu pa ta te kn ml si ne th lo km my vi id ms fil ja ko zh zh_Hant sv da nb nn fi et lv lt ca "
    "eu gl ga cy is fo lb mt sq mk be ka hy az kk ky uz tg tk mn sw zu af am so"
)
_TABLE_FILE: Final = "country_names.txt"
# What the CLDR has beside countries: unions, unknown and pseudo regions, parts of countries.
_NO_COUNTRIES: Final = frozenset(
    {"EU", "UN", "EZ", "QO", "ZZ", "XA", "XB", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"},
)
_ALPHA_2: Final = re.compile(r"[A-Z]{2}")
_ALPHA_3: Final = re.compile(r"[A-Z]{3}")
_WORD_ENDS: Final = re.compile(r"[\s&\-\u2010-\u2015.]+")
_WORDS: Final = {"and": "", "the": "", "saint": "st"}
# Letters that are accented without being composed.
_STROKED: Final = str.maketrans(
    {
        "ø": "o",
        "đ": "d",
        "ł": "l",
        "\u0131": "i",
        "ħ": "h",
        "ə": "e",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
    },
)
# Accents of Latin, Greek and Cyrillic, points of Hebrew, vowel signs of Arabic; the vowel signs
# of other scripts are letters in their own right.
_ACCENTS: Final = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]")


@dataclass(frozen=True, slots=True)
class CountryTable:
    """The countries by their codes and by their folded names."""

    alpha_2: frozenset[str]
    alpha_3: dict[str, str]
    names: dict[str, str]


def fold(name: str) -> str:
    """Return the letters and digits of a name in lower case, without "the" and "and".

    Total and linear. Accents stay, and so do "the" and "and" where they are all there is ("AND"
    is Andorra); the result may be empty.
    """
    words = _WORD_ENDS.split(unicodedata.normalize("NFKC", name).casefold())
    joined = "".join([_WORDS.get(word, word) for word in words]) or "".join(words)
    return "".join([each for each in joined if unicodedata.category(each)[0] in "LMN"])


def without_accents(folded: str) -> str:
    """Return a folded name without its accents.

    Total and linear.
    """
    if folded.isascii():
        return folded
    parted = unicodedata.normalize("NFKD", folded).translate(_STROKED)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", parted))


@cache
def load_table() -> CountryTable:
    """Return the table of all countries, read once.

    A spelling that means different countries in different languages means none of them, unless
    `country_aliases` decides. A name with its accents goes before the same without.
    """
    lines = files(__package__).joinpath(_TABLE_FILE).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    exact, plain = _Names(), _Names()
    for country, _, names in rows:
        for name in names.split("|"):
            exact.add(name, country)
            plain.add(without_accents(name), country)
    aliases = {
        fold(alias): country for country, listed in ALIASES.items() for alias in listed.split(", ")
    }
    plain_aliases = {without_accents(alias): country for alias, country in aliases.items()}
    return CountryTable(
        alpha_2=frozenset(row[0] for row in rows),
        alpha_3={code: row[0] for row in rows for code in row[1].split("|")},
        names=plain.decided() | exact.decided() | plain_aliases | aliases,
    )


class _Names:
    """Names and the one country each means."""

    def __init__(self) -> None:
        self._countries: dict[str, str] = {}
        self._disputed: set[str] = set()

    def add(self, name: str, country: str) -> None:
        """Note that a country has this name."""
        if self._countries.setdefault(name, country) != country:
            self._disputed.add(name)

    def decided(self) -> dict[str, str]:
        """Return the names that mean one country."""
        return {
            name: country for name, country in self._countries.items() if name not in self._disputed
        }


def babel_table() -> str:
    """Return the text that `country_names.txt` should have, from the installed babel.

    One line a country: its alpha-2 code, a tab, its alpha-3 codes (former ones too), a tab, its
    folded names in `NAME_LANGUAGES`, both parted by bars. Slow, and not used at run time.
    """
    names: dict[str, set[str]] = {}
    for language in NAME_LANGUAGES.split():
        for code, name in Locale.parse(language).territories.items():
            if _ALPHA_2.fullmatch(code) and code not in _NO_COUNTRIES and name != code:
                names.setdefault(code, set()).add(fold(name))
    codes: dict[str, set[str]] = {code: set() for code in names}
    for alias, territories in get_global("territory_aliases").items():
        if _ALPHA_3.fullmatch(alias) and len(territories) == 1 and territories[0] in codes:
            codes[territories[0]].add(alias)
    return "".join(
        f"{code}\t{'|'.join(sorted(codes[code]))}\t{'|'.join(sorted(names[code]))}\n"
        for code in sorted(names)
    )
