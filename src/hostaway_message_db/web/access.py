"""Who may ask: keys, and names of the server. Pure."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from hostaway_message_db.errors import HostRefused, KeyRefused, RequestNotAnswered, RequestTooLarge

OPEN_PATHS = frozenset({"/", "/healthz", "/readyz", "/docs", "/openapi.json"})
OPEN_FOLDER = "/docs/"
"""What holds nothing of the account: a key is not asked for."""
MOST_ADDRESS_BYTES = 8 * 1024
MOST_BODY_BYTES = 64 * 1024
SCHEME = "bearer "


@dataclass(frozen=True, slots=True)
class Access:
    """The keys of the API; without any, the names under which this computer calls itself."""

    keys: tuple[str, ...]
    own_names: frozenset[str] = frozenset({"localhost", "127.0.0.1", "::1"})

    def refusal(self, path: str, headers: Mapping[str, str]) -> RequestNotAnswered | None:
        """Say why a request is refused; None lets it through.

        A server without keys answers to loopback alone. A page of somebody else's could send a
        browser there under a name of its own, so the name must be one of this computer's.
        """
        if not self.keys:
            host = _host_of(headers.get("host", ""))
            if host not in self.own_names:
                return HostRefused("This server has no keys and answers to loopback names alone.")
            return None
        if path in OPEN_PATHS or path.startswith(OPEN_FOLDER):
            return None
        given = headers.get("authorization", "")
        if not given:
            return KeyRefused("The request has no key.")
        scheme, key = given[: len(SCHEME)], given[len(SCHEME) :].strip()
        if scheme.lower() != SCHEME or not self._knows(key):
            return KeyRefused("The key is not one of this server's.")
        return None

    def _knows(self, given: str) -> bool:
        """Compare with every key, in the same time whatever was given."""
        asked = _digest(given)
        matches = [hmac.compare_digest(asked, _digest(key)) for key in self.keys]
        return any(matches)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _host_of(header: str) -> str:
    """Return the name of a Host header without its port."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def size_refusal(address_bytes: int, headers: Mapping[str, str]) -> RequestNotAnswered | None:
    """Say that a request is too long; None lets it through."""
    if address_bytes > MOST_ADDRESS_BYTES:
        return RequestTooLarge(f"The address is longer than {MOST_ADDRESS_BYTES} bytes.")
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdecimal() or int(length) > MOST_BODY_BYTES:
        return RequestTooLarge(f"The body is longer than {MOST_BODY_BYTES} bytes.")
    return None
