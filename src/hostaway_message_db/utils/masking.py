"""Addresses without what must not be shown."""

from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

_SHORTEST_SECRET_PART = 6
"""Shorter parts of an address are words such as `hooks`; only a password may be so short."""


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
        address = urlsplit(secret)
        words = [*address.path.split("/"), address.username or "", _host_token(address.netloc)]
        words += [value for _, value in parse_qsl(address.query)]
        parts |= {w for w in words if len(w) >= _SHORTEST_SECRET_PART}
    return parts - {""}


def _host_token(netloc: str) -> str:
    """Return what stands where a host's name would, if it is none: some services' token."""
    host = netloc.rpartition("@")[2].partition(":")[0]
    return "" if "." in host or host == "localhost" or netloc.endswith("]") else host
