"""The rows of messages, in the two shapes the API gives them.

The message list and the conversation's embedded latest message differ in shape
(API reference 7.2, 7.4, 12 row 3).
"""

from typing import Any, NamedTuple

from hostaway_message_db.simulator.bodies import Setting, write_body
from hostaway_message_db.simulator.clock import stamp
from hostaway_message_db.simulator.dice import Dice, mix
from hostaway_message_db.simulator.plans import Planned
from hostaway_message_db.simulator.stories import (
    AIRBNB,
    BOOKINGCOM,
    DIRECT,
    ENGINE,
    ROW,
    Story,
)
from hostaway_message_db.simulator.texts import Phrases

Row = dict[str, Any]

FIRST_USER_ID = 8801
USER_COUNT = 4
TEMPORARY_URL_DAYS = 7
FILES_HOST = "https://files.hostaway.invalid"
"""Where files lie while nobody serves them."""
_SPREAD, _MASK = 0x9FB21C651E98DF25, (1 << 64) - 1
# Keys of the embedded form that the list does not have (API reference 7.4).
EMBEDDED_ONLY: Row = {
    "whatsappTemplateId": None,
    "ccEmail1": None,
    "ccEmail2": None,
    "subject": None,
    "bodyTemplate": "",
    "isSeenBy": None,
    "isSeenAt": None,
    "originatedBy": "system",
    "objectKey": None,
    "sentToChannelDate": None,
    "sentToChannelAttemptDate": None,
    "messageSource": None,
    "reasonFailed": None,
    "readableReasonFailed": None,
    "isUnique": None,
    "isUniquePerCommunication": 1,
    "retryCount": 0,
    "Reservation": None,
    "ListingMap": None,
    "Conversation": None,
    "communicationName": None,
    "twilioMessageIdConversationMessageId": None,
    "attachment": None,
    "conversationMessageNote": [],
    "conversationSnooze": [],
    "conversationArchive": [],
}


class Surroundings(NamedTuple):
    """What a message row repeats from its conversation, reservation and listing."""

    account_id: int
    listing_id: int
    reservation_id: int | None
    conversation_id: int
    listing_name: str
    zone: str
    setting: Setting
    phrases: Phrases


def base_row(seed: int, story: Story, planned: Planned, around: Surroundings) -> Row:
    """Return a base message in the shape of the message list (API reference 7.4)."""
    dice = Dice(seed, ROW, story.index, planned.position)
    body = write_body(planned.kind, around.phrases, around.setting, dice)
    by_mail = story.channel_id in {DIRECT, ENGINE}
    way = "email" if by_mail else "channel"
    if dice.chance(0.08):
        way = dice.pick(("email", "sms", "whatsapp"))
    incoming = planned.is_incoming
    has_channel = way == "channel" or not incoming
    sent = planned.status == "sent"
    is_booking = story.channel_id == BOOKINGCOM and way == "channel"
    row = blank_row(around, planned.id, body, way, incoming=incoming)
    row["userId"] = (
        None if incoming or planned.is_automated else FIRST_USER_ID + dice.below(USER_COUNT)
    )
    row["channelId"] = story.channel_id if has_channel else None
    if is_booking:
        row["channelThreadMessageId"] = uuid_like(dice)
        row["bookingcomSubthreadId"] = uuid_like(Dice(seed, ROW, story.index))
    elif story.channel_id == AIRBNB and way == "channel":
        row["airbnbThreadMessageId"] = str(2_000_000_000 + dice.below(900_000_000))
    if planned.is_automated:
        _automate(row, planned)
    row["isSeen"] = _seen(planned, story)
    row["sentUsingHostaway"] = int(not incoming and dice.chance(0.5))
    row["date"] = stamp(planned.date)
    row["status"] = planned.status
    row["sentChannelDate"] = stamp(planned.date) if sent and not incoming else None
    row["insertedOn"] = row["updatedOn"] = stamp(planned.inserted)
    if not incoming and sent and planned.is_automated:
        row["updatedOn"] = stamp(planned.date)
    row["hash"] = digest(seed, planned.id)
    if planned.kind == "attachment":
        row["attachments"] = [attachment(row, planned.id, 1, dice.pick(("photo", "Reisepass")))]
    elif planned.kind == "checkin" and dice.chance(0.2):
        row["attachments"] = [attachment(row, planned.id, 1, "house-guide", is_public=1)]
    return row


def blank_row(around: Surroundings, message_id: int, body: str, way: str, *, incoming: bool) -> Row:
    """Return a row with every key of the list shape, most of them null."""
    return {
        "accountId": around.account_id,
        "userId": None,
        "listingMapId": around.listing_id,
        "reservationId": around.reservation_id,
        "conversationId": around.conversation_id,
        "communicationId": None,
        "airbnbThreadMessageId": None,
        "channelId": None,
        "channelThreadMessageId": None,
        "body": body,
        "imagesUrls": None,
        "bookingcomSubthreadId": None,
        "inReplyTo": None,
        "bookingcomReplyOptions": None,
        "bookingcomSelectedOptions": None,
        "isIncoming": int(incoming),
        "isSeen": int(not incoming),
        "sentUsingHostaway": 0,
        "hash": "",
        "listingTimeZoneName": around.zone,
        "communicationEvent": None,
        "communicationTimeDelta": None,
        "communicationTimeDeltaSeconds": 0,
        "communicationApplyListingTimeZone": None,
        "communicationAlwaysTrigger": None,
        "date": None,
        "status": "sent",
        "sentChannelDate": None,
        "listingName": around.listing_name,
        "attachments": [],
        "insertedOn": None,
        "updatedOn": None,
        "communicationType": way,
        "id": message_id,
    }


_EVENTS = {
    "welcome": (501, "reservationConfirmed", "after", 0),
    "checkin": (502, "checkInDate", "before", 86_400),
    "checkout": (503, "checkOutDate", "before", 43_200),
    "review": (504, "checkOutDate", "after", 86_400),
}


def _automate(row: Row, planned: Planned) -> None:
    """Fill the settings of the automation that made the message (API reference 7.4)."""
    number, event, delta, seconds = _EVENTS[planned.kind]
    row["communicationId"] = number
    row["communicationEvent"] = event
    row["communicationTimeDelta"] = delta
    row["communicationTimeDeltaSeconds"] = seconds
    row["communicationApplyListingTimeZone"] = 1
    row["communicationAlwaysTrigger"] = 0


def _seen(planned: Planned, story: Story) -> int:
    if not planned.is_incoming:
        return 1
    is_last = planned.position == story.message_count - 1
    return int(not (is_last and story.index % 3 == 0))


def digest(*parts: int) -> str:
    """Return 32 hex digits for `hash`; of what it is a checksum is unknown (API reference 7.4)."""
    first = mix(*parts)
    return f"{first:016x}{first * _SPREAD & _MASK:016x}"


def uuid_like(dice: Dice) -> str:
    """Return a UUID as Booking.com names its messages (API reference 7.4)."""
    text = f"{dice.roll():016x}{dice.roll():016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def attachment(row: Row, message_id: int, number: int, name: str, *, is_public: int = 0) -> Row:
    """Return an attachment; its `url` is put in when the row is read (API reference 7.4)."""
    extension, mime = ("pdf", "application/pdf") if is_public else ("jpeg", "image/jpeg")
    number = message_id * 10 + number
    return {
        "accountId": row["accountId"],
        "listingMapId": row["listingMapId"],
        "reservationId": row["reservationId"],
        "taskId": None,
        "name": f"{name}.{extension}",
        "url": f"{FILES_HOST}/public/{number}.{extension}" if is_public else "",
        "isPublic": is_public,
        "communicationId": row["communicationId"],
        "conversationMessageId": message_id,
        "extension": extension,
        "mimeType": mime,
        "isImage": int(mime.startswith("image/")),
        "id": number,
    }


def with_fresh_urls(row: Row, reading: int, now: int, host: str = FILES_HOST) -> Row:
    """Return the row with a new temporary URL on each private attachment.

    With `isPublic=0` the URL is made for the reading and dies after 7 days, so it differs
    from read to read (API reference 7.4).
    """
    files = []
    for file in row["attachments"]:
        if file["isPublic"]:
            files.append({**file, "url": file["url"].replace(FILES_HOST, host)})
            continue
        expires = now + TEMPORARY_URL_DAYS * 86_400
        url = (
            f"{host}/private/{file['id']}.{file['extension']}"
            f"?expires={expires}&signature={digest(file['id'], reading)}"
        )
        files.append({**file, "url": url})
    return {**row, "attachments": files}


def embedded_row(row: Row) -> Row:
    """Return a listed message in the shape in which a conversation embeds it.

    `sentToChannelDate` instead of `sentChannelDate`, internal keys, `attachments` null and
    no `listingName` (API reference 7.2, 7.4).
    """
    embedded = {**row, **EMBEDDED_ONLY, "attachments": None}
    embedded["sentToChannelDate"] = embedded.pop("sentChannelDate")
    embedded["sentToChannelAttemptDate"] = embedded["sentToChannelDate"]
    embedded["isSeenBy"] = FIRST_USER_ID if row["isSeen"] and row["isIncoming"] else None
    embedded["originatedBy"] = "user" if row["userId"] is not None else "system"
    del embedded["listingName"]
    return embedded
