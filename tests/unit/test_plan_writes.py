"""What is written so that the store equals the documents: nothing where nothing differs."""

from datetime import UTC, datetime
from typing import Any

from pymongo import InsertOne, UpdateOne

from hostaway_message_db.database.documents import comparable_message
from hostaway_message_db.database.reading_documents import renewed_message
from hostaway_message_db.database.upserts import WritePlan, differing_fields, plan_writes

NOW = datetime(2026, 5, 2, 12, tzinfo=UTC)
Document = dict[str, Any]


def plan(documents: list[Document], stored: dict[str, Document], **first: Any) -> WritePlan:
    return plan_writes("message_id", documents, stored, NOW, first, comparable_message)


def with_file(url: str, *, is_public: bool | None, **keys: Any) -> Document:
    return {
        "message_id": "1",
        "attachments": [{"id": "5", "url": url, "is_public": is_public}],
        **keys,
    }


def test_a_new_document_is_inserted_with_its_first_fields_and_both_moments() -> None:
    made = plan([{"message_id": "1", "content": "x"}], {}, language=None)
    assert made.operations == [
        InsertOne(
            {
                "message_id": "1", "content": "x", "language": None,
                "created_at": NOW, "updated_at": NOW,
            }
        )
    ]  # fmt: skip
    assert (made.inserted, made.updated, made.unchanged) == (1, 0, 0)


def test_an_equal_document_is_not_written_not_even_its_time_stamp() -> None:
    known = {"_id": 7, "message_id": "1", "content": "x", "updated_at": None, "language": "de"}
    made = plan([{"message_id": "1", "content": "x"}], {"1": known}, language=None)
    assert made.operations == []
    assert (made.inserted, made.updated, made.unchanged) == (0, 0, 1)


def test_only_the_fields_that_differ_are_set_and_what_enrichment_owns_is_left() -> None:
    known = {"message_id": "1", "content": "x", "is_read": False, "language": "de"}
    made = plan([{"message_id": "1", "content": "x", "is_read": True}], {"1": known}, language=None)
    assert made.operations == [
        UpdateOne({"message_id": "1"}, {"$set": {"is_read": True, "updated_at": NOW}})
    ]
    assert (made.inserted, made.updated, made.unchanged) == (0, 1, 0)


def test_the_language_is_not_compared_for_it_may_be_the_conversations() -> None:
    of_conversation = {
        "language": "pt",
        "language_confidence": None,
        "language_basis": "conversation",
    }
    own: Document = {"language": None, "language_confidence": None, "language_basis": None}
    known = {"message_id": "1", "content_hash": "a", **of_conversation}
    assert plan([{"message_id": "1", "content_hash": "a", **own}], {"1": known}).operations == []


def test_another_text_takes_its_own_language_and_makes_the_labels_void() -> None:
    own: Document = {"language": "en", "language_confidence": 0.9, "language_basis": "text"}
    labels: Document = {"sentiment": None, "topics": [], "enrichment_version": None}
    document = {"message_id": "1", "content_hash": "b", "price": 3, **own}
    assert renewed_message(document, {"price": 3, "is_read": True}) == {}
    assert renewed_message(document, {"content_hash": "b"}) == {**own, **labels}
    assert renewed_message(document, {"direction": "inbound"}) == {**own, **labels}


def test_a_field_that_was_never_stored_is_set_even_to_none() -> None:
    made = plan([{"message_id": "1", "stage": None}], {"1": {"message_id": "1"}})
    assert made.operations == [
        UpdateOne({"message_id": "1"}, {"$set": {"stage": None, "updated_at": NOW}})
    ]


def test_of_two_documents_with_one_key_the_later_wins_and_both_are_counted() -> None:
    made = plan([{"message_id": "1", "n": 1}, {"message_id": "1", "n": 2}], {})
    assert (made.inserted, made.updated, made.unchanged) == (1, 0, 1)
    assert made.operations == [
        InsertOne({"message_id": "1", "n": 2, "created_at": NOW, "updated_at": NOW})
    ]


def test_every_document_is_in_exactly_one_column() -> None:
    stored = {str(n): {"message_id": str(n), "n": n % 2} for n in range(20)}
    documents = [{"message_id": str(n % 30), "n": 0} for n in range(50)]
    made = plan(documents, stored)
    assert made.inserted + made.updated + made.unchanged == len(documents)
    assert len(made.operations) == made.inserted + made.updated


def test_a_private_attachments_new_address_is_no_change() -> None:
    for is_public in (False, None):
        known = with_file("https://x/old?sig=1", is_public=is_public)
        made = plan([with_file("https://x/new?sig=2", is_public=is_public)], {"1": known})
        assert (made.operations, made.unchanged) == ([], 1)


def test_a_public_attachments_new_address_is_a_change() -> None:
    made = plan(
        [with_file("https://x/new", is_public=True)],
        {"1": with_file("https://x/old", is_public=True)},
    )
    assert made.updated == 1


def test_an_attachment_that_became_public_or_that_came_on_top_is_a_change() -> None:
    private = with_file("https://x/a", is_public=False)
    assert plan([with_file("https://x/a", is_public=True)], {"1": private}).updated == 1
    second = {**private, "attachments": [*private["attachments"], {"id": "6", "url": "y"}]}
    assert plan([second], {"1": private}).updated == 1


def test_another_change_does_not_touch_the_kept_address_of_a_private_attachment() -> None:
    known = with_file("https://x/old", is_public=False, is_read=False)
    made = plan([with_file("https://x/new", is_public=False, is_read=True)], {"1": known})
    assert made.operations == [
        UpdateOne({"message_id": "1"}, {"$set": {"is_read": True, "updated_at": NOW}})
    ]


def test_the_differing_fields_are_named_in_the_documents_order() -> None:
    before = {"b": 1, "a": 1, "kept": 1}
    assert differing_fields(before, {"b": 2, "c": 1, "a": 1}, comparable_message) == ("b", "c")
