"""What is sent back: a reply in bytes, whole or broken off."""

import asyncio
import contextlib

import msgspec
from starlette.types import Receive, Scope, Send

from hostaway_message_db.simulator.clock import wait
from hostaway_message_db.simulator.wire import encode, failure

JSON = "application/json"
HTML = "text/html; charset=UTF-8"

FORBIDDEN = encode(
    failure("The resource owner or authorization server denied the request.")
)  # observed (API reference 3)
TOO_MANY = encode(
    failure(
        "This error occurs because a server detects that your application has exceeded the "
        "rate limits or has made too many requests in a given period of time."
    )
)  # documented (API reference 5)
INVALID_CLIENT = encode(
    {
        "error": "invalid_client",
        "error_description": "Client authentication failed",
        "message": "Client authentication failed",
    }
)  # observed (API reference 3)


class Reply(msgspec.Struct):
    """A reply; `sent_share` below 1 breaks the connection off in the body, `hang` never answers."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = {}
    sent_share: float = 1.0
    hang: float | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the client gets all of it."""
        return self.hang is None and self.sent_share >= 1.0


def html_page(status: int, title: str) -> Reply:
    """Return an error page as a proxy sends it instead of the API (API reference 4)."""
    text = (
        f"<html><head><title>{status} {title}</title></head>"
        f"<body><center><h1>{status} {title}</h1></center><hr><center>nginx</center></body></html>"
    )
    return Reply(status=status, body=text.encode(), content_type=HTML)


class ReplyApp:
    """Sends a reply as an ASGI application."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the reply; a broken one ends without the rest of its announced length."""
        del scope
        reply = self._reply
        if reply.hang is not None:
            await _until_gone(receive, reply.hang)
        headers = [
            (b"content-type", reply.content_type.encode()),
            (b"content-length", str(len(reply.body)).encode()),
            *((name.encode(), value.encode()) for name, value in reply.headers.items()),
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        if reply.sent_share >= 1.0:
            await send({"type": "http.response.body", "body": reply.body})
            return
        part = reply.body[: int(len(reply.body) * reply.sent_share)]
        # The server closes the connection when an application returns in mid-body.
        await send({"type": "http.response.body", "body": part, "more_body": True})


async def _until_gone(receive: Receive, seconds: float) -> None:
    """Wait for the time given or until the client has gone away."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    waiting = {asyncio.ensure_future(gone()), asyncio.ensure_future(wait(seconds))}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
