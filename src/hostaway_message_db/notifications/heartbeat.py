"""The dead-man's switch: a sign of life, whose absence somebody else notices."""

import http.client
import urllib.error
import urllib.request

from hostaway_message_db import __version__
from hostaway_message_db.errors import NotDelivered
from hostaway_message_db.notifications.channel import in_thread

TIMEOUT_SECONDS = 10.0


class Heartbeat:
    """Asks an address after each complete run; it is a secret, since whoever has it can ask."""

    def __init__(self, url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._url = url
        self._timeout_seconds = timeout_seconds

    async def beat(self) -> None:
        """Give a sign of life; raises `NotDelivered`."""
        try:
            await in_thread(self._ask, self._timeout_seconds)
        except TimeoutError as error:
            raise NotDelivered(f"no answer within {self._timeout_seconds:g} s") from error
        except (OSError, http.client.HTTPException) as error:
            raise NotDelivered(f"it failed: {type(error).__name__}") from error

    def _ask(self) -> None:
        # The settings take https alone, and http on loopback.
        asked = urllib.request.Request(  # noqa: S310
            self._url, headers={"User-Agent": f"hostaway-message-db/{__version__}"}
        )
        try:
            with urllib.request.urlopen(asked, timeout=self._timeout_seconds) as reply:  # noqa: S310
                reply.read(1)
        except urllib.error.HTTPError as refusal:
            # The error holds the reply, and with it the connection.
            refusal.close()
            raise
