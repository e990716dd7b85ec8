"""The writing of JSON: exact digits, the envelope, ids as strings.

Prices are kept as the raw digits they are written with (`Digits`), so that `1e3` or `0.10`
reaches the client exactly so.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

Row = dict[str, Any]
Digits = msgspec.Raw

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode(value: Any) -> bytes:
    """Return the JSON of a value."""
    return _ENCODER.encode(value)


def plain(value: Any) -> Any:
    """Return a value that may be raw JSON as ordinary Python."""
    return msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value


def envelope(
    rows: Sequence[Any], *, count: int | None, limit: int | None, offset: int | None, size: int
) -> Row:
    """Return the envelope of a list (API reference 4).

    Args:
        rows: what the page holds.
        count: all records that match, not those of the page.
        limit: the limit that was asked for, null if none was.
        offset: the offset that was asked for, null if none was.
        size: the page size in force, from which `page` and `totalPages` follow.
    """
    pages = None if count is None else max(1, -(-count // size))
    return {
        "status": "success",
        "result": rows,
        "limit": limit,
        "offset": offset,
        "count": count,
        "page": (offset or 0) // size + 1,
        "totalPages": pages,
    }


def single(result: Any) -> Row:
    """Return the envelope of one object (API reference 4)."""
    return {
        "status": "success",
        "result": result,
        "limit": None,
        "offset": None,
        "count": 1,
        "page": 1,
        "totalPages": 1,
    }


def failure(message: str, *, key: str = "message") -> Row:
    """Return the body of a failure; the text stands in `message` or in `result` (reference 4)."""
    return {"status": "fail", key: message}


def ids_as_strings(value: Any) -> Any:
    """Return the rows with every id written as a string (API reference 2 "Types drift", 13.3)."""
    if isinstance(value, list):
        return [ids_as_strings(item) for item in value]
    if not isinstance(value, dict):
        return value
    changed: Row = {}
    for key, item in value.items():
        is_id = key == "id" or key.endswith("Id")
        if is_id and isinstance(item, int) and not isinstance(item, bool):
            changed[key] = str(item)
        else:
            changed[key] = ids_as_strings(item) if isinstance(item, dict | list) else item
    return changed
