"""Every parser of bytes from outside: the one table, for the fuzzer and for the quick test.

A new parser gets a row: a function from bytes that calls it as the program does, the errors
it may raise, and a few seeds to start from. Any other exception is a bug, and so is an input
that takes longer than `SECONDS_PER_INPUT`.
"""

import asyncio
import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

import bson

from hostaway_message_db.api import protocol
from hostaway_message_db.api.auth import TokenCache
from hostaway_message_db.api.file_addresses import check_file_address, redirected
from hostaway_message_db.config import Settings, load_settings
from hostaway_message_db.database.documents import (
    conversation_document,
    listing_document,
    message_document,
    reservation_document,
    to_bson,
)
from hostaway_message_db.database.query_compiler import compile_query
from hostaway_message_db.enrichment.nationality import find_nationality
from hostaway_message_db.enrichment.plain_text import to_plain_text
from hostaway_message_db.enrichment.reading import read_text
from hostaway_message_db.errors import (
    ConfigurationError,
    FileRefused,
    HostawayError,
    UsageError,
)
from hostaway_message_db.insights.query_language import from_json, read_query, to_json, to_text
from hostaway_message_db.insights.search import resolve
from hostaway_message_db.models.entities import ENTITIES, Asked, EntityRecord
from hostaway_message_db.models.query import Operator
from hostaway_message_db.models.records import Conversation, Listing, Quarantined, Reservation
from hostaway_message_db.notifications.incidents import FileMemory
from hostaway_message_db.pipeline.entity_rows import answers, to_entity_record
from hostaway_message_db.pipeline.raw_records import RawMessage
from hostaway_message_db.pipeline.transform import (
    raw_text,
    read_raw_text,
    read_record,
    to_conversation,
    to_listing,
    to_message,
    to_reservation,
)
from hostaway_message_db.privacy.identity import Selectors, references_of
from hostaway_message_db.simulator import FaultPlan
from hostaway_message_db.utils.logger import masked
from hostaway_message_db.utils.masking import mask_uri, secret_parts
from support.records import ACCOUNT, NOON, conversation, listing, reservation

SECONDS_PER_INPUT: Final = 10
SAMPLES: Final = Path(__file__).parents[2] / "src/hostaway_message_db/pipeline/sample_pages"


@dataclass(frozen=True, slots=True)
class Target:
    """A parser, as the fuzzer calls it."""

    name: str
    reads: str
    call: Callable[[bytes], object]
    may_raise: tuple[type[Exception], ...] = ()
    seeds: tuple[bytes, ...] = ()
    words: tuple[str, ...] = field(default=())
    """What the format is made of; the fuzzer puts it in."""
    weight: int = 5
    """Its part of all inputs; less where each input is a file to write and read, or the like."""


def check(target: Target, given: bytes) -> None:
    """Call a target; whatever it raises beside its own errors is a bug."""
    with suppress(*target.may_raise):
        target.call(given)


def _text(given: bytes) -> str:
    """Read bytes as any text there is, lone surrogates among it."""
    return given.decode("utf-8", "surrogateescape")


def _reply(given: bytes) -> protocol.Reply:
    """Read a status from the first line, headers from the second, a body from the rest."""
    status, _, rest = given.partition(b"\n")
    header, _, body = rest.partition(b"\n")
    digits = bytes(byte for byte in status[:3] if 48 <= byte <= 57)
    headers = {
        "X-RateLimit-Retry-After": _text(header),
        "Retry-After": _text(header[::-1]),
        "X-RateLimit-Limit": _text(header),
    }
    return protocol.Reply(int(digits or b"200"), headers, body)


def read_list_reply(given: bytes) -> None:
    """Read a page of a list, and what to do next, whether it is good or not."""
    for wanted in (protocol.conversations(100), protocol.reservations(100)):
        try:
            page = protocol.decipher(_reply(given))
            protocol.Paging(wanted).next(page)
        except HostawayError as error:
            wait = protocol.retry_wait_seconds(error, 1, NOON.timestamp(), 0.5)
            assert 0 <= wait <= protocol.MAX_WAIT_SECONDS


def read_token_reply(given: bytes) -> None:
    """Read the reply to a request for a token."""
    token = protocol.decipher_token(_reply(given), NOON.timestamp())
    assert token.access_token.isascii()
    assert token.issued_at <= token.expires_at < float("inf")


def _rows(given: bytes, sample: str) -> list[Any]:
    """Read JSON as it comes, or, from lines of `key=value`, a good row with these changed."""
    if given[:1] in {b"[", b"{"}:
        read = protocol.read_json(given)
        return read if isinstance(read, list) else [read]
    row = protocol.read_json(_page(sample)[0])
    for line in given.split(b"\n"):
        key, _, value = line.partition(b"=")
        try:
            row[_text(key)] = protocol.read_json(value)
        except HostawayError:
            row[_text(key)] = _text(value)
    return [row]


def bring_in_messages(given: bytes) -> None:
    """Take messages all the way from bytes to documents."""
    for row in _rows(given, "messages"):
        raw = read_record(RawMessage, row, account_id=ACCOUNT, entity="message")
        if isinstance(raw, Quarantined):
            keep_in_quarantine(raw)
            continue
        message = to_message(raw, row, conversation(), reservation(), listing())
        bson.encode(message_document(message))


def bring_in_conversations(given: bytes) -> None:
    """The same with rows of the conversation list."""
    for row in _rows(given, "conversations"):
        found = to_conversation(row, ACCOUNT)
        if isinstance(found, Conversation):
            bson.encode(conversation_document(found))
        else:
            keep_in_quarantine(found)


def bring_in_reservations(given: bytes) -> None:
    """The same with reservations."""
    for row in _rows(given, "reservations"):
        found = to_reservation(row, ACCOUNT)
        if isinstance(found, Reservation):
            bson.encode(reservation_document(found))
        else:
            keep_in_quarantine(found)


def bring_in_listings(given: bytes) -> None:
    """The same with listings."""
    for row in _rows(given, "listings"):
        found = to_listing(row, ACCOUNT)
        if isinstance(found, Listing):
            bson.encode(listing_document(found))
        else:
            keep_in_quarantine(found)


def bring_in_entities(given: bytes) -> None:
    """The same with rows of one of the further entities; the length says which."""
    asked, entity = Asked(parent_id="9"), ENTITIES[len(given) % len(ENTITIES)]
    for row in _rows(given, "reservations"):
        answers(entity, row, asked)
        found = to_entity_record(entity, row, ACCOUNT, asked)
        if isinstance(found, EntityRecord):
            bson.encode(to_bson({**found.fields, "key": found.key, "source": found.source}))
        else:
            keep_in_quarantine(found)


def keep_in_quarantine(record: Quarantined) -> None:
    """Check that what is kept can be stored, looked through and read again."""
    assert record.reasons
    bson.encode({"raw": record.raw, "reasons": list(record.reasons)})
    references_of(record)
    read_raw_text(record.raw)


def read_quarantined_text(given: bytes) -> None:
    """Read the kept text of a record, cut off or not, as `replay` and `forget-guest` do."""
    text = _text(given)
    row = read_raw_text(text)
    bson.encode({"raw": raw_text(row)})
    references_of(
        Quarantined(
            account_id=ACCOUNT,
            entity="message",
            record_id=None,
            conversation_id=None,
            reasons=("why",),
            raw=text,
        )
    )


def read_html(given: bytes) -> None:
    """Read a message's body as plain text, which reads as itself when read again."""
    text = to_plain_text(_text(given))
    text.encode()
    assert text == text.strip()


def read_own_text(given: bytes) -> None:
    """Split off quoted mail and signatures, find the language and whether it wants an answer."""
    body = _text(given)
    content = to_plain_text(body)
    for is_inbound in (True, False):
        read = read_text(content, body=body, is_inbound=is_inbound, has_files=False)
        assert read.core is None or read.core.strip()
        assert read.core is None or content


def read_nationality(given: bytes) -> None:
    """Read a country's name and a phone number."""
    country, _, phone = _text(given).partition("\n")
    find_nationality(country, phone)


def read_settings(given: bytes) -> None:
    """Read settings, one a line, as overrides of the environment."""
    lines = (line.partition("=") for line in _text(given).split("\n"))
    found = {key.lower(): value for key, _, value in lines if key.lower() in _FIELDS}
    load_settings(hostaway_needed=True, **found)


_FIELDS: Final = frozenset(Settings.model_fields) - {
    # Each of these opens the file of that name: the fuzzer has no business there.
    "mongodb_tls_ca_file",
    "mongodb_tls_certificate_key_file",
}


def read_env_file(given: bytes) -> None:
    """Read a `.env` of these bytes, in the working directory."""
    folder = _folder()
    (folder / ".env").write_bytes(given.replace(b"_TLS_", b"_"))
    before = Path.cwd()
    os.chdir(folder)
    try:
        load_settings(hostaway_needed=True)
    finally:
        os.chdir(before)


def read_kept_token(given: bytes) -> None:
    """Read the file of a token, which another hand may have changed."""
    kept = TokenCache(_folder(), "https://example.com", ACCOUNT, "key")
    with suppress(FileNotFoundError):
        _token_file().unlink()
    kept.write(protocol.Token("token", 0.0, 1e12))
    _token_file().write_bytes(given)
    kept.read(NOON.timestamp())


def _token_file() -> Path:
    return next(_folder().glob("token-*.json"), _folder() / "none")


def read_incident(given: bytes) -> None:
    """Read the file of an incident, which another hand may have changed."""
    (_folder() / f"incident-{ACCOUNT}.json").write_bytes(given)
    memory = FileMemory(_folder())
    _loop().run(memory.begin(ACCOUNT, datetime(2026, 1, 1, tzinfo=UTC)))
    _loop().run(memory.end(ACCOUNT))


@cache
def _loop() -> asyncio.Runner:
    runner = asyncio.Runner()
    atexit.register(runner.close)
    return runner


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="fuzzing-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def read_a_query(given: bytes) -> None:
    """Read a query as it is typed, write it and read it again, and ask the database with it."""
    text = _text(given)
    query = read_query(text, NOON).query
    assert read_query(to_text(query), NOON).query == query
    bson.encode(to_bson(compile_query(_loop().run(resolve(query, _who_waits)))))
    with suppress(UsageError):
        from_json(to_json(query), NOON)
    with suppress(UsageError, HostawayError):
        from_json(protocol.read_json(given), NOON)


async def _who_waits() -> list[str]:
    return ["5"]


def read_fault_plan(given: bytes) -> None:
    """Read a fault plan as it is given on the command line."""
    text = _text(given)
    if text.lstrip().startswith("{"):
        FaultPlan.read(text)


def read_addresses(given: bytes) -> None:
    """Mask addresses and lines; nothing that is a password may be left of a masked one."""
    text = _text(given)
    masked(text)
    secret_parts(text)
    mask_uri(text)
    with suppress(ValueError):
        Selectors.given([text], [text], [text])


def read_file_address(given: bytes) -> None:
    """Judge the address of a message's file, and where it redirects to."""
    address, _, location = _text(given).partition("\n")
    for is_practice in (False, True):
        with suppress(FileRefused):
            check_file_address(address, is_practice=is_practice)
            check_file_address(redirected(address, location), is_practice=is_practice)


def _keys(name: str) -> tuple[str, ...]:
    return tuple(f"\n{key}=" for key in json.loads(_page(name)[0]))


@cache
def _page(name: str) -> tuple[bytes, ...]:
    rows = json.loads((SAMPLES / f"{name}.json").read_bytes(), parse_float=Decimal)
    return tuple(json.dumps(row, default=float).encode() for row in rows)


_JSON_WORDS: Final = (
    '{"', '":', "null", "true", "[]", "[[[[", "1e999", "-0", "NaN", "Infinity", "\\u0000",
    "\\ud83d", "9" * 30, "2026-02-30 25:61:00", "0000-00-00",
)  # fmt: skip

TARGETS: Final = (
    Target(
        "list-reply",
        "a page of a list, its status and headers, and what to do next",
        read_list_reply,
        seeds=(
            b'200\n\n{"status":"success","result":[{"id":1},{"id":2}],"count":"3","limit":2}',
            b'429\n1767225600\n{"status":"fail","message":"Too many requests"}',
            b'200\n\n{"status":"fail","result":"no"}',
            b"503\n\n<html>",
        ),
        words=(*_JSON_WORDS, '"status":"success"', '"result":', '"count":', "429\n"),
    ),
    Target(
        "token-reply",
        "the reply to a request for a token",
        read_token_reply,
        (HostawayError,),
        (b'200\n\n{"token_type":"Bearer","expires_in":15897600,"access_token":"e30.e30.x"}',),
        (*_JSON_WORDS, '"expires_in":', '"access_token":"', "401\n"),
    ),
    Target(
        "messages",
        "raw messages, all the way to documents",
        bring_in_messages,
        (HostawayError,),
        (*_page("messages"), b"id=7\nname=x"),
        (*_keys("messages"), *_JSON_WORDS, '"attachments":[', '"communicationEvent":'),
    ),
    Target(
        "conversations",
        "raw conversations, all the way to documents",
        bring_in_conversations,
        (HostawayError,),
        (*_page("conversations"), b"id=7\nname=x"),
        (*_keys("conversations"), *_JSON_WORDS, '"conversationMessages":[', '"reservation":{'),
    ),
    Target(
        "reservations",
        "raw reservations, all the way to documents",
        bring_in_reservations,
        (HostawayError,),
        (*_page("reservations"), b"id=7\nname=x"),
        (*_keys("reservations"), *_JSON_WORDS, '"totalPrice":', "+351 912 345 678", "1E-7000"),
    ),
    Target(
        "listings",
        "raw listings, all the way to documents",
        bring_in_listings,
        (HostawayError,),
        (*_page("listings"), b"id=7\nname=x"),
        (*_keys("listings"), *_JSON_WORDS, '"name":', '"timeZoneName":"', '"doorSecurityCode":'),
    ),
    Target(
        "entities",
        "rows of the further entities (reviews, tasks, users, ...)",
        bring_in_entities,
        (HostawayError,),
        (*_page("reservations"), b"id=7\nrating=4.5", b"date=2026-01-01\nisAvailable=1\nprice=9"),
        (*_keys("reservations"), *_JSON_WORDS, "\ndate=", "\nupdatedField=", "\nnewValue="),
    ),
    Target(
        "quarantined-text",
        "the kept text of a quarantined record, as `replay` and `forget-guest` read it",
        read_quarantined_text,
        seeds=(
            b'{"id": 1, "body": "a@b.c", "reservationId": 7, "phone": "+351912345678"}',
            b"[1e9999999999999999999]",
            b'{"a',
        ),
        words=(*_JSON_WORDS, '"reservationId":', '"guestPhone":', "@example.com"),
    ),
    Target(
        "html",
        "the body of a message, as HTML or as text",
        read_html,
        seeds=(
            b"<p>Ol&aacute; <b>Ana</b></p><ul><li>one<li>two</ul><a href='https://x.y/z'>z</a>",
            b"5 < 6 &amp; 7 > 3\r\n\r\n\r\nna\xc3\xafve",
            "Schlüssel \u200d\u00a0â€™ 漢字".encode(),
        ),
        words=(
            "<p>",
            "</p>",
            "<br>",
            "<table>",
            "<td>",
            "<li>",
            "<ol start=",
            "<pre>",
            "<!--",
            "<style",
            "<script>",
            "&amp;",
            "&#x0;",
            "&nbsp;",
            "<a href=",
            "<img alt=",
            "<select>",
            "<svg>",
        ),
    ),
    Target(
        "own-text",
        "the text of a message: its core, its language, whether it wants an answer",
        read_own_text,
        seeds=(
            b"Thanks!\n\nOn Mon, 2 Nov 2026 at 10:00, Ana <a@b.c> wrote:\n> Where is the key?",
            "Wo ist der Schlüssel?\n-- \nAna\nVon meinem iPhone gesendet".encode(),
            "謝謝\n\n差出人: Ana\n件名: x".encode(),
        ),
        words=(
            "\n> ",
            " wrote:\n",
            "\nFrom: ",
            "\n-- \n",
            "\n____\n",
            "?",
            "Ok",
            "谢谢",
            "Sent from",
        ),
    ),
    Target(
        "nationality",
        "a country's name and a phone number",
        read_nationality,
        seeds=(b"Portugal\n+351 912 345 678", "🇵🇹\n00351".encode(), b"PT / Lisbon\n"),
        words=("+1", "United ", "Republic of ", "ext", "tel:", "🇵🇹"),
    ),
    Target(
        "settings",
        "settings, each of them with any text",
        read_settings,
        (ConfigurationError,),
        (
            b"hostaway_account_id=123\nhostaway_request_delay=0.05\nlog_level=debug",
            b"mongodb_uri=mongodb://u:p@h/?tls=true\nnotify_to=a@b.c, d@e.f\nsmtp_host=h",
            b"heartbeat_url=https://hc.example.com/x\ndaily_job_time=01:00\nweb_port=0",
        ),
        tuple(f"\n{name}=" for name in sorted(_FIELDS)),
        weight=1,
    ),
    Target(
        "env-file",
        "the bytes of a `.env` file",
        read_env_file,
        (ConfigurationError,),
        (
            b"HOSTAWAY_ACCOUNT_ID=1\nHOSTAWAY_API_KEY='x'\n# c\nexport A=\"b\\n\"\n${X}",
            b"\xff\xfe=\0",
        ),
        ("\nHOSTAWAY_API_KEY=", "export ", "${", "}", "'''", '"""', "#", "\\"),
        weight=1,
    ),
    Target(
        "kept-token",
        "the file that keeps the token",
        read_kept_token,
        seeds=(b'{"access_token": "x", "issued_at": 1.0, "expires_at": 1e11}',),
        words=(*_JSON_WORDS, '"access_token":', '"issued_at":', '"expires_at":'),
        weight=1,
    ),
    Target(
        "incident",
        "the file that remembers what was told of a failing job",
        read_incident,
        seeds=(b'{"failing_since": "2026-01-01T00:00:00+00:00", "failures": 2, "is_told": true}',),
        words=(*_JSON_WORDS, '"failing_since":"', '"failures":', '"is_told":'),
        weight=1,
    ),
    Target(
        "query",
        "a query, as it is typed and as JSON",
        read_a_query,
        seeds=(
            b'from:guest "late check" -wifi OR country:DE after:2026-01-01 is:unanswered',
            b'[{"operator":"words","operand":"wifi"},{"any":[{"operator":"after","operand":"7d"}]}]',
        ),
        words=(" OR ", " -", '"', *(f"{operator}:" for operator in Operator), '"operator":"'),
    ),
    Target(
        "fault-plan",
        "the simulator's fault plan",
        read_fault_plan,
        (ValueError,),
        (b'{"rules": [{"effect": "status", "status": 503, "path": "/listings", "first": 2}]}',),
        (*_JSON_WORDS, '"rules":[', '"effect":"', '"malformed"', '"probability":', '"seconds":'),
    ),
    Target(
        "addresses",
        "addresses that are masked before they are shown, and whom `forget-guest` names",
        read_addresses,
        seeds=(b"mongodb://user:pass@host:27017/db?tls=true", b"Bearer abc.def", b"+351 912345678"),
        words=("://", "@", "[::1]", "%40", "mongodb+srv://", "Bearer ", "?", "tgram://"),
    ),
    Target(
        "file-address",
        "the address of a message's file, and where it redirects to",
        read_file_address,
        seeds=(b"https://example.com/a.jpg\n/b", b"http://169.254.169.254/latest\n//[::1]/"),
        words=("https://", "//", "[::ffff:127.0.0.1]", "%00", "@", ":443", "0x7f.1", "..", "\\"),
    ),
)
