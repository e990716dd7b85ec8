"""TLS to MongoDB: whom we trust, as whom we appear, and what to say when that fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo.errors import PyMongoError

from hostaway_message_db.errors import DatabaseUnavailable
from hostaway_message_db.utils.masking import mask_uri


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What the driver says, quoting OpenSSL, and what we make of it."""

    signs: tuple[str, ...]
    problem: str
    hint: str


_TROUBLES = (
    _Trouble(
        ("Hostname mismatch", "IP address mismatch"),
        "shows a TLS certificate of another host's name",
        "Write the name that the certificate was made for into MONGODB_URI.",
    ),
    _Trouble(
        ("certificate has expired", "certificate is not yet valid"),
        "shows a TLS certificate that is not valid today",
        "Renew the server's certificate, or set this machine's clock.",
    ),
    _Trouble(
        ("self-signed certificate", "unable to get local issuer", "unknown ca"),
        "shows a TLS certificate that no trusted authority vouches for",
        "Set MONGODB_TLS_CA_FILE to the certificate of the authority that signed the server's,"
        " unless you are talking to a server that is not yours.",
    ),
    _Trouble(
        ("connection closed", "connection is already closed", "Connection reset by peer"),
        "closes the connection before it answers",
        "A server that wants TLS does so: set MONGODB_TLS_CA_FILE, and, if it asks clients for"
        " a certificate, MONGODB_TLS_CERTIFICATE_KEY_FILE.",
    ),
    _Trouble(
        ("[SSL", "SSL handshake failed"),
        "does not come to terms on TLS",
        "Check that the server has TLS turned on, and our certificate in"
        " MONGODB_TLS_CERTIFICATE_KEY_FILE.",
    ),
)
"""The first one that fits is told."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Whom to trust and as whom to appear; either of them turns TLS on."""

    authority: Path | None = None
    own_certificate_and_key: Path | None = None
    key_password: str = ""

    def driver_options(self) -> dict[str, Any]:
        """Return the driver's names for what is set."""
        options = {
            "tlsCAFile": self.authority and str(self.authority),
            "tlsCertificateKeyFile": self.own_certificate_and_key
            and str(self.own_certificate_and_key),
            "tlsCertificateKeyFilePassword": self.key_password or None,
        }
        given = {name: value for name, value in options.items() if value is not None}
        return {"tls": True, **given} if given else {}


@contextmanager
def explained(address: str) -> Iterator[None]:
    """Turn a failed handshake into a sentence that says what to set."""
    try:
        yield
    except PyMongoError as error:
        told = str(error)
        for trouble in _TROUBLES:
            if any(sign in told for sign in trouble.signs):
                where = f"MongoDB at {mask_uri(address)}"
                raise DatabaseUnavailable(f"{where} {trouble.problem}.", trouble.hint) from error
        raise
