"""The switches: every behaviour of the API whose truth is unknown (API reference 13.2).

The first value named in each comment is the reference's proposed default. All can be
changed while the simulator runs, through the control door.
"""

from typing import Annotated, Literal

import msgspec

Cap = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Seconds = Annotated[float, msgspec.Meta(ge=0.0)]


class Switches(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How this Hostaway behaves where nobody knows how the real one does.

    Guarantees: immutable; a change makes a new one (`changed`), so a request sees one
    consistent set from its start to its end.
    """

    conversation_cap: Cap | None = 500
    message_cap: Cap | None = 500
    reservation_cap: Cap | None = 500
    listing_cap: Cap | None = 500
    over_limit: Literal["lower", "reject"] = "lower"
    conversation_order: Literal["recency_mostly", "insertion", "random_stable", "shuffled"] = (
        "recency_mostly"
    )
    message_order: Literal["newest_first", "oldest_first"] = "newest_first"
    without_resources: Literal["absent", "empty", "stamps_null"] = "absent"
    rate_limit_requests: Cap | None = 200
    rate_limit_window_seconds: Seconds = 10.0
    rate_limit_headers: Literal["full", "none", "retry_after_seconds"] = "full"
    rate_limit_counts_tokens: bool = False
    message_moves_reservation: bool = True
    conversation_listing_id: Literal["account", "listing"] = "account"
    edit_moves_updated_on: bool = False
    unsent_message: Literal["stays", "vanishes"] = "stays"
    share_without_reservation: Share = 0.0
    expired_token_status: Literal[403, 401] = 403
    missing_object: Literal["json_404", "html_404", "fail_200"] = "json_404"
    count: Literal["present", "null"] = "present"
    ids_as_strings: bool = False
    latency_seconds: Seconds = 0.0
    ignores_calendar_window: bool = False
    file_status: Annotated[int, msgspec.Meta(ge=200, le=599)] = 200
    refuse_young_tokens: bool = False
    young_token_seconds: Seconds = 1.0

    def changed(self, raw: bytes) -> "Switches":
        """Return these switches with the JSON object's members put in place.

        Raises:
            msgspec.ValidationError: an unknown switch or a value it does not have.
        """
        given = msgspec.json.decode(raw, type=dict[str, object])
        merged = {**msgspec.to_builtins(self), **given}
        return msgspec.convert(merged, type=Switches)
