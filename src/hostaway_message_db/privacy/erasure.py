"""What is left of a record once its guest is forgotten. Pure.

What stays names nobody and keeps the figures right: ids, direction, moments, property,
channel, stage, the stay's dates, price and status. All else goes, the nationality too: a
country beside the dates of a stay can single a guest out.
"""

from dataclasses import replace

from hostaway_message_db.models.records import (
    Conversation,
    Erasure,
    Guest,
    Message,
    Quarantined,
    Reading,
    Reservation,
)

NOBODY = Guest(name=None, email=None, phone=None, nationality=None, nationality_basis=None)
NO_RAW = "null"


def erased_message(message: Message, erasure: Erasure = Erasure.REQUEST) -> Message:
    """Return the message without its text, its files and its guest."""
    stay = message.reservation
    return replace(
        message,
        guest=NOBODY,
        content="",
        content_html=None,
        reservation=erased_reservation(stay, erasure) if stay else None,
        attachments=(),
        source={},
        reading=Reading(),
        erasure=erasure,
    )


def erased_reservation(reservation: Reservation, erasure: Erasure = Erasure.REQUEST) -> Reservation:
    """Return the reservation without its guest."""
    return replace(
        reservation,
        guest_name=None,
        guest_email=None,
        guest_phone=None,
        guest_country=None,
        source={},
        erasure=erasure,
    )


def erased_conversation(
    conversation: Conversation, erasure: Erasure = Erasure.REQUEST
) -> Conversation:
    """Return the conversation without its guest."""
    return replace(
        conversation, recipient_name=None, recipient_email=None, source={}, erasure=erasure
    )


def erased_quarantined(record: Quarantined) -> Quarantined:
    """Return the stub of a quarantined record: its reasons name keys, never values."""
    return replace(record, raw=NO_RAW)
