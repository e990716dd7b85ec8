"""A guest's nationality, from the country the guest declared or else from the phone number."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import phonenumbers

from hostaway_message_db.enrichment.country_aliases import NEEDS_WHOLE
from hostaway_message_db.enrichment.country_names import (
    CountryTable,
    fold,
    load_table,
    without_accents,
)

_LONGEST_NAME: Final = 200
_LONGEST_NUMBER: Final = 60
_ALPHA_2_LENGTH: Final = 2
_ALPHA_3_LENGTH: Final = 3
_FIRST_INDICATOR: Final = 0x1F1E6
# How one says that there is none; without the sign between it is Namibia's code.
_NOT_TOLD: Final = re.compile(r"n\s?[/\\.]\s?a\s?\.?", re.IGNORECASE)
_FLAG: Final = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_BESIDE: Final = re.compile(r"[()\[\]/|;,]|\s[-\u2013\u2014]\s")
_FORMAL: Final = re.compile(
    r"(?:(?:federal|federative|islamic|united|arab|hellenic|bolivarian|plurinational)?"
    r"(?:republic|kingdom|state|states|commonwealth|sultanate|principality|grandduchy)of"
    r"|republicade|repúblicade|reinode|républiquede|republiquede|repubblicadi|republik)",
)
# Regions phone numbers know that ISO 3166-1 counts to another country's code.
_PHONE_REGIONS: Final = {"AC": "SH", "TA": "SH"}
_NO_REGION: Final = frozenset({"001", "ZZ"})


@dataclass(frozen=True, slots=True)
class Nationality:
    """A country, ISO 3166-1 alpha-2 or XK for Kosovo, and what it was found from."""

    country_code: str
    basis: Literal["country", "phone"]


def find_nationality(guest_country: str | None, phone: str | None) -> Nationality | None:
    """Return the guest's nationality, or None if neither country nor phone tells it.

    Total: any str or None gives an answer. The declared country (`guestCountry`, API reference
    9.3: codes and names are both seen) goes before the country of the `phone` number, which
    counts only in international form. Neither the listing nor the language is ever asked.
    """
    country_code = _declared_country(guest_country) if guest_country else None
    if country_code is not None:
        return Nationality(country_code, "country")
    country_code = _phone_country(phone) if phone else None
    return Nationality(country_code, "phone") if country_code is not None else None


def _declared_country(text: str) -> str | None:
    """Return the country of a text that is not too long to be one."""
    return _find_country(text) if len(text) <= _LONGEST_NAME else None


@lru_cache(maxsize=4096)
def _find_country(text: str) -> str | None:
    """Return the country that a code, a flag or a name in any language stands for.

    An alpha-2 code goes first, in any case: "ao" is Angola, though it is how one types the
    Vietnamese name of Austria. Three letters are an alpha-3 code if they are all capitals, and
    else first a name: "NGA" is Nigeria, "Nga" is Russia in Vietnamese.
    """
    table, text = load_table(), text.strip()
    folded = fold(text)
    if _NOT_TOLD.fullmatch(text):
        return None
    if not folded:
        return _flag_country(text, table)
    code = folded.upper()
    if len(code) == _ALPHA_2_LENGTH and code in table.alpha_2:
        return code
    by_code = table.alpha_3.get(code) if len(code) == _ALPHA_3_LENGTH else None
    if by_code is not None and text.isupper():
        return by_code
    return _named(folded, table) or by_code or _country_of_parts(text, table)


def _named(folded: str, table: CountryTable) -> str | None:
    """Return the country of a folded name, with or without its accents or formal beginning."""
    for name in (folded, _FORMAL.sub("", folded, count=1)):
        found = table.names.get(name) or table.names.get(without_accents(name))
        if found is not None:
            return found
    return None


def _flag_country(text: str, table: CountryTable) -> str | None:
    """Return the country of a text whose only content is one flag."""
    flags = {match[0] for match in _FLAG.finditer(text)}
    if len(flags) != 1:
        return None
    code = "".join(chr(ord(each) - _FIRST_INDICATOR + ord("A")) for each in flags.pop())
    return code if code in table.alpha_2 else None


def _country_of_parts(text: str, table: CountryTable) -> str | None:
    """Return the country of a name with something beside it, "Iran (Islamic Republic of)".

    The first part has to be a country's name, or the code of the country named beside it, and
    no part may be another country's name: "Georgia, USA" is none. A code alone does not count,
    since "Los Angeles, CA" is not in Canada.
    """
    parts = [folded for part in _BESIDE.split(text) if (folded := fold(part))]
    countries = [_named(part, table) for part in parts if part not in NEEDS_WHOLE]
    found = {country for country in countries if country is not None}
    if len(parts) == 1 or len(found) != 1:
        return None
    country = found.pop()
    first, code = _named(parts[0], table), parts[0].upper()
    is_code = country in {code, table.alpha_3.get(code)}
    return country if parts[0] not in NEEDS_WHOLE and (first == country or is_code) else None


def _phone_country(text: str) -> str | None:
    """Return the country of a phone number in international form.

    A range that no country has assigned counts to the first country of its calling code, so
    that +44 7700 900123 is British; satellite and other supranational numbers have no country.
    """
    number = text[:_LONGEST_NUMBER].strip().removeprefix("(").replace("\uff0b", "+")
    if number.startswith("00"):
        number = f"+{number[2:]}"
    if not number.startswith("+"):
        return None
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None
    region = phonenumbers.region_code_for_number(parsed)
    if region is None:
        region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    if region in _NO_REGION:
        return None
    return _PHONE_REGIONS.get(region, region)
