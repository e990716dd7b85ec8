"""Erased records hold none of the guest, whatever was in them; contacts have one form."""

from dataclasses import fields, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hostaway_message_db.database.documents import (
    conversation_document,
    message_document,
    message_from,
    reservation_document,
)
from hostaway_message_db.database.reading_documents import reading_document
from hostaway_message_db.models.records import Attachment, Erasure, Guest, Quarantined, Reading
from hostaway_message_db.privacy.erasure import (
    erased_conversation,
    erased_message,
    erased_quarantined,
    erased_reservation,
)
from hostaway_message_db.privacy.identity import (
    Selectors,
    normalised_email,
    normalised_phone,
    references_of,
)
from support.records import conversation, message, reservation
from support.truth import values_of

MARK = "\u2620"
marked = st.text(max_size=20).map(lambda text: f"{MARK}{text}")
personal = st.none() | marked
sources = st.recursive(
    marked | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
).map(lambda value: {"key": value})
reservations = st.builds(
    reservation,
    guest_name=personal,
    guest_email=personal,
    guest_phone=personal,
    guest_country=personal,
    source=sources,
)
attachments = st.builds(
    Attachment,
    id=personal,
    name=personal,
    url=personal,
    extension=personal,
    mime_type=personal,
    is_image=st.booleans(),
    is_public=st.booleans(),
    source=sources,
)
guests = st.builds(
    Guest,
    name=personal,
    email=personal,
    phone=personal,
    nationality=personal,
    nationality_basis=personal,
)
messages = st.builds(
    message,
    guest=guests,
    content=marked,
    content_html=personal,
    reservation=st.none() | reservations,
    attachments=st.lists(attachments, max_size=2).map(tuple),
    source=sources,
)
conversations = st.builds(
    conversation, recipient_name=personal, recipient_email=personal, source=sources
)
erasures = st.sampled_from(Erasure)


def holds_mark(document: Any) -> bool:
    return any(isinstance(value, str) and MARK in value for value in values_of(document))


@given(messages, erasures)
def test_an_erased_message_holds_nothing_of_its_guest(given_message: Any, erasure: Erasure) -> None:
    assert holds_mark(message_document(given_message))
    erased = erased_message(given_message, erasure)
    assert MARK not in "".join(repr(getattr(erased, field.name)) for field in fields(erased))
    document = message_document(erased)
    assert not holds_mark(document)
    assert erased_message(erased, erasure) == erased
    gone = {"guest", "content", "content_html", "attachments", "source", "erasure"}
    read_in_it = reading_document(Reading())
    before = message_document(given_message)
    assert {k: v for k, v in document.items() if k not in gone} == {
        **{k: v for k, v in before.items() if k not in gone},
        **read_in_it,
    }


@given(messages)
def test_a_message_is_erased_alike_fresh_and_from_the_store(given_message: Any) -> None:
    stored = message_from({**message_document(given_message), "_id": 1})
    assert message_document(erased_message(stored)) == message_document(
        erased_message(given_message)
    )


@given(reservations, conversations)
def test_erased_reservations_and_conversations_hold_nothing(stay: Any, thread: Any) -> None:
    assert not holds_mark(reservation_document(erased_reservation(stay)))
    assert not holds_mark(conversation_document(erased_conversation(thread)))
    assert erased_reservation(stay).price == stay.price
    assert erased_conversation(thread).stamp == thread.stamp


@given(st.text(), st.sampled_from(["message", "reservation", "conversation"]))
def test_any_raw_text_is_looked_through_and_dropped(raw: str, entity: str) -> None:
    record = Quarantined(
        account_id="1",
        entity=entity,
        record_id=None,
        conversation_id=None,
        reasons=(),
        raw=raw,
    )
    references_of(record)
    assert erased_quarantined(record) == replace(record, raw="null")


@given(st.text())
def test_the_one_form_of_a_contact_is_stable(text: str) -> None:
    for form in (normalised_email, normalised_phone):
        once = form(text)
        assert once is None or form(once) == once


def test_addresses_and_numbers_have_one_form() -> None:
    assert normalised_email(" Ana@Example.COM ") == "ana@example.com"
    assert normalised_email("ana") is normalised_email(None) is normalised_email("@x") is None
    ways = ("+351 912 345 678", "00351912345678", "(+351) 912-345-678", "351 912 345 678")
    assert {normalised_phone(way) for way in ways} == {"351912345678"}
    assert normalised_phone("+44 (0)20 7946 0958") == "442079460958"
    assert normalised_phone("12345") is normalised_phone("") is normalised_phone("none") is None
    chosen = Selectors.given(["7"], ["A@b.c"], ["+351 912 345 678"])
    assert chosen.kinds == ("reservation", "email", "phone")
    assert chosen.matches("a@B.C", None)
    assert chosen.matches(None, "00351 912 345 678")
    assert not chosen.matches(None, "+351 912 345 679")
    assert not Selectors().matches(None, "")
