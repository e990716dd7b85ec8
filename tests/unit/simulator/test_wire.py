"""The wire: tokens, envelope, paging, order, shapes (API reference 3, 4, 6, 7)."""

from typing import Any

import pytest

from hostaway_message_db.simulator import NewMessage

FORM = "application/x-www-form-urlencoded"
PAIR = b"grant_type=client_credentials&client_id=61234&client_secret=simulator-key&scope=general"


def conversation_with(api: Any, least: int) -> int:
    world = api.world
    for index in range(world.conversation_count):
        if len(world.message_rows(index, unsent_too=False)) >= least:
            return int(world.conversation_id(index))
    raise AssertionError("no conversation is long enough")


def test_a_token_has_three_parts_and_is_not_enveloped(api: Any) -> None:
    answer = api.send("POST", "/v1/accessTokens", PAIR, kind=FORM)
    assert answer.status == 200
    assert set(answer.json) == {"token_type", "expires_in", "access_token"}
    assert answer.json["access_token"].count(".") == 2


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PAIR.replace(b"simulator-key", b"wrong"), FORM),
        (PAIR.replace(b"61234", b"1"), FORM),
        (PAIR, "application/json"),
        (b"", FORM),
    ],
)
def test_a_wrong_pair_or_another_body_is_an_invalid_client(
    api: Any, body: bytes, kind: str
) -> None:
    answer = api.send("POST", "/v1/accessTokens", body, kind=kind)
    assert answer.status == 401
    assert answer.json["error"] == "invalid_client"


@pytest.mark.parametrize("token", ["", "a.b.c"])
def test_no_or_a_wrong_token_is_forbidden(api: Any, token: str) -> None:
    api.token = token
    answer = api.get("/conversations")
    assert answer.status == 403
    assert answer.json == {
        "status": "fail",
        "message": "The resource owner or authorization server denied the request.",
    }


def test_a_revoked_token_is_refused(api: Any) -> None:
    api.send("DELETE", "/v1/accessTokens", query={"token": api.token})
    assert api.get("/conversations").status == 403


def test_the_envelope_counts_all_records_and_its_offset_is_null_on_a_first_page(api: Any) -> None:
    first = api.get("/conversations", limit=25).json
    assert list(first) == ["status", "result", "limit", "offset", "count", "page", "totalPages"]
    assert first["status"] == "success"
    assert (first["limit"], first["offset"], first["count"]) == (25, None, 60)
    assert (first["page"], first["totalPages"]) == (1, 3)
    second = api.get("/conversations", limit=25, offset=25).json
    assert (second["offset"], second["page"]) == (25, 2)


def test_the_default_limit_is_100(make_api: Any) -> None:
    api = make_api(conversation_count=120)
    assert len(api.get("/conversations").rows) == 100
    assert len(api.get("/reservations", limit="many").rows) == 100


def test_pages_by_offset_give_every_conversation_once(api: Any) -> None:
    seen = [
        i
        for offset in range(0, 70, 7)
        for i in api.get("/conversations", limit=7, offset=offset).ids
    ]
    assert len(seen) == 60
    assert len(set(seen)) == 60


def test_unknown_parameters_and_page_are_ignored(api: Any) -> None:
    plain = api.get("/conversations", limit=5).rows
    assert (
        api.get("/conversations", limit=5, page=2, since="2026-01-01", sortOrder="x").rows == plain
    )


def test_reservations_come_newest_change_first_with_ids_breaking_ties(api: Any) -> None:
    keys = [(row["updatedOn"], row["id"]) for row in api.get("/reservations").rows]
    assert keys == sorted(keys, reverse=True)
    rising = [
        (r["updatedOn"], r["id"]) for r in api.get("/reservations", sortOrder="updatedOn").rows
    ]
    assert rising == sorted(keys)


@pytest.mark.parametrize("order", ["", "updatedOn"])
def test_after_id_walks_through_all_reservations_and_ends_empty(api: Any, order: str) -> None:
    whole = api.get("/reservations", sortOrder=order).ids
    seen: list[int] = []
    query: dict[str, Any] = {}
    while ids := api.get("/reservations", limit=9, sortOrder=order, offset=3, **query).ids:
        seen += ids
        query = {"afterId": ids[-1]}
    assert seen == whole[3:]


def test_after_id_misses_only_a_row_that_jumps_to_the_front(api: Any) -> None:
    whole = api.get("/reservations").ids
    first = api.get("/reservations", limit=10).ids
    api.editor.change_reservation(whole[30], {"hostNote": "moved"})
    rest = api.get("/reservations", limit=100, afterId=first[-1]).ids
    assert set(whole) - set(first) - set(rest) == {whole[30]}
    assert api.get("/reservations", limit=1).ids == [whole[30]]


def test_an_offset_page_repeats_a_row_when_another_jumps_to_the_front(api: Any) -> None:
    first = api.get("/reservations", limit=10).ids
    api.editor.change_reservation(api.get("/reservations").ids[30], {})
    assert api.get("/reservations", limit=10, offset=10).ids[0] == first[-1]


def test_the_default_message_list_holds_only_sent_ones(api: Any) -> None:
    number = conversation_with(api, 2)
    api.editor.add_message(
        NewMessage(conversation_id=number, status="awaiting", date="2027-01-01 09:00:00")
    )
    default = api.get(f"/conversations/{number}/messages").rows
    full = api.get(f"/conversations/{number}/messages", includeScheduledMessages=1).rows
    assert {row["status"] for row in default} == {"sent"}
    assert "2027-01-01 09:00:00" in {row["date"] for row in full}
    assert len(full) > len(default)


def test_the_embedded_message_is_the_latest_one_in_another_shape(api: Any) -> None:
    number = conversation_with(api, 3)
    listed = api.get(f"/conversations/{number}/messages").rows[0]
    (embedded,) = api.get(f"/conversations/{number}", includeResources=1).rows[
        "conversationMessages"
    ]
    assert embedded["id"] == listed["id"]
    assert embedded["attachments"] is None
    assert "sentToChannelDate" in embedded
    assert "sentChannelDate" not in embedded
    assert "sentChannelDate" in listed
    assert "reasonFailed" not in listed
    assert "listingName" not in embedded


def test_the_stamps_are_the_dates_of_the_last_messages_each_way(api: Any) -> None:
    for row in api.get("/conversations", includeResources=1).rows:
        messages = api.get(f"/conversations/{row['id']}/messages").rows
        for field, way in (("messageSentOn", 0), ("messageReceivedOn", 1)):
            dates = [each["date"] for each in messages if each["isIncoming"] == way]
            assert row[field] == max(dates, default=None)


def test_a_conversation_has_neither_change_stamp_nor_channel(api: Any) -> None:
    row = api.get("/conversations", limit=1, includeResources=1).rows[0]
    assert not {"updatedOn", "insertedOn", "channelId"} & set(row)
    assert row["listingMapId"] == row["accountId"] == 61234
    assert "financeField" not in row["Reservation"]
    assert row["Reservation"]["id"] == row["reservationId"]


def test_single_objects_and_related_lists_agree_with_the_lists(api: Any) -> None:
    conversation = api.get("/conversations", limit=1).rows[0]
    number, reservation = conversation["id"], conversation["reservationId"]
    assert api.get(f"/conversations/{number}").rows == conversation
    assert api.get(f"/reservations/{reservation}/conversations").rows == [conversation]
    assert api.get("/conversations", reservationId=reservation).rows == [conversation]
    message = api.get(f"/conversations/{number}/messages").rows[0]
    one = api.get(f"/conversations/{number}/messages/{message['id']}").rows
    assert {**one, "attachments": []} == {**message, "attachments": []}
    listing = api.get(f"/reservations/{reservation}").rows["listingMapId"]
    assert api.get(f"/listings/{listing}").rows in api.get("/listings").rows
    assert api.get("/users").json["count"] == 4


def test_resources_are_left_out_of_the_reservation_list_unless_asked_for(api: Any) -> None:
    bare = api.get("/reservations", limit=1).rows[0]
    full = api.get("/reservations", limit=1, includeResources=1).rows[0]
    assert bare["customFieldValues"] == []
    assert bare["hostProxyEmail"] is None
    assert full["customFieldValues"]
    assert full["hostProxyEmail"]


def test_prices_reach_the_wire_digit_by_digit(api: Any) -> None:
    number = api.get("/reservations", limit=1).ids[0]
    for digits in (
        b"0.1",
        b"1e3",
        b"99999.99",
        b"1515.78",
        b"267",
        b"0.10",
        b"12345678901234567.89",
    ):
        body = b'{"reservation_id":%d,"fields":{"totalPrice":%s}}' % (number, digits)
        assert api.send("POST", "/control/reservations/change", body).status == 200
        assert b'"totalPrice":' + digits + b"," in api.get(f"/reservations/{number}").body
        assert b'"totalPrice":' + digits + b"," in api.get("/reservations", limit=1).body


def test_a_private_attachment_has_another_url_on_each_reading(api: Any) -> None:
    number = conversation_with(api, 1)
    message = api.get(f"/conversations/{number}/messages").ids[0]
    api.editor.add_attachment(number, message, "passport")
    api.editor.add_attachment(number, message, "guide", is_public=True)
    path = f"/conversations/{number}/messages/{message}"
    one, two = (api.get(path).rows["attachments"][-2:] for _ in range(2))
    assert one[0]["url"] != two[0]["url"]
    assert one[1]["url"] == two[1]["url"]


def test_listings_hold_the_secrets_a_client_must_drop(api: Any) -> None:
    for row in api.get("/listings").rows:
        assert row["doorSecurityCode"]
        assert row["wifiPassword"]
        assert row["keyPickup"]
