"""The rest of the account: each entity on its beat, and none in the way of messages."""

from typing import Any

import pytest

from hostaway_message_db.models.entities import ENTITIES, Parent
from hostaway_message_db.simulator import SHELVES, FaultRule, Switches
from support.installation import Account, OpenAccount

UNLIMITED = Switches(rate_limit_requests=None)
ALL = {"SYNC_ENTITIES": "all"}
COLUMNS = ("inserted", "updated", "unchanged", "quarantined", "withheld", "unasked")


def check_accounted(report: Any) -> None:
    for name, columns in report["entities"].items():
        assert columns["extracted"] == sum(columns[c] for c in COLUMNS), name


def listed(account: Account) -> dict[str, int]:
    """Return how many rows the account itself has of each list."""
    world = account.simulator.world
    return {shelf.path: shelf.count(world) for shelf in SHELVES} | {"/users": 4}


def make_due(account: Account, *names: str) -> None:
    account.database["sync_state"].update_many(
        {"kind": "entity", "name": {"$in": list(names)}},
        [{"$set": {"read_at": {"$subtract": ["$read_at", 40 * 24 * 3600 * 1000]}}}],
    )


@pytest.fixture(scope="module")
def loaded(open_shared_account: OpenAccount) -> tuple[Account, Any]:
    account = open_shared_account(40, switches=UNLIMITED)
    return account, account.synced(**ALL)


def test_every_entity_is_brought_in_whole(loaded: tuple[Account, Any]) -> None:
    account, report = loaded
    check_accounted(report)
    assert report["entities"].keys() == {entity.name for entity in ENTITIES}
    rows = listed(account)
    for entity in ENTITIES:
        columns, collection = report["entities"][entity.name], account.database[entity.name]
        assert columns["inserted"] == columns["extracted"] == collection.count_documents({}) > 0
        assert columns["skipped"] is None
        if entity.parent is Parent.ACCOUNT:
            assert columns["inserted"] == rows[entity.path], entity.name
            assert columns["requests"] == 1, entity.name
    review = account.database["reviews"].find_one({"public_review": {"$ne": None}})
    assert review is not None
    stay = account.database["reservations"].find_one({"reservation_id": review["reservation_id"]})
    assert stay is not None
    assert stay["property_id"] == review["property_id"]
    country = account.database["countries"].find_one({"key": "PT"})
    assert country is not None
    assert country["name"] == "Portugal"
    days = account.database["calendars"]
    one = days.find_one()
    assert one is not None
    assert one["_id"] == f"{account.id}:{one['property_id']}:{one['date']}"
    assert days.count_documents({"property_id": one["property_id"]}) == 181
    assert account.differences() == []


def test_no_secret_of_any_entity_is_stored(loaded: tuple[Account, Any]) -> None:
    account, _report = loaded
    world = account.simulator.world
    secrets = {
        str(row[key]) for row in world.user_rows() for key in ("icalKey", "verificationCode")
    }
    stored = repr([list(account.database[e.name].find()) for e in ENTITIES])
    assert not [secret for secret in secrets if secret in stored]
    logs = account.database["reservation_logs"]
    assert logs.count_documents({"field": "doorCode"}) > 0
    assert logs.count_documents({"field": "doorCode", "source.newValue": {"$exists": True}}) == 0


def test_a_run_right_after_asks_for_no_entity_and_writes_nothing(
    loaded: tuple[Account, Any],
) -> None:
    account, _report = loaded
    before = {e.name: list(account.database[e.name].find()) for e in ENTITIES}
    account.control.clear_requests()
    report = account.synced(**ALL)
    assert report["entities"] == {}
    assert len(account.requests()) == report["request_count"] == 3
    make_due(account, "reviews", "calendars")
    due = account.synced(**ALL)
    assert due["entities"].keys() == {"reviews", "calendars"}
    assert all(c["unchanged"] == c["extracted"] > 0 for c in due["entities"].values())
    assert {e.name: list(account.database[e.name].find()) for e in ENTITIES} == before


def test_named_entities_are_read_now_and_alone(loaded: tuple[Account, Any]) -> None:
    account, _report = loaded
    before = account.run("status", "--json").json["last_complete_run_at"]
    account.control.change_entity("/reviews", 7003, publicReview="Changed their mind")
    account.control.clear_requests()
    report = account.synced("--entities", "reviews,countries")
    assert report["entities"].keys() == {"reviews", "countries"}
    assert report["entities"]["reviews"]["updated"] == 1
    assert report["conversations"]["listed"] == 0
    assert [r.template for r in account.requests()] == ["/reviews", "/countries"]
    changed = account.database["reviews"].find_one({"key": "7003"})
    assert changed is not None
    assert changed["public_review"] == "Changed their mind"
    assert account.run("status", "--json").json["last_complete_run_at"] == before
    assert account.run("sync", "--entities", "reviews,nonsense").code == 78
    assert account.run("status", SYNC_ENTITIES="nonsense").code == 78


def test_logs_are_read_again_of_changed_reservations_alone(loaded: tuple[Account, Any]) -> None:
    account, _report = loaded
    stay = account.database["reservation_logs"].find_one()
    assert stay is not None
    account.control.change_reservation(int(stay["reservation_id"]), status="modified")
    account.synced()
    account.control.clear_requests()
    account.synced("--entities", "reservation_logs")
    assert [r.path for r in account.requests()] == [
        f"/v1/reservations/{stay['reservation_id']}/logs"
    ]


def test_what_the_key_may_not_read_is_said_once_and_skipped(open_account: OpenAccount) -> None:
    account = open_account(12, switches=UNLIMITED)
    account.fault(
        FaultRule(effect="status", path="/reviews", status=403),
        FaultRule(effect="status", path="/users", status=404),
        FaultRule(effect="fail_200", path="/tasks"),
        FaultRule(effect="status", path="/listingUnits/{id}", status=404),
    )
    report = account.synced(**ALL)
    skipped = {n: c["skipped"] for n, c in report["entities"].items() if c["skipped"]}
    assert skipped == {
        "reviews": "access_denied",
        "users": "not_found",
        "tasks": "request_refused",
        "listing_units": "not_found",
    }
    assert report["failures"] == []
    assert account.database["users"].count_documents({}) == 0
    assert account.differences() == []
    account.control.clear_requests()
    assert account.synced(**ALL)["entities"] == {}
    shown = account.run("sync", "--entities", "reviews").output
    assert "reviews: not read (access_denied)" in shown


def test_an_entity_that_fails_is_left_and_the_messages_are_settled(
    open_account: OpenAccount,
) -> None:
    account = open_account(12, switches=UNLIMITED)
    account.fault(FaultRule(effect="status", path="/reviews", status=503))
    finished = account.sync(**ALL, HOSTAWAY_MAX_RETRIES="0")
    assert finished.code == 75
    assert [f["subject"] for f in finished.json["failures"]] == ["reviews"]
    assert finished.json["entities"]["countries"]["inserted"] == 3
    state = account.database["sync_state"].find_one({"kind": "account"})
    assert state is not None
    assert state["reservations_watermark"] is not None
    account.fault()
    assert account.synced(**ALL)["entities"].keys() == {"reviews"}


def test_rows_that_do_not_answer_the_filter_are_not_stored(open_account: OpenAccount) -> None:
    account = open_account(
        12, switches=Switches(rate_limit_requests=None, ignores_calendar_window=True)
    )
    report = account.synced("--entities", "messages,calendars", SYNC_CALENDAR_DAYS="10")
    check_accounted(report)
    columns = report["entities"]["calendars"]
    assert columns["unasked"] > 0
    now = account.simulator.world.options.now.date().isoformat()
    assert account.database["calendars"].count_documents({"date": {"$lt": now[:4]}}) == 0
    listings = account.database["listings"].count_documents({"is_archived": False})
    assert columns["inserted"] <= 11 * listings


def test_a_forgotten_guests_records_go_and_do_not_come_back(open_account: OpenAccount) -> None:
    account = open_account(40, switches=UNLIMITED)
    account.synced(**ALL)
    review = account.database["reviews"].find_one()
    assert review is not None
    stay = review["reservation_id"]
    held = [e.name for e in ENTITIES if account.database[e.name].find_one({"reservation_id": stay})]
    assert len(held) > 1
    exported = account.run(
        "export-guest", "--reservation", stay, "--output", "guest.json", "--json"
    ).json
    assert all(exported["counts"][name] > 0 for name in held)
    assert account.run("forget-guest", "--reservation", stay, "--yes").code == 0
    report = account.synced("--entities", "all")
    check_accounted(report)
    assert report["entities"]["reviews"]["withheld"] == 1
    for entity in ENTITIES:
        assert account.database[entity.name].count_documents({"reservation_id": stay}) == 0


def test_malformed_rows_go_to_quarantine_and_back(open_account: OpenAccount) -> None:
    account = open_account(12, switches=UNLIMITED)
    account.fault(FaultRule(effect="malformed", kind="null_id", path="/tasks"))
    finished = account.sync("--entities", "tasks")
    # A row without an id leaves the list unproved, too.
    assert finished.code in {65, 75}
    assert account.database["quarantine"].count_documents({"entity": "tasks"}) == 1
    assert account.run("replay").code == 0
    assert account.database["quarantine"].count_documents({"entity": "tasks"}) == 1


def test_a_calendar_is_read_again_when_its_window_moved(open_account: OpenAccount) -> None:
    account = open_account(12, switches=UNLIMITED)
    account.synced("--entities", "messages,calendars", SYNC_CALENDAR_DAYS="5")
    first = account.database["calendars"].count_documents({})
    report = account.synced("--entities", "calendars", SYNC_CALENDAR_DAYS="7")
    columns = report["entities"]["calendars"]
    assert (columns["unchanged"], columns["inserted"]) == (first, first // 6 * 2)
