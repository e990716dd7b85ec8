"""The update: what changed is brought in, and only what changed is asked for."""

from decimal import Decimal

import msgspec
import pytest
from bson.decimal128 import Decimal128

from hostaway_message_db.simulator import FaultRule, Switches
from hostaway_message_db.utils.clock import SystemClock
from support.installation import MESSAGES, OpenAccount

UNLIMITED = Switches(rate_limit_requests=None)


def test_everything_that_can_change_arrives_and_nothing_else_is_asked_for(
    open_account: OpenAccount,
) -> None:
    account = open_account(
        30, switches=Switches(rate_limit_requests=None, share_without_reservation=0.2)
    )
    control = account.control
    truth = account.truth()
    rows = [truth.conversation_rows[str(i)] for i in account.conversation_ids()]
    with_stay = [row for row in rows if row["reservationId"] is not None]
    without_stay = next(row["id"] for row in rows if row["reservationId"] is None)
    ids = [row["id"] for row in with_stay[:6]]
    planned = control.schedule_message(ids[4], "<p>Your key code</p>", "2027-01-01 09:00:00")
    account.synced()
    held = account.database["messages"].find_one({"message_id": str(planned["id"])})
    assert held is not None
    assert held["status"] == "awaiting"

    control.add_message(ids[0], "Is there parking?")
    control.add_message(ids[1], "Yes, in the yard.", direction="outgoing")
    edited = next(iter(truth.messages_of(str(ids[2]))))
    control.edit_message(ids[2], int(edited), "Edited in place, same id")
    control.add_message(ids[2], "and a new one")
    late = control.add_message(ids[3], "Written long ago", date="2025-06-01 08:00:00")
    control.release_message(ids[4], planned["id"])
    control.change_reservation(
        with_stay[5]["reservationId"],
        totalPrice=msgspec.Raw(b"1e3"),
        guestName="Ana María Ñ.",
        guestEmail="ana@example.com",
        guestCountry="Brasil",
        status="modified",
    )
    listing = next(control.truth_listings())["id"]
    control.rename_listing(listing, "The Renamed House")
    inquiry = control.add_inquiry(guestName="Zoë")
    control.add_message(inquiry["id"], "Is it free in May?")
    silent = control.add_conversation()
    control.add_message(without_stay, "I have no reservation")

    control.clear_requests()
    report = account.synced()
    assert account.differences() == []
    read = {*ids, inquiry["id"], silent["id"], without_stay}
    assert sorted(account.asked()) == sorted(map(str, read))
    assert report["conversations"]["changed"] == report["conversations"]["read"] == len(read)
    assert report["messages"]["inserted"] == 6
    messages = account.database["messages"]
    assert messages.count_documents({"property.name": "The Renamed House"}) > 0
    arrived = messages.find_one({"message_id": str(late["id"])})
    assert arrived is not None
    assert arrived["timestamp"].year == 2025
    changed = messages.find_one({"conversation_id": str(ids[5])})
    assert changed is not None
    assert changed["reservation"]["price"] == Decimal128(Decimal("1e3"))
    assert changed["guest"]["nationality"] == "BR"
    assert account.synced()["messages"]["extracted"] == 0


def test_an_update_moves_updated_at_of_what_changed_alone(open_account: OpenAccount) -> None:
    account = open_account(8)
    conversation = account.conversation_ids()[3]
    edited = next(iter(account.truth().messages_of(str(conversation))))
    account.synced()
    before = {d["message_id"]: d for d in account.database["messages"].find()}
    account.control.edit_message(conversation, int(edited), "Another text")
    added = account.control.add_message(conversation, "Hello again")
    account.synced()
    after = {d["message_id"]: d for d in account.database["messages"].find()}
    moved = {i for i, d in after.items() if before.get(i, {}).get("updated_at") != d["updated_at"]}
    assert moved == {edited, str(added["id"])}
    assert after[edited]["created_at"] == before[edited]["created_at"]
    assert after[edited]["_id"] == before[edited]["_id"]


def test_messages_are_found_when_they_do_not_move_their_reservation(
    open_account: OpenAccount,
) -> None:
    account = open_account(
        switches=Switches(rate_limit_requests=None, message_moves_reservation=False)
    )
    account.synced()
    account.control.add_message(account.conversation_ids()[0], "Nothing else tells of me")
    assert account.synced()["messages"]["inserted"] == 1
    assert account.differences() == []


def test_silent_edits_of_recently_active_conversations_are_found(
    open_account: OpenAccount,
) -> None:
    account = open_account(now=SystemClock().now(), messages_per_conversation=4)
    account.synced()
    conversation = account.conversation_ids()[-1]
    edited = min(account.truth().messages_of(str(conversation)))
    account.control.edit_message(conversation, int(edited), "Silently edited")
    account.control.clear_requests()
    assert account.synced()["conversations"]["read"] == 0
    report = account.synced(SYNC_RECENT_DAYS="365", SYNC_RECENT_REREAD_HOURS="0")
    assert report["conversations"]["read"] > 0
    assert report["messages"]["updated"] == 1
    assert account.differences() == []


def test_a_message_that_vanishes_is_marked_unsent_and_keeps_its_text(
    open_account: OpenAccount,
) -> None:
    account = open_account(switches=Switches(rate_limit_requests=None, unsent_message="vanishes"))
    conversation = account.conversation_ids()[0]
    unwanted = account.control.add_message(conversation, "I should not have said this")
    kept = account.control.add_message(conversation, "Please forget my last message")
    account.synced()
    account.control.unsend_message(conversation, unwanted["id"])
    account.control.add_message(conversation, "Thank you")
    report = account.synced()
    assert report["unsent_messages"] == 1
    gone = account.database["messages"].find_one({"message_id": str(unwanted["id"])})
    assert gone is not None
    assert gone["is_unsent"] is True
    assert gone["content"] == "I should not have said this"
    stays = account.database["messages"].find_one({"message_id": str(kept["id"])})
    assert stays is not None
    assert stays["is_unsent"] is False
    before = list(account.database["messages"].find())
    assert account.synced("--full")["unsent_messages"] == 0
    assert list(account.database["messages"].find()) == before
    assert account.run("verify").code == 0


def test_a_message_that_arrives_between_the_list_and_its_messages_is_not_lost(
    open_account: OpenAccount,
) -> None:
    account = open_account()
    late = str(account.conversation_ids()[2])
    account.fault(
        FaultRule(
            effect="message_arrives",
            path="/conversations",
            first=1,
            conversation_id=None,
            row=3,
            message="after the list",
        ),
        FaultRule(
            effect="message_arrives",
            path=MESSAGES,
            conversation_id=int(late),
            first=1,
            message="after the messages",
        ),
    )
    account.synced()
    account.control.clear_requests()
    account.control.clear_faults()
    account.synced()
    assert account.differences() == []
    assert late in account.asked()


def test_reservations_that_jump_pages_while_they_are_read_are_all_there(
    open_account: OpenAccount,
) -> None:
    account = open_account(25, switches=Switches(rate_limit_requests=None, reservation_cap=7))
    account.fault(FaultRule(effect="reservation_jumps", path="/reservations"))
    account.synced()
    account.control.clear_faults()
    account.synced()
    assert account.differences() == []


def test_a_reservation_moved_by_nothing_but_its_stamp_reads_no_messages(
    open_account: OpenAccount,
) -> None:
    account = open_account()
    account.synced()
    reservation = next(account.control.truth_reservations())["id"]
    account.control.change_reservation(reservation, hostNote="seen")
    account.control.clear_requests()
    account.synced()
    assert account.asked() == []
    assert account.differences() == []


@pytest.mark.parametrize("missing_object", ["json_404", "html_404", "fail_200"])
def test_a_message_of_an_unknown_reservation_and_listing_is_stored_all_the_same(
    open_account: OpenAccount, missing_object: str
) -> None:
    account = open_account(6)
    account.control.set_switches(missing_object=missing_object)
    lost = account.control.add_message(
        account.conversation_ids()[0],
        "Whose am I?",
        fields={"reservationId": 987_654_321, "listingMapId": 123_456_789},
    )
    report = account.synced()
    assert report["conversations"]["failed"] == 0
    stored = account.database["messages"].find_one({"message_id": str(lost["id"])})
    assert stored is not None
    assert stored["reservation"]["id"] == "987654321"
    assert stored["reservation"]["price"] is None
    assert stored["property"] == {"id": "123456789", "name": None}
