"""Addresses without what must not be shown."""

import re
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

_SHORTEST_SECRET_PART = 6
"""Shorter parts of an address are words such as `hooks`; only a password may be so short."""
_BETWEEN_WORDS = re.compile(r"[/?&=@:\[\]]+")


def mask_uri(uri: str) -> str:
    """Return a MongoDB or HTTP address without its user, password and options."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return f"{uri.partition('://')[0]}://(an address that cannot be read)"
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def secret_parts(secret: str) -> set[str]:
    """Return a secret and, if it is an address, what in it is one by itself.

    Of a MongoDB address that is the password; addresses of channels and of a heartbeat
    carry tokens in any place, so there it is every longer part but the host's name.
    """
    parts = {secret}
    scheme, is_address, rest = secret.partition("://")
    if not is_address:
        return parts
    login, _, _ = rest.rpartition("@")
    password = login.partition(":")[2]
    parts |= {password, unquote(password)}
    if not scheme.startswith("mongodb"):
        parts |= {word for word in _words_of(secret) if len(word) >= _SHORTEST_SECRET_PART}
    return parts - {""}


def _words_of(address: str) -> list[str]:
    """Return what may be a token in an address, wherever it stands."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return _BETWEEN_WORDS.split(address)
    words = [*parts.path.split("/"), parts.username or "", _host_token(parts.netloc)]
    return words + [value for _, value in parse_qsl(parts.query)]


def _host_token(netloc: str) -> str:
    """Return what stands where a host's name would, if it is none: some services' token."""
    host = netloc.rpartition("@")[2].partition(":")[0]
    return "" if "." in host or host == "localhost" or netloc.endswith("]") else host
