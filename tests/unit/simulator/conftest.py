"""An API caller that drives the simulator's ASGI application in-process."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from hostaway_message_db.simulator import FaultPlan, Switches, World, WorldOptions, create_app

FORM = "application/x-www-form-urlencoded"


class Answer(msgspec.Struct):
    status: int
    headers: dict[str, str]
    body: bytes
    is_whole: bool

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def rows(self) -> Any:
        return self.json["result"]

    @property
    def ids(self) -> list[Any]:
        return [row["id"] for row in self.rows]


class Api:
    def __init__(self, world: World, switches: Switches | None, plan: FaultPlan | None) -> None:
        self.world = world
        self.app = create_app(world, switches, plan)
        self.simulation = self.app.state.simulation
        self.editor = self.simulation.editor
        self.token = ""
        self.log_in()

    def log_in(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": "61234",
            "client_secret": "simulator-key",
            "scope": "general",
        }
        answer = self.send("POST", "/v1/accessTokens", urlencode(form).encode(), kind=FORM)
        self.token = answer.json["access_token"] if answer.status == 200 else ""

    def get(self, path: str, **query: Any) -> Answer:
        return self.send("GET", f"/v1{path}", query=query)

    def switch(self, **switches: Any) -> None:
        merged = {**msgspec.to_builtins(self.world.switches), **switches}
        self.world.switches = msgspec.convert(merged, type=Switches)

    def fault(self, effect: Any, **rule: Any) -> None:
        plan = {"rules": [{"effect": effect, **rule}]}
        self.simulation.set_faults(msgspec.convert(plan, type=FaultPlan))

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        kind: str = "application/json",
        query: dict[str, Any] | None = None,
    ) -> Answer:
        headers = [(b"content-type", kind.encode()), (b"host", b"simulator")]
        if self.token:
            headers.append((b"authorization", f"Bearer {self.token}".encode()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "http",
            "query_string": urlencode(query or {}).encode(),
            "headers": headers,
            "server": ("simulator", 80),
            "client": ("test", 1),
        }
        answer = Answer(0, {}, b"", is_whole=False)
        requests: list[dict[str, Any]] = [
            {"type": "http.request", "body": body, "more_body": False}
        ]

        async def receive() -> dict[str, Any]:
            if requests:
                return requests.pop()
            await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def take(event: Any) -> None:
            if event["type"] == "http.response.start":
                answer.status = event["status"]
                answer.headers = {k.decode(): v.decode() for k, v in event["headers"]}
            else:
                answer.body += event.get("body", b"")
                answer.is_whole = not event.get("more_body", False)

        asyncio.run(self.app(scope, receive, take))
        return answer


MakeApi = Callable[..., Api]


@pytest.fixture
def make_api() -> MakeApi:
    def make(
        switches: Switches | None = None, plan: FaultPlan | None = None, **options: Any
    ) -> Api:
        chosen = {"conversation_count": 60, **options}
        return Api(World(WorldOptions(**chosen)), switches, plan)

    return make


@pytest.fixture
def api(make_api: MakeApi) -> Api:
    return make_api(Switches(rate_limit_requests=None))
