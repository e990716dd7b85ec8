"""One JSON form for every surface: moments as ISO 8601 in UTC, money with its own digits."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def to_json(value: Any, indent: int | None = 2) -> str:
    """Return one JSON value; raises `TypeError` for what has no JSON form."""
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=indent)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date | Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
