"""Rows of the further entities become records; the table that describes them is sound."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from hostaway_message_db.models.entities import (
    ENTITIES,
    Asked,
    Entity,
    EntityRecord,
    Paging,
    Parent,
    entity_named,
)
from hostaway_message_db.models.records import Quarantined
from hostaway_message_db.pipeline.entity_rows import answers, to_entity_record
from hostaway_message_db.pipeline.transform import SECRET_KEYS
from hostaway_message_db.simulator import World, create_app
from hostaway_message_db.simulator.app import simulation_of

ACCOUNT = "61234"
SERVED = simulation_of(create_app(World())).handlers.keys()


def record(name: str, row: Any, asked: Asked | None = None) -> EntityRecord:
    made = to_entity_record(entity_named(name), row, ACCOUNT, asked or Asked())
    assert isinstance(made, EntityRecord)
    return made


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
def test_each_row_of_the_table_is_whole(entity: Entity) -> None:
    assert entity.path.startswith("/")
    assert ("{parent}" in entity.path) is (entity.parent is not Parent.ACCOUNT)
    assert entity.secrets <= SECRET_KEYS
    assert entity.beat_hours >= 12
    reserved = {"_id", "account_id", "key", "reservation_id", "property_id", "changed_on", "source"}
    assert not reserved & entity.fields.keys()
    # Each has its sample: the simulator serves it.
    assert entity.path.replace("{parent}", "{id}") in SERVED


def test_no_two_entities_share_a_name_or_a_path() -> None:
    assert len({e.name for e in ENTITIES}) == len({e.path for e in ENTITIES}) == len(ENTITIES)


def test_adding_an_entity_takes_no_more_than_its_row() -> None:
    added = Entity(name="new_things", path="/newThings", paging=Paging.WHOLE, beat_hours=24)
    made = to_entity_record(added, {"id": "5", "unknownKey": [1]}, ACCOUNT, Asked())
    assert isinstance(made, EntityRecord)
    assert (made.key, made.source) == ("5", {"id": "5", "unknownKey": [1]})


def test_fields_are_read_by_their_kind_and_the_whole_row_is_kept() -> None:
    row = {
        "id": 7001, "reservationId": "12", "listingMapId": 9, "rating": Decimal("9.5"),
        "submittedAt": "2026-01-02 03:04:05", "departureDate": "2026-01-01 10:00:00",
        "publicReview": "Nice", "somethingNew": {"a": 1},
    }  # fmt: skip
    made = record("reviews", row)
    assert (made.key, made.reservation_id, made.property_id) == ("7001", "12", "9")
    assert made.fields["rating"] == Decimal("9.5")
    assert made.fields["submitted_at"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert made.fields["departure_date"] == "2026-01-01"
    assert made.source == row


@pytest.mark.parametrize(
    "nonsense", [None, {"a": 1}, [1], "nonsense", True, Decimal("NaN"), 10**40]
)
def test_what_a_field_cannot_be_made_of_leaves_it_null(nonsense: Any) -> None:
    row = {"id": 1, "rating": nonsense, "submittedAt": nonsense, "departureDate": nonsense}
    made = record("reviews", row)
    assert made.fields["submitted_at"] is None
    assert made.fields["departure_date"] is None
    assert made.fields["rating"] is None or made.fields["rating"] == 10**40
    assert record("users", {"id": 1, "isAdmin": nonsense}).fields["is_admin"] in {None, True}


@pytest.mark.parametrize("row", [None, 5, [], {}, {"id": None}, {"id": True}, {"id": ""}])
def test_what_cannot_be_identified_goes_to_quarantine(row: Any) -> None:
    made = to_entity_record(entity_named("reviews"), row, ACCOUNT, Asked())
    assert isinstance(made, Quarantined)
    assert made.entity == "reviews"
    assert made.reasons


def test_logs_are_known_by_their_source_too() -> None:
    asked = Asked(parent_id="12")
    one = record("reservation_logs", {"id": 1, "source": "reservation"}, asked)
    other = record("reservation_logs", {"id": 1, "source": "financeStandardField"}, asked)
    assert (one.key, other.key) == ("12:reservation:1", "12:financeStandardField:1")
    assert one.reservation_id == "12"


def test_secrets_are_dropped_and_so_are_the_logged_values_of_one() -> None:
    user = record("users", {"id": 1, "icalKey": "s3cret", "verificationCode": "s3cret"})
    assert "s3cret" not in repr(user.source)
    row = {"id": 1, "source": "reservation", "updatedField": "doorCode", "newValue": "s3cret"}
    logged = record("reservation_logs", {**row, "previousValue": "s3cret"}, Asked(parent_id="1"))
    assert "s3cret" not in repr(logged.source)
    kept = record("reservation_logs", {**row, "updatedField": "status"}, Asked(parent_id="1"))
    assert kept.source["newValue"] == "s3cret"


def test_rows_must_answer_what_was_asked_for() -> None:
    calendar, logs = entity_named("calendars"), entity_named("reservation_logs")
    asked = Asked(parent_id="9", first_day=date(2026, 1, 1), last_day=date(2026, 1, 31))
    assert answers(calendar, {"date": "2026-01-01"}, asked)
    assert answers(calendar, {"date": "2026-01-31", "listingMapId": "9"}, asked)
    assert not answers(calendar, {"date": "2026-02-01"}, asked)
    assert not answers(calendar, {"date": "2026-01-01", "listingMapId": 8}, asked)
    assert not answers(logs, {"reservationId": 8}, Asked(parent_id="9"))
    assert answers(entity_named("reviews"), {"listingMapId": 8}, Asked())


def test_a_beat_is_over_a_little_early() -> None:
    reviews, noon = entity_named("reviews"), datetime(2026, 1, 2, 12, tzinfo=UTC)
    assert reviews.is_due(None, noon)
    assert not reviews.is_due(datetime(2026, 1, 2, 9, tzinfo=UTC), noon)
    assert reviews.is_due(datetime(2026, 1, 1, 12, 4, tzinfo=UTC), noon)
