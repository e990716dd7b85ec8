"""The command `serve` as a process, and a client that asks it."""

import json
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from support.installation import Finished, Installation

SERVING = "Serving on "


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body, which must be JSON."""
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        """Return the error, which must be in the one shape."""
        told = self.json
        assert list(told) == ["error"]
        assert list(told["error"]) == ["code", "message", "hint"]
        assert all(told["error"].values())
        return told["error"]


@dataclass(slots=True)
class Server:
    """A process that serves."""

    process: subprocess.Popen[str]
    address: str
    key: str = ""

    def ask(
        self,
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        **parameters: Any,
    ) -> Reply:
        """Ask, with the key if there is one."""
        parts = urlsplit(self.address)
        connection = HTTPConnection(str(parts.hostname), parts.port, timeout=30)
        keyed = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        asked = f"{path}?{urlencode(parameters, doseq=True)}" if parameters else path
        try:
            connection.request(method, asked, headers={**keyed, **(headers or {})})
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, found, response.read())
        finally:
            connection.close()


def start_serving(installation: Installation, *arguments: str, **changes: str | None) -> Server:
    """Start `serve` on a free port and return when it takes requests."""
    process = installation.start("serve", "--port", "0", *arguments, **changes)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith(SERVING):
        raise AssertionError(line + "".join(process.communicate(timeout=30)))
    keys = changes.get("WEB_API_KEYS") or ""
    return Server(process, line.removeprefix(SERVING).split()[0], keys.partition(",")[0])


def stop(installation: Installation, server: Server) -> Finished:
    """End a server as an operator does."""
    server.process.send_signal(signal.SIGTERM)
    return installation.finish(server.process)


@contextmanager
def serving(installation: Installation, **changes: str | None) -> Iterator[Server]:
    """Serve for as long as the block runs."""
    server = start_serving(installation, **changes)
    try:
        yield server
    finally:
        assert stop(installation, server).code == 130
