"""No secret of any record's shape reaches a document: one list, checked on every sample body."""

import json
import re
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hostaway_message_db.models.entities import Asked, entity_named
from hostaway_message_db.pipeline.entity_rows import to_entity_record
from hostaway_message_db.pipeline.transform import (
    SECRET_KEYS,
    raw_text,
    to_conversation,
    to_listing,
    to_reservation,
)
from hostaway_message_db.simulator import World, WorldOptions
from support.truth import keys_of

ACCOUNT = "61234"
WORLD = World(WorldOptions(conversation_count=10))
SUSPICIOUS = re.compile(
    r"password|secret|door|wifi|^cc[A-Z]|cvc|pickup|hash|token|verificationcode|ical.?key|portal"
    r"|stripe|braintree|apikey",
    re.IGNORECASE,
)

HARMLESS = {"hash", "ccEmail1", "ccEmail2"}
"""A message's checksum, and whom its mail is copied to (API reference 7.4)."""


def plain(row: Any) -> Any:
    return json.loads(msgspec.json.encode(row), parse_float=Decimal)


SAMPLES: dict[str, Any] = {
    "listing": plain(WORLD.listing_row(0)),
    "reservation": plain(WORLD.reservation_row(0, with_resources=True)),
    "conversation": plain(WORLD.conversation_row(0, with_resources=True)),
    "user": plain(WORLD.user_rows()[0]),
}
TRANSFORMS: dict[str, Any] = {
    "listing": lambda row: to_listing(row, ACCOUNT),
    "reservation": lambda row: to_reservation(row, ACCOUNT),
    "conversation": lambda row: to_conversation(row, ACCOUNT),
    "user": lambda row: to_entity_record(entity_named("users"), row, ACCOUNT, Asked()),
}


def planted(value: Any) -> Any:
    """Put a secret under every secret key, and one more of each kind deep inside."""
    if isinstance(value, dict):
        return {k: "s3cret" if k in SECRET_KEYS else planted(v) for k, v in value.items()}
    return [planted(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", SAMPLES)
def test_no_secret_of_a_sample_body_is_kept(name: str) -> None:
    deep = {"future": [{"inner": dict.fromkeys(SECRET_KEYS, "s3cret")}]}
    row = {**planted(SAMPLES[name]), **dict.fromkeys(SECRET_KEYS, "s3cret"), **deep}
    made = TRANSFORMS[name](row)
    kept = {field: getattr(made, field) for field in made.__slots__}
    assert "s3cret" not in repr(kept)
    assert "future" in made.source
    assert "s3cret" not in raw_text(row)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_key_of_a_sample_that_sounds_secret_is_on_the_list(name: str) -> None:
    found = {key for key in keys_of(SAMPLES[name]) if SUSPICIOUS.search(key)}
    assert found - HARMLESS <= SECRET_KEYS
    assert found - HARMLESS


def test_the_secrets_that_hostaway_is_known_to_send_are_on_the_list() -> None:
    """Door codes, wifi, key pick-up, cards, ical and verification codes (API reference 9.3, 10)."""
    known = {
        "doorSecurityCode", "wifiPassword", "keyPickup", "doorCode", "doorCodeInstruction",
        "ccName", "ccNumber", "ccNumberEndingDigits", "ccExpirationYear", "ccExpirationMonth",
        "cvc", "icalKey", "verificationCode", "guestAuthHash", "guestPortalUrl",
    }  # fmt: skip
    assert known <= SECRET_KEYS
