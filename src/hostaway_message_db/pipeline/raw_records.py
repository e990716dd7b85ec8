"""The keys of raw records that fields of ours are made from, and how they are read.

Reading is lenient where the API is known to drift (numbers as strings, booleans as 0/1:
API reference 2 and 12 no. 15) and strict everywhere else: what does not fit is a reason
for quarantine. Keys that are not named here are kept as they came.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

MAX_BODY_CHARACTERS = 1_000_000
"""A body longer than this is no guest's message; it goes to quarantine."""
MAX_ID = 2**63 - 1
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

MessageStatus = Literal[
    "awaiting", "cancelled_by_user", "cancelled_by_system", "sent", "paused", "failed"
]
"""The statuses of a message (API reference 7.4)."""
CommunicationType = Literal["email", "channel", "sms", "whatsapp"]
"""The ways a message travels (API reference 7.4)."""


def _read_id(value: Any) -> Any:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 19:  # noqa: PLR2004 - digits of 2**63
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("is no id")  # noqa: TRY004 - pydantic wants ValueError
    if not 0 < value <= MAX_ID:
        raise ValueError("is out of range for an id")
    return str(value)


def _read_optional_id(value: Any) -> Any:
    # 0 stands for "none" in integer columns of PHP services; an id of 0 does not exist.
    return None if value is None or value in (0, "", "0") else _read_id(value)


def _read_flag(value: Any) -> Any:
    if value in (0, 1, "0", "1") and not isinstance(value, Decimal):
        return bool(int(value))
    raise ValueError("is neither 0 nor 1")


def _read_moment(value: Any) -> Any:
    """Read `YYYY-MM-DD HH:MM:SS`, UTC without a zone mark (API reference 2)."""
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    raise ValueError("is no moment written YYYY-MM-DD HH:MM:SS")


def _read_date(value: Any) -> Any:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return date.fromisoformat(value)
    raise ValueError("is no date written YYYY-MM-DD")


def _read_money(value: Any) -> Any:
    """Read an amount without ever passing through a float."""
    try:
        is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
        if not is_number and not (isinstance(value, str) and _NUMBER.fullmatch(value)):
            raise ValueError("is no amount")
        amount = value if isinstance(value, Decimal) else Decimal(value)
    except (InvalidOperation, TypeError) as error:
        raise ValueError("is no amount") from error
    if not fits_decimal128(amount):
        raise ValueError("is an amount that Decimal128 cannot hold exactly")
    return amount


def fits_decimal128(amount: Decimal) -> bool:
    """Tell whether MongoDB's Decimal128 (34 digits) holds a number exactly."""
    if not amount.is_finite():
        return False
    _sign, digits, exponent = amount.as_tuple()
    return isinstance(exponent, int) and len(digits) <= 34 and -6176 <= exponent <= 6111  # noqa: PLR2004 - IEEE 754


def _or_none(read: Any) -> Any:
    return lambda value: None if value is None else read(value)


Id = Annotated[str, BeforeValidator(_read_id)]
OptionalId = Annotated[str | None, BeforeValidator(_read_optional_id)]
Flag = Annotated[bool, BeforeValidator(_read_flag)]
OptionalFlag = Annotated[bool | None, BeforeValidator(_or_none(_read_flag))]
OptionalMoment = Annotated[datetime | None, BeforeValidator(_or_none(_read_moment))]
OptionalDate = Annotated[date | None, BeforeValidator(_or_none(_read_date))]
OptionalMoney = Annotated[Decimal | None, BeforeValidator(_or_none(_read_money))]
OptionalText = Annotated[str | None, Field(max_length=10_000)]


class RawRecord(BaseModel):
    """What all raw records have in common: an identity."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="ignore",
        frozen=True,
        strict=True,
        arbitrary_types_allowed=True,
    )

    id: Id

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> tuple[Self | None, list[str]]:
        """Return the record, or None and every reason why it cannot be understood."""
        try:
            return cls.model_validate(row), []
        except ValidationError as error:
            return None, [_reason(detail) for detail in error.errors(include_url=False)]


def _reason(detail: Any) -> str:
    """Name the key and what is wrong with it; never the value, which may be private."""
    where = ".".join(str(part) for part in detail["loc"]) or "record"
    if detail["type"] == "missing":
        return f"{where}: is missing"
    return f"{where}: {str(detail['msg']).removeprefix('Value error, ')}"


class RawAttachment(BaseModel):
    """A file of a message (API reference 7.4); everything may be missing."""

    model_config = RawRecord.model_config

    id: OptionalId = None
    name: OptionalText = None
    url: OptionalText = None
    extension: OptionalText = None
    mime_type: OptionalText = None
    is_image: OptionalFlag = None
    is_public: OptionalFlag = None


class RawMessage(RawRecord):
    """A message of a conversation's message list (API reference 7.4)."""

    body: Annotated[str | None, Field(max_length=MAX_BODY_CHARACTERS)] = None
    is_incoming: Flag
    is_seen: OptionalFlag = None
    status: MessageStatus | None = None
    communication_type: CommunicationType | None = None
    communication_id: OptionalId = None
    communication_event: OptionalText = None
    channel_id: Annotated[int | None, BeforeValidator(_or_none(lambda v: int(_read_id(v))))] = None
    listing_map_id: OptionalId = None
    reservation_id: OptionalId = None
    sent_channel_date: OptionalMoment = None
    date: OptionalMoment = None
    inserted_on: OptionalMoment = None
    listing_time_zone_name: OptionalText = None
    attachments: list[RawAttachment] | None = None

    @property
    def moment(self) -> datetime | None:
        """Return the first present of the three dates (contract 3.3)."""
        return self.sent_channel_date or self.date or self.inserted_on


class RawLatestMessage(BaseModel):
    """The message embedded in a conversation: only its identity counts (API reference 7.2)."""

    model_config = RawRecord.model_config

    id: OptionalId = None


class RawConversation(RawRecord):
    """A row of the conversation list (API reference 7.3)."""

    reservation_id: OptionalId = None
    recipient_name: OptionalText = None
    recipient_email: OptionalText = None
    has_unread_messages: OptionalFlag = None
    message_sent_on: OptionalMoment = None
    message_received_on: OptionalMoment = None
    conversation_messages: list[RawLatestMessage] | None = None


class RawReservation(RawRecord):
    """A reservation (API reference 9.3)."""

    listing_map_id: OptionalId = None
    channel_id: Annotated[int | None, BeforeValidator(_or_none(lambda v: int(_read_id(v))))] = None
    channel_name: OptionalText = None
    guest_name: OptionalText = None
    guest_email: OptionalText = None
    phone: OptionalText = None
    guest_country: OptionalText = None
    total_price: OptionalMoney = None
    currency: OptionalText = None
    status: OptionalText = None
    arrival_date: OptionalDate = None
    departure_date: OptionalDate = None
    is_dates_unspecified: OptionalFlag = None
    updated_on: OptionalMoment = None


class RawListing(RawRecord):
    """A listing (API reference 10)."""

    name: OptionalText = None
    time_zone_name: OptionalText = None
    special_status: OptionalText = None
