"""The one thing that can be said of a raw row before it is read: its identity."""

from typing import Any


def row_identity(row: Any) -> str | None:
    """Return a row's `id` as a string, or None; numbers come as strings in places.

    (API reference 12 no. 15.)
    """
    value = row.get("id") if isinstance(row, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).encode("utf-8", "replace").decode()[:64]
    return str(int(text)) if text.isascii() and text.isdecimal() else text or None
