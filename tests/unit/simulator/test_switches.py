"""Every switch of API reference 13.2."""

from typing import Any

import msgspec
import pytest

from hostaway_message_db.simulator import NewMessage, Switches


@pytest.mark.parametrize(
    ("switch", "path"),
    [
        ("conversation_cap", "/conversations"),
        ("reservation_cap", "/reservations"),
        ("listing_cap", "/listings"),
    ],
)
def test_a_cap_lowers_silently_or_refuses(api: Any, switch: str, path: str) -> None:
    api.switch(**{switch: 2})
    lowered = api.get(path, limit=50)
    assert len(lowered.rows) == 2
    assert lowered.json["limit"] == 2
    assert len(api.get(path).rows) == 2
    api.switch(over_limit="reject")
    refused = api.get(path, limit=50)
    assert refused.status == 400
    assert "limit" in refused.json["message"]
    assert len(api.get(path).rows) == 2


def test_the_cap_of_messages(make_api: Any) -> None:
    api = make_api(Switches(message_cap=4), messages_per_conversation=10)
    number = api.world.conversation_id(0)
    assert len(api.get(f"/conversations/{number}/messages", limit=500).rows) == 4
    api.switch(message_cap=None)
    assert len(api.get(f"/conversations/{number}/messages", limit=100_000).rows) == 10


def test_orders_of_conversations(api: Any) -> None:
    def ids() -> list[int]:
        return list(api.get("/conversations").ids)

    mostly = ids()
    assert ids() == mostly
    stamps = {
        row["id"]: max(row["messageSentOn"] or "", row["messageReceivedOn"] or "")
        for row in api.get("/conversations").rows
    }
    by_recency = sorted(mostly, key=lambda number: stamps[number], reverse=True)
    assert mostly != by_recency
    assert len(set(mostly[:20]) & set(by_recency[:30])) >= 10
    api.switch(conversation_order="insertion")
    assert ids() == sorted(mostly)
    api.switch(conversation_order="random_stable")
    assert ids() == ids() != sorted(mostly)
    api.switch(conversation_order="shuffled")
    one, two = ids(), ids()
    assert one != two
    assert sorted(one) == sorted(two) == sorted(mostly)


def test_a_new_message_brings_a_conversation_forward(api: Any) -> None:
    for index in range(0, 60, 5):
        api.editor.add_message(NewMessage(conversation_id=api.world.conversation_id(index)))
    front = set(api.get("/conversations", limit=20).ids)
    moved = {api.world.conversation_id(index) for index in range(0, 60, 5)}
    assert len(front & moved) >= 4


def test_the_order_of_messages(make_api: Any) -> None:
    api = make_api(messages_per_conversation=8)
    path = f"/conversations/{api.world.conversation_id(1)}/messages"
    newest = api.get(path).ids
    api.switch(message_order="oldest_first")
    assert api.get(path).ids == newest[::-1]


def test_what_is_left_out_without_resources(api: Any) -> None:
    assert "Reservation" not in api.get("/conversations").rows[0]
    api.switch(without_resources="empty")
    row = api.get("/conversations").rows[0]
    assert row["conversationMessages"] == []
    assert row["Reservation"] is None
    api.switch(without_resources="stamps_null")
    rows = api.get("/conversations").rows
    assert all(row["messageSentOn"] is row["messageReceivedOn"] is None for row in rows)
    full = api.get("/conversations", includeResources=1).rows
    assert any(row["messageReceivedOn"] for row in full)


def test_the_rate_limit_is_a_sliding_window(make_api: Any) -> None:
    api = make_api(Switches(rate_limit_requests=3, rate_limit_window_seconds=3600))
    assert [api.get("/users").status for _ in range(5)] == [200, 200, 200, 429, 429]
    refused = api.get("/users")
    assert "exceeded the rate limits" in refused.json["message"]
    assert refused.headers["X-RateLimit-Limit"] == "3"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["X-RateLimit-Applied"] == "account"
    assert int(refused.headers["X-RateLimit-Retry-After"]) > 1_700_000_000
    api.switch(rate_limit_headers="none")
    assert not [name for name in api.get("/users").headers if "limit" in name.lower()]
    api.switch(rate_limit_headers="retry_after_seconds")
    assert 3500 < int(api.get("/users").headers["Retry-After"]) <= 3600
    api.log_in()
    assert api.token
    api.switch(rate_limit_counts_tokens=True)
    api.log_in()
    assert not api.token


def test_the_window_slides(make_api: Any) -> None:
    api = make_api(Switches(rate_limit_requests=1, rate_limit_window_seconds=0))
    assert [api.get("/users").status for _ in range(4)] == [200] * 4
    api.switch(rate_limit_requests=None)
    assert api.get("/users").status == 200


def test_a_message_moves_the_reservation_or_not(api: Any) -> None:
    number = api.world.conversation_id(7)
    reservation = api.world.reservation_id(7)
    api.editor.add_message(NewMessage(conversation_id=number))
    moved = api.get("/reservations", limit=1).rows[0]
    assert moved["id"] == reservation
    assert moved["latestActivityOn"] <= moved["updatedOn"]
    api.switch(message_moves_reservation=False)
    before = api.get("/reservations").ids
    api.editor.add_message(NewMessage(conversation_id=api.world.conversation_id(3)))
    assert api.get("/reservations").ids == before


def test_a_conversation_can_name_its_listing(api: Any) -> None:
    api.switch(conversation_listing_id="listing")
    row = api.get("/conversations", limit=1, includeResources=1).rows[0]
    assert row["listingMapId"] == row["Reservation"]["listingMapId"]


def test_an_edit_moves_updated_on_or_not(api: Any) -> None:
    number = api.world.conversation_id(5)
    before = api.get(f"/conversations/{number}/messages").rows[0]
    silent = api.editor.edit_message(number, before["id"], "edited")
    assert (silent["body"], silent["updatedOn"]) == ("edited", before["updatedOn"])
    api.switch(edit_moves_updated_on=True)
    assert api.editor.edit_message(number, before["id"], "x")["updatedOn"] > before["updatedOn"]


def test_an_unsent_message_stays_or_vanishes(api: Any) -> None:
    number = api.world.conversation_id(5)
    path = f"/conversations/{number}/messages"
    gone = api.get(path).ids[0]
    api.editor.unsend_message(number, gone)
    assert gone in api.get(path).ids
    api.switch(unsent_message="vanishes")
    assert gone not in api.get(path).ids
    assert api.get(f"{path}/{gone}").status == 404


def test_a_share_of_conversations_has_no_reservation(api: Any) -> None:
    api.switch(share_without_reservation=0.5)
    rows = api.get("/conversations", includeResources=1).rows
    bare = [row for row in rows if row["reservationId"] is None]
    assert 10 < len(bare) < 50
    assert all(row["Reservation"] is None for row in bare)
    message = api.get(f"/conversations/{bare[0]['id']}/messages").rows
    assert all(row["reservationId"] is None for row in message)


def test_an_expired_token_is_403_or_401(api: Any) -> None:
    api.simulation.tokens.expire_all()
    assert api.get("/users").status == 403
    api.switch(expired_token_status=401)
    assert api.get("/users").status == 401


def test_a_missing_object_answers_as_the_switch_says(api: Any) -> None:
    answer = api.get("/conversations/1/messages")
    assert (answer.status, answer.json["status"]) == (404, "fail")
    api.switch(missing_object="html_404")
    answer = api.get("/reservations/1")
    assert answer.status == 404
    assert answer.body.startswith(b"<html")
    api.switch(missing_object="fail_200")
    answer = api.get("/listings/1")
    assert (answer.status, answer.json["status"]) == (200, "fail")
    assert api.get("/nothing").json["status"] == "fail"


def test_count_can_be_null(api: Any) -> None:
    api.switch(count="null")
    body = api.get("/conversations").json
    assert body["count"] is body["totalPages"] is None


def test_ids_can_be_strings(api: Any) -> None:
    api.switch(ids_as_strings=True)
    row = api.get("/conversations", includeResources=1).rows[0]
    assert isinstance(row["id"], str)
    assert isinstance(row["reservationId"], str)
    assert isinstance(row["Reservation"]["listingMapId"], str)
    line = api.send("GET", "/control/truth/messages").body.split(b"\n")[0]
    assert isinstance(msgspec.json.decode(line)["id"], str)


def test_a_young_token_is_refused(api: Any) -> None:
    api.switch(refuse_young_tokens=True, young_token_seconds=3600)
    assert api.get("/users").status == 403
    api.switch(young_token_seconds=0)
    assert api.get("/users").status == 200


@pytest.mark.parametrize("raw", [b'{"nonsense":1}', b'{"conversation_cap":0}', b"[]", b"{"])
def test_a_wrong_switch_is_refused_and_changes_nothing(api: Any, raw: bytes) -> None:
    before = api.world.switches
    assert api.send("PATCH", "/control/switches", raw).status == 400
    assert api.world.switches == before
