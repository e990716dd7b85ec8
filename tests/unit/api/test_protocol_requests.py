"""What is asked of Hostaway, and which request follows a page."""

from typing import Any

import pytest

from hostaway_message_db.api import protocol
from hostaway_message_db.api.protocol import Envelope, ListRequest, Paging
from hostaway_message_db.errors import ListingStuck, TransportFailed


def rows(*ids: Any) -> list[Any]:
    return [{"id": identity} for identity in ids]


def read_to_the_end(
    wanted: ListRequest, pages: list[tuple[list[Any], int | None]]
) -> list[dict[str, str]]:
    """Feed pages to the walk; return the parameters of every request it made."""
    paging = Paging(wanted)
    asked = [dict(paging.first().params)]
    for page_rows, count in pages:
        request = paging.next(Envelope(page_rows, count))
        if request is None:
            break
        asked.append(dict(request.params))
    return asked


def test_conversations_are_asked_for_with_their_latest_message() -> None:
    request = Paging(protocol.conversations(500)).first()
    assert (request.method, request.path) == ("GET", "/conversations")
    assert dict(request.params) == {"includeResources": "1", "limit": "500"}
    assert request.needs_token


def test_messages_are_asked_for_with_the_scheduled_and_failed_ones() -> None:
    request = Paging(protocol.conversation_messages("77", 200)).first()
    assert request.path == "/conversations/77/messages"
    assert dict(request.params) == {"includeScheduledMessages": "1", "limit": "200"}


def test_reservations_come_in_their_default_order_which_is_newest_change_first() -> None:
    request = Paging(protocol.reservations(500)).first()
    assert request.path == "/reservations"
    assert dict(request.params) == {"limit": "500"}


def test_listings_are_asked_for_without_a_filter_so_that_archived_ones_come_too() -> None:
    assert dict(Paging(protocol.listings(100)).first().params) == {"limit": "100"}


def test_one_object_is_asked_for_by_its_path() -> None:
    request = protocol.single("/reservations", "12")
    assert (request.method, request.path, request.params) == ("GET", "/reservations/12", ())


def test_a_token_is_asked_for_by_a_form_with_scope_general_and_without_a_token() -> None:
    request = protocol.token_request("61234", "the-key")
    assert (request.method, request.path, request.needs_token) == ("POST", "/accessTokens", False)
    assert dict(request.form) == {
        "grant_type": "client_credentials",
        "client_id": "61234",
        "client_secret": "the-key",
        "scope": "general",
    }
    assert request.params == ()


def test_the_step_is_the_number_of_rows_that_came_not_the_number_asked_for() -> None:
    asked = read_to_the_end(
        protocol.conversations(500), [(rows(1, 2, 3), 8), (rows(4, 5, 6), 8), (rows(7, 8), 8)]
    )
    assert [params.get("offset") for params in asked] == [None, "3", "6"]
    assert {params["limit"] for params in asked} == {"500"}
    assert {params["includeResources"] for params in asked} == {"1"}


def test_a_list_without_a_count_ends_at_an_empty_page_only() -> None:
    asked = read_to_the_end(
        protocol.listings(2), [(rows(1, 2), None), (rows(3), None), ([], None), (rows(9), None)]
    )
    assert [params.get("offset") for params in asked] == [None, "2", "3"]


def test_a_list_ends_once_as_many_rows_came_as_the_count_says() -> None:
    paging = Paging(protocol.listings(2))
    assert paging.next(Envelope(rows(1, 2), 3)) is not None
    assert paging.next(Envelope(rows(3), 3)) is None


def test_a_count_that_grows_meanwhile_is_followed() -> None:
    paging = Paging(protocol.listings(2))
    assert paging.next(Envelope(rows(1, 2), 3)) is not None
    assert paging.next(Envelope(rows(3, 4), 5)) is not None
    assert paging.next(Envelope(rows(5), 5)) is None


def test_an_empty_page_ends_the_list_even_before_its_count() -> None:
    assert Paging(protocol.listings(2)).next(Envelope([], 100)) is None


def test_reservations_go_on_after_the_id_of_the_last_row_whatever_its_size() -> None:
    asked = read_to_the_end(
        protocol.reservations(3), [(rows(50, 9, 30), 6), (rows("7", 99, 4), 7), ([], 7)]
    )
    assert [params.get("afterId") for params in asked] == [None, "30", "4"]
    assert not any("offset" in params for params in asked)


def test_the_last_row_without_an_id_is_passed_over_for_the_one_before() -> None:
    asked = read_to_the_end(protocol.reservations(3), [([{"id": 5}, {"x": 1}, None], None)])
    assert asked[-1]["afterId"] == "5"


def test_reservations_without_any_id_cannot_be_gone_on_after() -> None:
    with pytest.raises(ListingStuck, match="without ids"):
        Paging(protocol.reservations(3)).next(Envelope([{"x": 1}], None))


@pytest.mark.parametrize("wanted", [protocol.listings(2), protocol.reservations(2)])
def test_the_same_page_twice_in_a_row_ends_a_walk_that_does_not_advance(
    wanted: ListRequest,
) -> None:
    for count in (10, None):
        paging = Paging(wanted)
        assert paging.next(Envelope(rows(1, 2), count)) is not None
        assert paging.next(Envelope(rows("1", "2"), count)) is None


def test_pages_of_rows_without_ids_are_not_taken_for_the_same_page() -> None:
    paging = Paging(protocol.listings(2))
    paging.next(Envelope([{}, {}], 10))
    assert paging.next(Envelope([{}, {}], 10)) is not None


def test_pages_that_share_some_rows_advance() -> None:
    paging = Paging(protocol.listings(2))
    paging.next(Envelope(rows(1, 2), 10))
    assert paging.next(Envelope(rows(2, 3), 10)) is not None


def test_a_list_that_passes_its_bound_is_given_up() -> None:
    paging = Paging(ListRequest("/x", 2, max_rows=4))
    assert paging.next(Envelope(rows(1, 2), None)) is not None
    with pytest.raises(ListingStuck, match="does not end after 4 rows"):
        paging.next(Envelope(rows(3, 4), None))


def test_a_conversation_has_a_lower_bound_than_the_account() -> None:
    assert protocol.conversation_messages("1", 10).max_rows < protocol.listings(10).max_rows


@pytest.mark.parametrize("result", [None, {}, {"1": {}}, "text", 3])
def test_a_list_whose_result_is_no_array_failed_in_transport(result: Any) -> None:
    with pytest.raises(TransportFailed, match="no array"):
        Paging(protocol.listings(2)).next(Envelope(result, 1))
