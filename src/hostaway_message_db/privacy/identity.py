"""By what a guest is known: addresses and numbers in one form, and their salted hashes. Pure."""

import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import phonenumbers

from hostaway_message_db.models.records import Quarantined
from hostaway_message_db.ports import TombstoneKey, TombstoneKind

MAX_PHONE_CHARACTERS = 40
FEWEST_PHONE_DIGITS = 6
"""Fewer digits are no number of one guest but an extension or a dummy."""
_EMAIL = re.compile(r"[^\s\"'<>(),;:\\]{1,200}@[^\s\"'<>(),;:\\@]{1,200}")
_NOT_DIGIT = re.compile(r"\D")


@dataclass(frozen=True, slots=True)
class Selectors:
    """Whom somebody means: reservations, e-mail addresses, phone numbers, in any combination."""

    reservation_ids: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()

    @classmethod
    def given(cls, reservations: list[str], emails: list[str], phones: list[str]) -> "Selectors":
        """Return selectors in their one form; raises `ValueError` naming what cannot be one."""
        ids = [text.strip() for text in reservations]
        addresses = [normalised_email(text) for text in emails]
        numbers = [normalised_phone(text) for text in phones]
        if not all(ids):
            raise ValueError("--reservation is empty.")
        if None in addresses:
            raise ValueError("--email takes an address such as ana@example.com.")
        if None in numbers:
            raise ValueError("--phone takes a number such as +351 912 345 678.")
        return cls(
            frozenset(ids),
            frozenset(a for a in addresses if a),
            frozenset(n for n in numbers if n),
        )

    def __bool__(self) -> bool:
        return bool(self.reservation_ids or self.emails or self.phones)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of key, not their values."""
        named = {
            "reservation": self.reservation_ids,
            "email": self.emails,
            "phone": self.phones,
        }
        return tuple(kind for kind, values in named.items() if values)

    def matches(self, email: str | None, phone: str | None) -> bool:
        """Tell whether an address or a number as stored is one of these."""
        return (bool(self.emails) and normalised_email(email) in self.emails) or (
            self._may_be(phone) and normalised_phone(phone) in self.phones
        )

    def _may_be(self, phone: str | None) -> bool:
        """Look at the last digits alone: reading a number costs much, and most are another's."""
        last = _NOT_DIGIT.sub("", phone or "")[-FEWEST_PHONE_DIGITS:]
        return bool(last) and any(number.endswith(last) for number in self.phones)

    def contact_keys(self, salt: bytes) -> list[TombstoneKey]:
        """Return the keys of the tombstones of these contacts."""
        emails = [contact_key(TombstoneKind.EMAIL, email, salt) for email in sorted(self.emails)]
        phones = [contact_key(TombstoneKind.PHONE, phone, salt) for phone in sorted(self.phones)]
        return emails + phones


def normalised_email(text: str | None) -> str | None:
    """Return an e-mail address in its one form, or None if it is none."""
    folded = unicodedata.normalize("NFKC", text or "").strip().casefold()
    name, _, host = folded.rpartition("@")
    return folded if name and host else None


def normalised_phone(text: str | None) -> str | None:
    """Return a phone number in its one form, or None if it is none.

    A number written internationally, with + or 00, becomes the digits of E.164; any other
    becomes its digits, so that "+351 912…" and "351912…" are one number. What a national
    number would be abroad is not guessed.
    """
    number = unicodedata.normalize("NFKC", text or "").strip()[:MAX_PHONE_CHARACTERS]
    if number.startswith("00"):
        number = f"+{number[2:]}"
    if number.startswith("+"):
        try:
            parsed = phonenumbers.parse(number, None)
        except phonenumbers.NumberParseException:
            pass
        else:
            e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
            return e164.removeprefix("+")
    digits = _NOT_DIGIT.sub("", number)
    return digits if len(digits) >= FEWEST_PHONE_DIGITS else None


def contact_key(kind: TombstoneKind, normalised: str, salt: bytes) -> TombstoneKey:
    """Return the tombstone key of a contact: a hash that means nothing without the salt."""
    digest = hmac.new(salt, f"{kind}:{normalised}".encode("utf-8", "replace"), hashlib.sha256)
    return kind, digest.hexdigest()


def contact_keys(email: str | None, phone: str | None, salt: bytes) -> list[TombstoneKey]:
    """Return the tombstone keys of an address and a number as stored."""
    address, number = normalised_email(email), normalised_phone(phone)
    keys = [contact_key(TombstoneKind.EMAIL, address, salt)] if address else []
    return keys + ([contact_key(TombstoneKind.PHONE, number, salt)] if number else [])


@dataclass(slots=True)
class References:
    """Whom a raw record that could not be understood may be about."""

    reservation_ids: set[str] = field(default_factory=set)
    conversation_ids: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)

    def keys(self, salt: bytes | None) -> list[TombstoneKey]:
        """Return every tombstone key that would cover the record."""
        found = [(TombstoneKind.RESERVATION, identity) for identity in self.reservation_ids]
        found += [(TombstoneKind.CONVERSATION, identity) for identity in self.conversation_ids]
        if salt is not None:
            found += [contact_key(TombstoneKind.EMAIL, email, salt) for email in self.emails]
            found += [contact_key(TombstoneKind.PHONE, phone, salt) for phone in self.phones]
        return found


def references_of(record: Quarantined) -> References:
    """Return whom a quarantined record may be about, as far as its raw text tells."""
    found = References()
    if record.conversation_id:
        found.conversation_ids.add(record.conversation_id)
    if record.record_id and record.entity == "reservation":
        found.reservation_ids.add(record.record_id)
    if record.record_id and record.entity == "conversation":
        found.conversation_ids.add(record.record_id)
    try:
        row = json.loads(record.raw)
    except (ValueError, RecursionError):
        row = record.raw  # Cut off, or not JSON: its words are looked at as they stand.
    for key, value in _leaves(row):
        if key in {"reservationId", "hostawayReservationId"}:
            found.reservation_ids.add(str(value))
        elif key == "conversationId":
            found.conversation_ids.add(str(value))
        elif "phone" in key.lower():
            found.phones |= {number} if (number := normalised_phone(str(value))) else set()
        elif isinstance(value, str) and "@" in value:
            matches = (normalised_email(match[0]) for match in _EMAIL.finditer(value))
            found.emails |= {address for address in matches if address}
    return found


def _leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield every plain value with the key it stands under, at any depth."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        key, part = waiting.pop()
        if isinstance(part, dict):
            waiting += part.items()
        elif isinstance(part, list):
            waiting += [(key, each) for each in part]
        elif part is not None:
            yield key, part
