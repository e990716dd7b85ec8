"""The token: minted once, kept on disk with mode 0600, used until it expires.

Hostaway asks that a token be reused until it expires, and takes it only from one second
after its issue (API reference 3).
"""

import hashlib
import json
import os
from pathlib import Path

from hostaway_message_db.api.protocol import TOKEN_SETTLE_SECONDS, Token
from hostaway_message_db.errors import ConfigurationError

EXPIRY_MARGIN_SECONDS = 60.0


class TokenCache:
    """One file, readable by its owner only, for one account, key and address."""

    def __init__(self, folder: Path, base_url: str, account_id: str, api_key: str) -> None:
        # The name changes with the key, so that a rotated key never meets an old token.
        identity = f"{base_url}\n{account_id}\n{api_key}".encode()
        self._path = folder / f"token-{hashlib.sha256(identity).hexdigest()[:16]}.json"

    def read(self, now: float) -> Token | None:
        """Return the kept token while it is good for another minute, else None."""
        try:
            kept = json.loads(self._path.read_bytes())
            token = Token(
                str(kept["access_token"]), float(kept["issued_at"]), float(kept["expires_at"])
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return token if now < token.expires_at - EXPIRY_MARGIN_SECONDS else None

    def write(self, token: Token) -> None:
        """Keep a token; the file is never readable by others, not even for an instant.

        Raises `ConfigurationError` when the folder cannot be written to.
        """
        try:
            self._write(token)
        except OSError as error:
            raise ConfigurationError(
                [
                    (
                        f"DATA_DIR is {str(self._path.parent)!r}: it cannot be written to"
                        f" ({error.strerror})."
                    )
                ]
            ) from error

    def _write(self, token: Token) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_suffix(f".{os.getpid()}.tmp")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(
                {
                    "access_token": token.access_token,
                    "issued_at": token.issued_at,
                    "expires_at": token.expires_at,
                },
                file,
            )
        beside.replace(self._path)


def seconds_until_usable(token: Token, now: float) -> float:
    """Say how long to wait before a token's first use (0 once it settled)."""
    age = now - token.issued_at
    return min(max(TOKEN_SETTLE_SECONDS - age, 0.0), TOKEN_SETTLE_SECONDS)
