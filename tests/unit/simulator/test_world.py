"""The world: repeatable, lazy, plausible."""

import tracemalloc
from itertools import pairwise
from typing import Any

import pytest

from hostaway_message_db.simulator import NewMessage, World, WorldOptions
from hostaway_message_db.simulator.order import SortedRows
from hostaway_message_db.simulator.wire import encode


def test_equal_options_make_equal_bytes_and_another_seed_others(make_api: Any) -> None:
    one, two, other = (make_api(seed=seed, conversation_count=25) for seed in (3, 3, 4))
    for path in ("/conversations", "/reservations", "/listings", "/users"):
        assert one.get(path, includeResources=1).body == two.get(path, includeResources=1).body
    for noun in ("messages", "conversations", "reservations", "listings"):
        truth = one.send("GET", f"/control/truth/{noun}").body
        assert truth == two.send("GET", f"/control/truth/{noun}").body
        assert truth != other.send("GET", f"/control/truth/{noun}").body


def test_a_large_world_holds_only_keys() -> None:
    tracemalloc.start()
    world = World(WorldOptions(conversation_count=5_000))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert world.message_count > 30_000
    assert held < 5_000 * 100


def test_reading_a_large_world_does_not_fill_the_memory() -> None:
    world = World(WorldOptions(conversation_count=4_000))
    for index in range(4_000):
        world.conversation_row(index, with_resources=False)
    assert len(world._plans) <= 1024
    assert len(world._stories) <= 1024


def test_message_ids_are_unique_and_grow_with_insertion() -> None:
    world = World(WorldOptions(conversation_count=150))
    rows = [row for rows in world.all_messages() for row in rows]
    assert len({row["id"] for row in rows}) == len(rows) == world.message_count
    for one, two in pairwise(sorted(rows, key=lambda row: row["id"])):
        # Within a conversation two of one second are pushed apart, by a few seconds at most.
        assert one["insertedOn"][:15] <= two["insertedOn"][:15]


def test_scheduled_messages_lie_ahead_with_low_ids() -> None:
    world = World(WorldOptions(conversation_count=600))
    now = "2026-11-22 12:00:00"
    waiting = [r for rows in world.all_messages() for r in rows if r["status"] == "awaiting"]
    assert waiting
    assert all(row["date"] > now and row["insertedOn"] < now for row in waiting)
    assert all(row["communicationId"] for row in waiting)


def test_everything_else_lies_before_now_and_the_newest_is_hours_old() -> None:
    world = World(WorldOptions(conversation_count=300))
    sent = [
        row["date"] for index in range(300) for row in world.message_rows(index, unsent_too=False)
    ]
    assert max(sent) < "2026-11-22 12:00:00"
    assert max(sent) > "2026-11-22 08:00:00"
    assert min(sent) > "2025-04-01"


@pytest.mark.parametrize("count", [1, 10, 250])
def test_a_fixed_number_of_messages_is_exact(count: int) -> None:
    world = World(WorldOptions(conversation_count=40, messages_per_conversation=count))
    assert {len(rows) for rows in world.all_messages()} == {count}


def test_the_spread_of_messages_is_realistic() -> None:
    world = World(WorldOptions(conversation_count=3_000))
    counts = [world.story(index).message_count for index in range(3_000)]
    assert 7 < sum(counts) / len(counts) < 11
    assert max(counts) >= 80


def test_the_sample_has_the_variety_a_client_must_stand() -> None:
    world = World(WorldOptions(conversation_count=1_500))
    rows = [row for rows in world.all_messages() for row in rows]
    reservations = [world.reservation_row(n, with_resources=True) for n in range(1_500)]
    assert len({world.story(n).language for n in range(1_500)}) >= 16
    assert {row["communicationType"] for row in rows} == {"email", "channel", "sms", "whatsapp"}
    assert {"sent", "awaiting", "failed", "cancelled_by_user"} <= {row["status"] for row in rows}
    assert any("&nbsp;" in row["body"] for row in rows)
    assert any(row["body"] == "" and row["attachments"] for row in rows)
    assert any(row["userId"] for row in rows)
    assert {2018, 2005, 2002, 2000, 2013, 2007} == {row["channelId"] for row in reservations}
    assert {"DE", "Germany", "Deutschland", None} <= {row["guestCountry"] for row in reservations}
    assert any(row["doorCode"] for row in reservations)
    assert any(row["isDatesUnspecified"] for row in reservations)
    assert all(row["ccNumber"] is None for row in reservations)
    assert {b"0.1", b"1e3", b"99999.99"} <= {bytes(row["totalPrice"]) for row in reservations}
    assert all(r["phone"] is None for r in reservations if r["status"] in {"inquiry", "pending"})


def test_an_empty_world_is_a_world(make_api: Any) -> None:
    api = make_api(conversation_count=0)
    assert api.get("/conversations").json["count"] == 0
    assert api.get("/reservations").rows == []
    assert len(api.get("/listings").rows) == 3


def test_rows_move_and_keep_their_order() -> None:
    rows = SortedRows([5, 1, 3, 3])
    assert rows.page(0, 9, descending=True) == [0, 3, 2, 1]
    rows.move(1, 4)
    assert rows.append(3) == 4
    assert rows.page(1, 3, descending=True) == [1, 4, 3]
    assert rows.page_after(1, 2, descending=True) == [4, 3]
    assert rows.page_after(1, 2, descending=False) == [0]


@pytest.mark.parametrize("account", ["", "abc"])
def test_an_account_id_must_be_a_number(account: str) -> None:
    with pytest.raises(ValueError, match="account_id"):
        WorldOptions(account_id=account)


def test_a_changed_world_writes_json(make_api: Any) -> None:
    api = make_api(conversation_count=5)
    number = api.world.conversation_id(2)
    api.editor.add_message(NewMessage(conversation_id=number, body="👋"))
    assert "👋".encode() in encode(api.world.message_rows(2, unsent_too=True))
