"""What may happen: how Hostaway behaves, what goes wrong, where a run is cut."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from hostaway_message_db.simulator import FaultRule, Switches, WorldOptions
from property.sync_machine.account import Account
from property.sync_machine.door import Cut, CutKind

NUMBERS = st.integers(0, 30)
STEPS = st.integers(1, 35) | st.integers(1, 90)
CAPS = st.sampled_from([500, 2, 2, 3])
ALL_CAPS = ("conversation_cap", "message_cap", "reservation_cap", "listing_cap")

BODIES = st.sampled_from(
    [
        "Hello!",
        "",
        "<p>Is <b>parking</b> free &amp; near?</p><br>Thanks",
        "\u05e9\u05dc\u05d5\u05dd \U0001f44b\U0001f3fd n\u0303 \u200d\ufe0f",
        " spaces \r\n\r\n and lines ",
        "$where: 1; {'$gt': ''}",
    ]
)
PRICES: st.SearchStrategy[dict[str, Any]] = (
    st.sampled_from(
        ["0", "0.1", "1e3", "1234.50", "1234.5", "99999999999999999999.9999999999999", "null"]
    )
    | st.decimals(0, 10**7, places=3).map(str)
).map(lambda digits: {"totalPrice": msgspec.Raw(digits.encode())})
GUESTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "guestName": st.sampled_from(["Zo\u00eb", "\u0141ukasz", "", None]),
        "guestEmail": st.sampled_from(["zoe@example.com", None]),
        "phone": st.sampled_from(["+351 912 345 678", None]),
        "guestCountry": st.sampled_from(["DE", "Deutschland", "nowhere", None]),
        "status": st.sampled_from(["new", "modified", "cancelled"]),
    },
)
LISTINGS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"name": st.sampled_from(["Casa Azul", "Casa Verde", None])}),
    st.fixed_dictionaries({"specialStatus": st.sampled_from(["archived", None])}),
)

OVERLAPS = st.sampled_from([timedelta(hours=1), timedelta(0)])
WORLDS = st.builds(
    WorldOptions,
    seed=st.integers(1, 1000),
    conversation_count=st.integers(1, 4),
    messages_per_conversation=st.sampled_from([1, 3, None]),
    listing_count=st.integers(1, 3),
)

# Switches of how rows are sent: they change no row's content, and so may change at any time.
WIRE: dict[str, st.SearchStrategy[Any]] = {
    "conversation_cap": CAPS,
    "message_cap": CAPS,
    "reservation_cap": CAPS,
    "listing_cap": st.sampled_from([500, 1, 2]),
    "over_limit": st.sampled_from(["lower", "reject"]),
    "conversation_order": st.sampled_from(
        ["recency_mostly", "insertion", "random_stable", "shuffled"]
    ),
    "message_order": st.sampled_from(["newest_first", "oldest_first"]),
    "count": st.sampled_from(["present", "null"]),
    "conversation_listing_id": st.sampled_from(["account", "listing"]),
    "message_moves_reservation": st.booleans(),
    "expired_token_status": st.sampled_from([403, 401]),
    "missing_object": st.sampled_from(["json_404", "html_404", "fail_200"]),
}
# Switches that change what rows contain, without any trace in the conversation list.
CONTENT: dict[str, st.SearchStrategy[Any]] = {
    "ids_as_strings": st.booleans(),
    "share_without_reservation": st.sampled_from([0.0, 0.4, 1.0]),
}
SILENT: dict[str, st.SearchStrategy[Any]] = {
    "unsent_message": st.sampled_from(["vanishes", "stays"]),
    "edit_moves_updated_on": st.booleans(),
}


def some_of(switches: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Choose values for some switches."""
    return st.fixed_dictionaries({}, optional=switches).map(_possible)


def _possible(chosen: dict[str, Any]) -> dict[str, Any]:
    """A Hostaway that refuses larger limits takes at least the documented default of 100."""
    if chosen.get("over_limit") == "reject":
        return {**chosen, **dict.fromkeys(ALL_CAPS, 100)}
    lowers = {"over_limit": "lower"} if chosen.keys() & set(ALL_CAPS) else {}
    return {**chosen, **lowers}


def switches_at_first() -> st.SearchStrategy[Switches]:
    """Choose how Hostaway behaves when a history begins; half the time its pages are small."""
    pages: st.SearchStrategy[dict[str, Any]] = st.sampled_from([{}, dict.fromkeys(ALL_CAPS, 2)])
    return st.builds(
        lambda small, chosen: msgspec.convert(
            {"rate_limit_requests": None, **small, **chosen}, type=Switches
        ),
        pages,
        some_of({**WIRE, **CONTENT, **SILENT}),
    )


PATHS = st.sampled_from(
    [None, "/conversations", "/conversations/{id}/messages", "/reservations", "/listings"]
)
LISTS = st.sampled_from(["/conversations", "/conversations/{id}/messages", "/reservations"])


def _struck(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[FaultRule]:
    """Strike one request, every so many, or some by chance."""
    which = st.one_of(
        st.fixed_dictionaries({"nth": st.integers(1, 4) | st.integers(1, 12)}),
        st.fixed_dictionaries({"every": st.integers(2, 6)}),
        st.fixed_dictionaries({"probability": st.sampled_from([0.1, 0.4])}),
        st.fixed_dictionaries({"first": st.integers(1, 8)}),
    )
    return st.builds(
        lambda chosen, when: FaultRule(**chosen, **when), st.fixed_dictionaries(fields), which
    )


def _of(*effects: str) -> st.SearchStrategy[str]:
    return st.sampled_from(effects)


# Faults of the wire: what a row says is never wrong.
TRANSPORT_FAULTS = st.one_of(
    _struck(
        effect=st.just("status"),
        path=PATHS,
        status=st.just(429),
        headers=_of("full", "none", "retry_after_seconds"),
        retry_after_seconds=st.sampled_from([1.0, 5.0, 90.0]),
    ),
    _struck(effect=st.just("status"), path=PATHS, status=st.sampled_from([500, 502, 503])),
    _struck(effect=_of("reset", "truncated_json", "not_json"), path=PATHS),
    # Not tried again: it fails a page of a list in the midst of it.
    _struck(effect=st.just("fail_200"), path=LISTS),
    _struck(effect=st.just("expire_tokens"), path=PATHS),
    _struck(effect=_of("duplicate_page", "duplicate_message", "empty_page"), path=PATHS),
)
# Faults that move rows between two pages: the account changes while it is read.
MOVING_FAULTS = st.one_of(
    _struck(effect=st.just("reservation_jumps"), path=st.just("/reservations")),
    _struck(effect=st.just("message_arrives"), path=LISTS, row=st.integers(0, 6)),
)
# Faults of rows: what cannot be understood, and what nobody knows.
ROW_FAULTS = st.one_of(
    _struck(
        effect=st.just("malformed"),
        path=LISTS,
        kind=_of("null_id", "wrong_type", "missing_date", "bad_date", "odd_unicode",
                 "lone_surrogate", "invalid_utf8", "not_an_object"),
        row=st.integers(0, 6),
    ),
    _struck(effect=_of("unknown_keys", "unknown_enum"), path=PATHS),
)  # fmt: skip


def plans(*kinds: st.SearchStrategy[FaultRule]) -> st.SearchStrategy[list[FaultRule]]:
    """Choose what goes wrong in a run."""
    return st.lists(st.one_of(*kinds), min_size=1, max_size=3)


CUTS = st.builds(Cut, step=STEPS, kind=st.sampled_from(list(CutKind)), is_done=st.booleans())

Happening = Callable[[Account], None]


def _happening(name: str, number: int) -> Happening:
    def happen(account: Account) -> None:
        match name:
            case "conversation":
                account.add_conversation(number, "new here")
            case "reservation":
                account.change_reservation(number, totalPrice=number)
            case "listing":
                account.change_listing(number, name=f"Renamed {number}")
            case "release":
                account.release_message(number)
            case _:
                account.add_message(number, "meanwhile")

    return happen


HAPPENINGS = st.builds(
    _happening,
    st.sampled_from(["message", "conversation", "reservation", "listing", "release"]),
    NUMBERS,
)
