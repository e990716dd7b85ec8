"""The audit of the dependencies, against a service of advisories on loopback."""

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.installation import ROOT
from support.receivers import unused_port

PINS = "alpha==1.0\nbeta==2.0\n"
ADVISORY = {
    "id": "OSV-2026-1",
    "summary": "Anybody may do anything.",
    "affected": [
        {
            "package": {"name": "beta", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.1"}]}],
        }
    ],
}


class Service(http.server.BaseHTTPRequestHandler):
    """Answers as OSV does: an empty object where nothing is known."""

    vulnerable: frozenset[str] = frozenset()
    status = 200

    def do_POST(self) -> None:
        """Answer one question about one package."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = asked["package"]["name"]
        answer: Any = {"vulns": [ADVISORY]} if name in self.vulnerable else {}
        body = json.dumps(answer).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@contextmanager
def service(status: int = 200, *vulnerable: str) -> Iterator[str]:
    handler = type("_", (Service,), {"status": status, "vulnerable": frozenset(vulnerable)})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text(PINS)
    return path


def audit(pins: Path, url: str, *options: str) -> "subprocess.CompletedProcess[str]":
    script = ROOT / "scripts" / "audit.py"
    return subprocess.run(
        [sys.executable, script, "--requirements", pins, "--osv-url", url, *options],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_pin_that_an_advisory_names_is_a_failure(pins: Path) -> None:
    with service(200, "beta") as url:
        ran = audit(pins, url)
    assert ran.returncode == 1, ran.stderr
    assert "1 known vulnerability" in ran.stdout
    assert "beta 2.0: OSV-2026-1, fixed in 2.1" in ran.stdout
    assert "alpha" not in ran.stdout


def test_pins_that_no_advisory_names_are_said_to_be_clean(pins: Path) -> None:
    with service() as url:
        ran = audit(pins, url, "--require-advisories")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "audit: 2 pinned packages, no known vulnerability.\n"


def test_advisories_that_cannot_be_read_are_said_and_fail_only_where_required(pins: Path) -> None:
    nowhere = f"http://127.0.0.1:{unused_port()}/v1/query"
    ran = audit(pins, nowhere)
    assert ran.returncode == 0
    assert "NOT CHECKED: no service with advisories could be reached." in ran.stdout
    assert "no known vulnerability" not in ran.stdout
    assert audit(pins, nowhere, "--require-advisories").returncode == 2
    with service(503) as url:
        assert "NOT CHECKED" in audit(pins, url).stdout


def test_a_file_of_pins_that_cannot_be_read_is_no_clean_audit(tmp_path: Path) -> None:
    ran = audit(tmp_path / "missing.txt", "http://127.0.0.1:9/v1/query")
    assert ran.returncode == 2
    assert "NOT CHECKED" not in ran.stdout
