"""One running Hostaway: what happens to a request from its arrival to its reply."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.types import ASGIApp

from hostaway_message_db.simulator.access import RateLimit, Tokens
from hostaway_message_db.simulator.clock import monotonic_seconds, unix_seconds, wait
from hostaway_message_db.simulator.editing import Editor
from hostaway_message_db.simulator.effects import PageFaults, instead, on_bytes
from hostaway_message_db.simulator.entities import ENTITY_HANDLERS
from hostaway_message_db.simulator.faults import Asked, FaultEngine, FaultPlan, FaultRule
from hostaway_message_db.simulator.files import FileShelf
from hostaway_message_db.simulator.replies import (
    FORBIDDEN,
    INVALID_CLIENT,
    TOO_MANY,
    Reply,
    ReplyApp,
    html_page,
)
from hostaway_message_db.simulator.request_log import LoggedRequest, RequestLog
from hostaway_message_db.simulator.routes import HANDLERS, Call, Missing, Outcome, Page, Refused
from hostaway_message_db.simulator.switches import Switches
from hostaway_message_db.simulator.wire import encode, envelope, failure, ids_as_strings, single
from hostaway_message_db.simulator.world import World

MOST_FORM_BYTES = 16_384
FORM = "application/x-www-form-urlencoded"

Answering = Callable[[Request, Asked, list[FaultRule]], Awaitable[Reply]]


class Simulation:
    """One running Hostaway: the world and all that is about its wire."""

    def __init__(self, world: World, faults: FaultPlan | None = None) -> None:
        self.world = world
        self.editor = Editor(world)
        self.faults = FaultEngine(faults)
        self.page_faults = PageFaults(world, self.editor)
        self.tokens = Tokens(world.options.account_id, world.options.seed)
        self.rate_limit = RateLimit()
        self.log = RequestLog()
        self.handlers = {**HANDLERS, **ENTITY_HANDLERS}
        self.files = FileShelf(world)

    def set_faults(self, plan: FaultPlan) -> None:
        """Put another plan in force; its counts begin anew."""
        self.faults = FaultEngine(plan)
        self.page_faults.forget()

    # --- one request -----------------------------------------------------------------------

    async def handle(self, request: Request, template: str, answering: Answering) -> ASGIApp:
        """Log a request, strike it with faults, answer it."""
        switches = self.world.switches
        logged = LoggedRequest(
            started_monotonic=monotonic_seconds(),
            started_unix=unix_seconds(),
            method=request.method,
            path=request.url.path,
            template=template,
            query=request.url.query,
        )
        self.log.start(logged)
        if switches.latency_seconds:
            await wait(switches.latency_seconds)
        number = request.path_params.get("id") if template.startswith("/conversations") else None
        asked = Asked(
            request.method, template, logged.path.removeprefix("/v1"), logged.query, number
        )
        struck = self.faults.striking(asked)
        if any(rule.effect == "expire_tokens" for rule in struck):
            self.tokens.expire_all()
        replies = [reply for rule in struck if (reply := instead(rule)) is not None]
        reply = replies[0] if replies else await answering(request, asked, struck)
        for rule in struck:
            on_bytes(rule, reply)
        self.log.finish(logged, reply.status if reply.is_whole else 0)
        return ReplyApp(reply)

    async def data(self, request: Request, asked: Asked, struck: list[FaultRule]) -> Reply:
        """Answer a data call: token, rate limit, then the rows."""
        switches = self.world.switches
        if not self.tokens.accepts(request.headers.get("authorization", ""), switches):
            return Reply(switches.expired_token_status, FORBIDDEN)
        if not self.rate_limit.admit(switches):
            return Reply(429, TOO_MANY, headers=self.rate_limit.headers(switches))
        call = Call(asked.template, asked.path, request.path_params, request.query_params)
        handler = self.handlers[asked.template]
        with self.world.lock:
            outcome = handler(self.world, call)
            if struck:
                outcome = self.page_faults.apply(struck, call, outcome, handler)
            elif self.faults.plan.rules:
                self.page_faults.remember(call, outcome)
        return write(outcome, switches)

    async def token(self, request: Request, asked: Asked, struck: list[FaultRule]) -> Reply:
        """Answer the token endpoint: form body only, 401 for a wrong pair (API reference 3)."""
        del asked, struck
        switches = self.world.switches
        if switches.rate_limit_counts_tokens and not self.rate_limit.admit(switches):
            return Reply(429, TOO_MANY, headers=self.rate_limit.headers(switches))
        if request.method == "DELETE":
            self.tokens.revoke(request.query_params.get("token", ""))
            return Reply(200, encode({"status": "success", "result": []}))
        body = await request.body()
        is_form = request.headers.get("content-type", "").split(";")[0].strip().lower() == FORM
        form = parse_qs(body[:MOST_FORM_BYTES].decode("utf-8", "replace")) if is_form else {}
        options = self.world.options
        wanted = {
            "grant_type": "client_credentials",
            "client_id": options.account_id,
            "client_secret": options.api_key,
        }
        if any(form.get(name) != [value] for name, value in wanted.items()):
            return Reply(401, INVALID_CLIENT)
        return Reply(200, encode(self.tokens.mint()))

    async def unknown(self, request: Request, asked: Asked, struck: list[FaultRule]) -> Reply:
        """Answer a path that the simulator does not have."""
        del request, asked, struck
        return write(Missing("Resource"), self.world.switches)


def write(outcome: Outcome, switches: Switches) -> Reply:
    """Return the reply that carries an outcome, in the envelope of section 4."""
    if isinstance(outcome, Refused):
        return Reply(400, encode(failure(outcome.message)))
    if isinstance(outcome, Missing):
        text = f"{outcome.noun} not found"
        if switches.missing_object == "html_404":
            return html_page(404, "Not Found")
        if switches.missing_object == "fail_200":
            return Reply(200, encode(failure(text, key="result")))
        return Reply(404, encode(failure(text)))
    if isinstance(outcome, Page):
        body = envelope(
            outcome.rows,
            count=outcome.count if switches.count == "present" else None,
            limit=outcome.limit,
            offset=outcome.offset,
            size=outcome.size,
        )
    else:
        body = single(outcome)
    if switches.ids_as_strings:
        body["result"] = ids_as_strings(body["result"])
    return Reply(200, encode(body))
