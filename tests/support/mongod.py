"""A mongod of a test's own on loopback, beside the embedded one of the product."""

import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path

from hostaway_message_db.database.embedded import find_mongod

Mongod = subprocess.Popen[bytes]


def start_mongod(directory: Path, port: int, *options: str) -> Mongod:
    """Start one whose data and log lie in a directory; return at once."""
    return subprocess.Popen(
        [
            str(find_mongod(None)),
            *("--dbpath", str(directory), "--port", str(port), "--bind_ip", "127.0.0.1"),
            *("--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"),
            *("--wiredTigerEngineConfigString", "log=(prealloc=false,file_max=8MB)"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            *("--logpath", str(directory / "mongod.log"), "--logappend", "--quiet"),
            *options,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def free_ports(count: int) -> list[int]:
    with ExitStack() as open_sockets:
        probes = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
