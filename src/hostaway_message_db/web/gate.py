"""The gate before the routes: who may ask, bounds, headers, one line in the log."""

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hostaway_message_db.errors import HostawayMessageDbError, ServerBusy, TookTooLong, Unexpected
from hostaway_message_db.utils.clock import Clock
from hostaway_message_db.utils.logger import get_logger
from hostaway_message_db.web.access import Access, size_refusal
from hostaway_message_db.web.answers import error_answer
from hostaway_message_db.web.meters import Meters

MOST_AT_ONCE = 32
SECONDS_TO_ANSWER = 60.0
SECONDS_TO_SEND = 15 * 60.0
"""An answer that has begun, such as a large file to a slow reader, may take so long."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Unless an answer says otherwise for itself."""
LIVENESS = "/healthz"
"""Answered also when as many are being answered as may be: a full house is alive."""
ROUTINE = {"/healthz", "/readyz", "/metrics"}
"""Asked for again and again by programs: logged at DEBUG, unless they fail."""
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
"""What is logged as it came; anything else may be as long as a request."""
HTTP_OK = 200
HEAD_KEY = "hostaway_message_db.is_head"
log = get_logger(__name__)


class Gate:
    """An ASGI middleware; the outermost edge of a request."""

    def __init__(self, app: ASGIApp, access: Access, meters: Meters, clock: Clock) -> None:
        self._app = app
        self._access = access
        self._meters = meters
        self._clock = clock
        self._answering = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever happens, with an answer and a line in the log."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = self._clock.monotonic()
        sent: dict[str, int] = {}
        method: str = scope["method"]
        if method == "HEAD":
            scope = {**scope, "method": "GET", HEAD_KEY: True}

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent["status"] = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            elif is_head(scope):
                message = {**message, "body": b""}
            await send(message)

        error = await self._failure_of(scope, receive, noting)
        # In the middle of an answer its rest stays away: the server closes, the reader sees that.
        if error is not None and not sent:
            await error_answer(error)(scope, receive, noting)
        scope["method"] = method
        self._note(scope, sent.get("status", 0), self._clock.monotonic() - begun, error)

    async def _failure_of(
        self, scope: Scope, receive: Receive, send: Send
    ) -> HostawayMessageDbError | None:
        """Let the request through, if it may; return what kept it from being answered."""
        if (refusal := self._refusal(scope)) is not None:
            return refusal
        self._answering += 1
        try:
            async with asyncio.timeout(SECONDS_TO_ANSWER) as limit:

                async def beginning(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        limit.reschedule(asyncio.get_running_loop().time() + SECONDS_TO_SEND)
                    await send(message)

                await self._app(scope, receive, beginning)
        except TimeoutError:
            return TookTooLong(f"No answer within {SECONDS_TO_ANSWER:.0f} s.")
        except HostawayMessageDbError as error:
            return error
        except Exception as error:
            # How the framework tells of an error in the middle of an answer.
            if isinstance(error.__cause__, HostawayMessageDbError):
                return error.__cause__
            # The outermost edge of a request; the log tells where, not in which words.
            log.exception("request_failed")
            return Unexpected("Something went wrong within the server.")
        finally:
            self._answering -= 1
        return None

    def _refusal(self, scope: Scope) -> HostawayMessageDbError | None:
        headers = Headers(scope=scope)
        size = len(scope.get("raw_path") or b"") + len(scope["query_string"])
        refusal = size_refusal(size, headers) or self._access.refusal(scope["path"], headers)
        if refusal is None and self._answering >= MOST_AT_ONCE and scope["path"] != LIVENESS:
            return ServerBusy(f"{MOST_AT_ONCE} requests are being answered already.")
        return refusal

    def _note(
        self, scope: Scope, status: int, seconds: float, error: HostawayMessageDbError | None
    ) -> None:
        """Count and log; of the address only the route, since a query may name a guest."""
        route = getattr(scope.get("route"), "path", None) or "none"
        self._meters.note(route, status, seconds)
        log_line = log.debug if route in ROUTINE and status == HTTP_OK else log.info
        log_line(
            "request_answered",
            method=scope["method"] if scope["method"] in METHODS else "other",
            route=route,
            status=status,
            duration_seconds=round(seconds, 4),
            error=error.code if error else None,
        )


def is_head(scope: Scope) -> bool:
    """Tell whether only the headers of an answer are asked for."""
    return bool(scope.get(HEAD_KEY))
