"""Addresses without what must not be shown."""

from urllib.parse import urlsplit, urlunsplit


def mask_uri(uri: str) -> str:
    """Return a MongoDB or HTTP address without its user, password and options."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return f"{uri.partition('://')[0]}://(an address that cannot be read)"
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
