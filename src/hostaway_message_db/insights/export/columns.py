"""The flat form of a message: one row, the same columns in every kind of file. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, auto
from typing import Any


class Kind(Enum):
    """What a column holds."""

    TEXT = auto()
    MOMENT = auto()
    DAY = auto()
    FLAG = auto()
    NUMBER = auto()
    WHOLE = auto()
    MONEY = auto()
    TEXTS = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what it holds, and how it is read from a stored message."""

    name: str
    kind: Kind
    read: Callable[[dict[str, Any]], Any]


def _at(*path: str) -> Callable[[dict[str, Any]], Any]:
    def read(message: dict[str, Any]) -> Any:
        found: Any = message
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    return read


def _day(name: str) -> Callable[[dict[str, Any]], date | None]:
    def read(message: dict[str, Any]) -> date | None:
        text = message["reservation"][name]
        return date.fromisoformat(text) if text else None

    return read


def _money(message: dict[str, Any]) -> Decimal | None:
    price = message["reservation"]["price"]
    return price if isinstance(price, Decimal) and price.is_finite() else None


def _column(name: str, kind: Kind, *path: str) -> Column:
    return Column(name, kind, _at(*(path or (name,))))


COLUMNS: tuple[Column, ...] = (
    _column("message_id", Kind.TEXT),
    _column("conversation_id", Kind.TEXT),
    _column("timestamp", Kind.MOMENT),
    _column("direction", Kind.TEXT),
    _column("property_id", Kind.TEXT, "property", "id"),
    _column("property_name", Kind.TEXT, "property", "name"),
    _column("guest_name", Kind.TEXT, "guest", "name"),
    _column("guest_email", Kind.TEXT, "guest", "email"),
    _column("guest_phone", Kind.TEXT, "guest", "phone"),
    _column("guest_nationality", Kind.TEXT, "guest", "nationality"),
    _column("content", Kind.TEXT),
    _column("message_type", Kind.TEXT),
    _column("channel", Kind.TEXT, "channel", "name"),
    _column("status", Kind.TEXT),
    _column("stage", Kind.TEXT),
    _column("is_automated", Kind.FLAG),
    _column("is_read", Kind.FLAG),
    _column("is_unsent", Kind.FLAG),
    _column("language", Kind.TEXT),
    _column("tone", Kind.TEXT, "sentiment", "label"),
    _column("tone_score", Kind.NUMBER, "sentiment", "score"),
    _column("tone_alert", Kind.FLAG, "sentiment", "alert"),
    _column("topics", Kind.TEXTS),
    _column("needs_reply", Kind.FLAG),
    _column("reservation_id", Kind.TEXT, "reservation", "id"),
    _column("reservation_status", Kind.TEXT, "reservation", "status"),
    Column("arrival_date", Kind.DAY, _day("arrival_date")),
    Column("departure_date", Kind.DAY, _day("departure_date")),
    Column("price", Kind.MONEY, _money),
    _column("currency", Kind.TEXT, "reservation", "currency"),
    Column("attachments", Kind.WHOLE, lambda message: len(message["attachments"])),
    _column("account_id", Kind.TEXT),
    _column("created_at", Kind.MOMENT),
    _column("updated_at", Kind.MOMENT),
)
"""Every column, in order."""


def values_of(message: dict[str, Any]) -> list[Any]:
    """Return a stored message as the values of the columns."""
    return [column.read(message) for column in COLUMNS]
