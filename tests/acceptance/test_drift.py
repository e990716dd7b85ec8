"""The schema drifts: new keys are kept and announced once, changed types are put aside."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hostaway_message_db.models.records import Conversation, Message, Stamp
from hostaway_message_db.pipeline.raw_records import RawMessage
from hostaway_message_db.pipeline.transform import read_record, to_message
from hostaway_message_db.simulator import FaultRule
from support.installation import MESSAGES, OpenAccount

SAMPLES = Path(__file__).parents[1] / "samples"
SHAPES = sorted(SAMPLES.glob("messages-*.json"))


def test_unknown_keys_are_kept_counted_and_announced_once(open_account: OpenAccount) -> None:
    account = open_account(5, messages_per_conversation=3)
    account.fault(FaultRule(effect="unknown_keys"))
    entities = ("conversation", "listing", "message", "reservation")
    names = sorted(f"{entity}.{key}" for entity in entities for key in ("carrierPigeon", "x-new"))
    finished = account.sync()
    assert finished.code == 0
    first = finished.json
    assert first["newly_unknown_keys"] == names
    assert sorted(first["unknown_keys"]) == names
    for entity, count in (("message", first["messages"]["extracted"]), ("conversation", 5)):
        assert first["unknown_keys"][f"{entity}.carrierPigeon"] == count
        assert first["unknown_keys"][f"{entity}.x-new"] == count
    for collection in ("messages", "conversations", "reservations", "listings"):
        for document in account.database[collection].find():
            assert document["source"]["x-new"] == 1
            assert document["source"]["carrierPigeon"]["name"] == "Bob"
    assert finished.errors.count("schema_drift") == len(names)

    again = account.sync("--full")
    assert again.code == 0
    assert again.json["newly_unknown_keys"] == []
    assert again.json["unknown_keys"]["message.x-new"] == first["messages"]["extracted"]
    assert "schema_drift" not in again.errors

    account.control.clear_faults()
    account.synced("--full")
    assert account.differences() == []


def test_a_changed_type_is_put_aside_with_its_reason(open_account: OpenAccount) -> None:
    fields = ("body", "isIncoming", "date", "status", "communicationType")
    account = open_account(len(fields) + 1, messages_per_conversation=3)
    field_of = dict(zip(map(str, account.conversation_ids()), fields, strict=False))
    account.fault(
        *(
            FaultRule(
                effect="malformed",
                kind="wrong_type",
                field=field,
                path=MESSAGES,
                conversation_id=int(conversation),
            )
            for conversation, field in field_of.items()
        )
    )
    finished = account.sync()
    assert finished.code == 65, finished.output
    report = finished.json
    assert report["messages"]["quarantined"] == report["quarantine"]["new"] == len(fields)
    aside = list(account.database["quarantine"].find())
    assert {document["conversation_id"] for document in aside} == set(field_of)
    for document in aside:
        field = field_of[document["conversation_id"]]
        assert document["entity"] == "message"
        assert any(reason.startswith(field) for reason in document["reasons"]), document
        assert json.loads(document["raw"])[field] == {"not": ["expected"]}
    left_out = frozenset(document["record_id"] for document in aside)
    assert account.differences(unless=left_out) == []
    account.control.clear_faults()
    account.synced("--full")
    assert account.differences() == []
    assert account.database["quarantine"].count_documents({}) == 0


# --- the oldest and the newest real shapes -----------------------------------------------------


def _rows(path: Path) -> list[dict[str, Any]]:
    rows = json.loads(path.read_bytes(), parse_float=Decimal)["result"]
    assert rows
    return list(rows)


def _transformed(row: dict[str, Any]) -> Message:
    conversation = Conversation(
        conversation_id=str(row["conversationId"]),
        account_id=str(row["accountId"]),
        reservation_id=None,
        recipient_name="A Guest",
        recipient_email=None,
        has_unread_messages=False,
        message_sent_on=None,
        message_received_on=None,
        stamp=Stamp(None, None, None),
        source={},
    )
    raw = read_record(RawMessage, row, account_id="1", entity="message")
    assert isinstance(raw, RawMessage), raw
    return to_message(raw, row, conversation, None, None)


@pytest.mark.parametrize("path", SHAPES, ids=[path.stem for path in SHAPES])
def test_every_shape_known_since_2018_is_understood(path: Path) -> None:
    for row in _rows(path):
        message = _transformed(row)
        assert message.message_id == str(row["id"])
        assert (message.direction == "inbound") == bool(row["isIncoming"])
        assert message.content
        assert message.message_type in {"email", "channel", "sms", "whatsapp"}
        first = row.get("sentChannelDate") or row.get("date") or row["insertedOn"]
        assert f"{message.timestamp:%Y-%m-%d %H:%M:%S}" == first


def test_the_shapes_differ_as_the_years_did() -> None:
    assert [path.stem for path in SHAPES] == ["messages-2018", "messages-2022", "messages-2025"]
    oldest, middle, newest = (set(_rows(path)[0]) for path in SHAPES)
    assert "communicationType" in oldest & newest
    assert "communicationType" not in middle
    assert "channelId" in (middle & newest) - oldest
    assert newest - middle == {"userId", "attachments", "communicationType"}


def test_what_the_shapes_say_comes_out_alike() -> None:
    by_year = [[_transformed(row) for row in _rows(path)] for path in SHAPES]
    (asked, answered), (html, airbnb), (booking, mail, file) = by_year
    assert (asked.message_type, answered.message_type) == ("email", "channel")
    # Without `communicationType`: by channel when there is one, else by mail (contract 3.3).
    assert (html.message_type, airbnb.message_type) == ("email", "channel")
    assert html.content == "Hello Pat,\n\nthe shed is open."
    assert html.content_html == _rows(SHAPES[1])[0]["body"]
    assert (booking.channel.name, airbnb.channel.name) == ("bookingcom", "airbnbOfficial")
    assert (booking.message_type, mail.message_type) == ("channel", "email")
    assert [part.name for part in file.attachments] == ["plan"]
    assert booking.source["bookingcomSubthreadId"] == _rows(SHAPES[2])[0]["bookingcomSubthreadId"]
