"""Which reservations are accounted for, and which conversations must be read. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from hostaway_message_db.models.records import Conversation, Reservation
from hostaway_message_db.ports import ConversationMark, ConversationState

LEAST_PLAUSIBLE_SHARE = 0.5
"""An account that lists less than this share of what it had is suspicious."""


def newest_change(reservations: Iterable[Reservation]) -> datetime | None:
    """Return the newest `updatedOn`: the server's clock, not ours."""
    return max((r.updated_on for r in reservations if r.updated_on), default=None)


def reaches_watermark(
    reservations: Iterable[Reservation], watermark: datetime | None, overlap: timedelta
) -> bool:
    """Tell whether a page holds a change strictly older than the watermark minus the overlap.

    The list comes newest change first (API reference 6), so all after it is older still.
    """
    if watermark is None:
        return False
    oldest_wanted = watermark - overlap
    return any(r.updated_on is not None and r.updated_on < oldest_wanted for r in reservations)


def changes_messages(stored: Reservation | None, listed: Reservation) -> bool:
    """Tell whether a reservation changed in what its messages are stored with."""
    return stored is None or _shown_in_messages(stored) != _shown_in_messages(listed)


def _shown_in_messages(reservation: Reservation) -> tuple[object, ...]:
    return (
        reservation.listing_id,
        reservation.guest_name,
        reservation.guest_email,
        reservation.guest_phone,
        reservation.guest_country,
        None if reservation.price is None else str(reservation.price),
        reservation.currency,
        reservation.status,
        reservation.arrival_date,
        reservation.departure_date,
        reservation.channel,
    )


def mark_of(
    conversation: Conversation,
    state: ConversationState | None,
    stored: Conversation | None = None,
) -> ConversationMark | None:
    """Return what to note of a listed conversation, or None when nothing changed.

    Its stamp is compared with the one of its last completed read; a stamp that moved, a
    conversation never read, one that waits already, and one that changed in what its
    messages show (the guest's name and address, the reservation) are pending.
    """
    if state is None:
        return _mark(conversation, is_pending=True)
    is_shown_differently = state.reservation_id != conversation.reservation_id or (
        stored is not None and _shown_of(stored) != _shown_of(conversation)
    )
    if state.listed_stamp == conversation.stamp and not is_shown_differently:
        return None
    moved = state.read_stamp != conversation.stamp
    return _mark(conversation, is_pending=state.is_pending or moved or is_shown_differently)


def _mark(conversation: Conversation, *, is_pending: bool) -> ConversationMark:
    return ConversationMark(
        conversation_id=conversation.conversation_id,
        reservation_id=conversation.reservation_id,
        listed_stamp=conversation.stamp,
        last_active_at=conversation.last_active_at,
        is_pending=is_pending,
    )


def _shown_of(conversation: Conversation) -> tuple[object, ...]:
    return conversation.recipient_name, conversation.recipient_email


def is_suspiciously_empty(listed: int, known: int) -> bool:
    """Tell whether an account shrank beyond belief: none left, or less than half."""
    return known > 0 and listed < known * LEAST_PLAUSIBLE_SHARE
