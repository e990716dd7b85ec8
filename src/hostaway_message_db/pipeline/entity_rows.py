"""Rows of the further entities become records, or quarantined ones. Pure and total.

A row is kept whole in `source`, without secrets; of it some fields are made by the table in
`models/entities.py`. What such a field cannot be made of leaves it null: only a row that
cannot be identified or stored goes to quarantine.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from hostaway_message_db.models.entities import Asked, Entity, EntityRecord, Kind, Parent
from hostaway_message_db.models.raw_rows import row_identity
from hostaway_message_db.models.records import Quarantined
from hostaway_message_db.pipeline.raw_records import fits_decimal128
from hostaway_message_db.pipeline.transform import (
    SECRET_KEYS,
    raw_text,
    storable,
    unstorable_reasons,
)

_VALUES_OF_A_LOG: Final = ("previousValue", "newValue")
MAX_KEY_CHARACTERS = 120


def to_entity_record(
    entity: Entity, row: Any, account_id: str, asked: Asked
) -> EntityRecord | Quarantined:
    """Transform a row of an entity."""
    reasons = unstorable_reasons(row)
    row = _with_parent(entity, row, asked)
    key = _key(entity, row) if not reasons else None
    if key is None:
        if not reasons:
            reasons = [f"{'+'.join(entity.key)}: identifies nothing"]
        return Quarantined(
            account_id=account_id,
            entity=entity.name,
            record_id=row_identity(row),
            conversation_id=None,
            reasons=tuple(reasons),
            raw=raw_text(row),
        )
    changed = _read(Kind.MOMENT, row.get(entity.changed)) if entity.changed else None
    return EntityRecord(
        account_id=account_id,
        collection=entity.name,
        key=key,
        reservation_id=_read(Kind.ID, row.get("reservationId")),
        property_id=_read(Kind.ID, row.get("listingMapId")),
        changed_on=changed,
        fields={name: _read(kind, row.get(key)) for name, (key, kind) in entity.fields.items()},
        source=storable(_without_logged_secrets(row)),
    )


def answers(entity: Entity, row: Any, asked: Asked) -> bool:
    """Tell whether a row is one that was asked for.

    Hostaway ignores a filter that it does not understand, and answers with everything
    (API reference 0 no. 2). A row that does not say whose it is passes.
    """
    if not isinstance(row, dict):
        return True
    own = {Parent.LISTING: "listingMapId", Parent.RESERVATION: "reservationId"}.get(entity.parent)
    named = _read(Kind.ID, row.get(own)) if own else None
    if named is not None and named != asked.parent_id:
        return False
    if asked.first_day is None or asked.last_day is None:
        return True
    day = _read(Kind.DAY, row.get("date"))
    return day is None or asked.first_day.isoformat() <= day <= asked.last_day.isoformat()


def _with_parent(entity: Entity, row: Any, asked: Asked) -> Any:
    """Give a row the parent that it was read of, where it does not name it itself."""
    own = {Parent.LISTING: "listingMapId", Parent.RESERVATION: "reservationId"}.get(entity.parent)
    if own is None or not isinstance(row, dict) or row.get(own) is not None:
        return row
    return {**row, own: asked.parent_id}


def _key(entity: Entity, row: Any) -> str | None:
    parts = [row.get(name) for name in entity.key]
    known = [str(p) for p in parts if isinstance(p, str | int) and not isinstance(p, bool)]
    if len(known) < len(parts) or not all(known):
        return None
    return ":".join(known).encode("utf-8", "replace").decode()[:MAX_KEY_CHARACTERS]


def _without_logged_secrets(row: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the values of a log of a secret: the change of a door code holds both codes."""
    if row.get("updatedField") not in SECRET_KEYS:
        return dict(row)
    return {key: value for key, value in row.items() if key not in _VALUES_OF_A_LOG}


def _read(kind: Kind, value: Any) -> Any:  # noqa: PLR0911 - one line for each kind
    """Return a value of this kind, or None if it cannot be understood as one."""
    try:
        match kind:
            case Kind.ID:
                return None if value in (None, 0, "0", "", True, False) else str(int(value))
            case Kind.TEXT:
                return storable(value) if isinstance(value, str) else None
            case Kind.NUMBER:
                return _number(value)
            case Kind.MOMENT:
                return datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            case Kind.DAY:
                return date.fromisoformat(value[:10]).isoformat()
            case Kind.FLAG:
                return bool(int(value)) if value in (0, 1, "0", "1") else None
    except (ValueError, TypeError, ArithmeticError):
        return None


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() and fits_decimal128(number) else None
