"""Running the simulator: blocking for the `simulate` command, in a thread for tests."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

import uvicorn

from hostaway_message_db.simulator.app import create_app, simulation_of
from hostaway_message_db.simulator.client import ControlClient
from hostaway_message_db.simulator.faults import FaultPlan
from hostaway_message_db.simulator.stories import WorldOptions
from hostaway_message_db.simulator.switches import Switches
from hostaway_message_db.simulator.world import World

LOOPBACK = "127.0.0.1"
START_SECONDS = 30.0


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio switches Nagle off on the accepted connections.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """Tells when it has begun to listen."""

    def __init__(self, simulation_app: object, on_start: Callable[[], None]) -> None:
        config = uvicorn.Config(
            simulation_app,  # type: ignore[arg-type]  # a Starlette application is one of ASGI
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
            server_header=False,
            timeout_keep_alive=75,
        )
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._on_start()


def serve(
    world: World,
    *,
    switches: Switches | None = None,
    faults: FaultPlan | None = None,
    host: str = LOOPBACK,
    port: int = 0,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a world until a signal ends it; prints nothing. Ctrl-C is a normal end.

    Args:
        world: the account to serve.
        switches: how it behaves.
        faults: what goes wrong.
        host: where to listen, loopback unless told.
        port: the port, 0 for a free one.
        on_ready: is called with the address, such as `http://127.0.0.1:8123`, when requests
            are taken; the API lies under `/v1`, the control door under `/control`.

    Raises:
        OSError: the address cannot be listened on.
    """
    listening = _listen(host, port)
    address = _address(listening)
    app = create_app(world, switches, faults)
    world.files_host = f"{address}/files"

    def ready() -> None:
        if on_ready is not None:
            on_ready(address)

    with listening, suppress(KeyboardInterrupt):
        _Server(app, ready).run(sockets=[listening])


class RunningSimulator:
    """A simulator in a thread of this process, on a free loopback port; a context manager.

    Attributes:
        world: the account that is served.
        simulation: the tokens, the rate limit, the faults and the log of requests.
        base_url: the API's address, such as `http://127.0.0.1:8123/v1`.
        control_url: the control door's address.
        control: a client of the control door.
    """

    def __init__(
        self,
        world: World | WorldOptions | None = None,
        *,
        switches: Switches | None = None,
        faults: FaultPlan | None = None,
        port: int = 0,
    ) -> None:
        self.world = world if isinstance(world, World) else World(world)
        self._port = port
        app = create_app(self.world, switches, faults)
        self.simulation = simulation_of(app)
        self._started = threading.Event()
        self._server = _Server(app, self._started.set)
        self._thread: threading.Thread | None = None
        self._listening: socket.socket | None = None
        self.base_url = ""
        self.control_url = ""

    @property
    def control(self) -> ControlClient:
        """A client of the control door."""
        return ControlClient(self.control_url)

    def start(self) -> Self:
        """Start serving; return when requests are taken."""
        self._listening = _listen(LOOPBACK, self._port)
        address = _address(self._listening)
        self.base_url, self.control_url = f"{address}/v1", f"{address}/control"
        self.world.files_host = f"{address}/files"
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [self._listening]},
            name="hostaway-simulator",
            daemon=True,
        )
        self._thread.start()
        if not self._started.wait(START_SECONDS):
            self.stop()
            raise RuntimeError("the simulator did not start")
        return self

    def stop(self) -> None:
        """Stop serving; open connections are closed. Safe to call twice."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(START_SECONDS)
            self._thread = None
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
