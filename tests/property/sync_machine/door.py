"""The way from the driver to mongod, which breaks where it is told to.

Real messages of MongoDB's wire protocol pass one by one. Each command counts as a step
of the run, as does each request to Hostaway; at one step of a run the door, or the run
itself, is broken off. What the driver then meets is what it meets when a network fails.
"""

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

import bson

OnStep = Callable[[int], None]
OnWritten = Callable[[str], None]

OP_MSG = 2013
HEADER_BYTES = 16
UNCOUNTED = frozenset({"", "hello", "ismaster", "isMaster", "ping", "endSessions", "killCursors"})
WRITES = frozenset({"insert", "update", "delete", "findAndModify", "drop", "renameCollection"})
OUT_OF_DISK_SPACE = {"ok": 0.0, "code": 14031, "codeName": "OutOfDiskSpace", "errmsg": "full"}


class CutKind(StrEnum):
    """What happens at the step of a cut."""

    CANCELLED = "cancelled"
    """The run is cancelled, as by Ctrl-C; it may still tidy up."""
    KILLED = "killed"
    """Nothing the run does from now on has an effect, as after kill -9."""
    CONNECTION_LOST = "connection lost"
    """The connection that the command came over breaks; another one can be made."""
    DATABASE_GONE = "database gone"
    """All connections break, and none can be made until the run's end."""
    COMMAND_REFUSED = "command refused"
    """The command is answered with an error of the server's: its disk is full."""


ENDS_THE_RUN = frozenset({CutKind.CANCELLED, CutKind.KILLED})
SHUTS_THE_DOOR = frozenset({CutKind.KILLED, CutKind.DATABASE_GONE})


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a run is broken: at which step, how, and whether mongod still did that command."""

    step: int
    kind: CutKind
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """The name of a command, and the collection it is about, if it names one."""

    name: str
    collection: str


def read_command(message: bytes) -> Command:
    """Read the head of a message of the wire protocol."""
    opcode = struct.unpack_from("<i", message, 12)[0]
    if opcode != OP_MSG:
        return Command("", "")
    kind_at = HEADER_BYTES + 4 + 1 + 4  # flags, section, the document's length
    name_end = message.index(b"\0", kind_at + 1)
    name = message[kind_at + 1 : name_end].decode()
    is_text = message[kind_at] == 2
    length = struct.unpack_from("<i", message, name_end + 1)[0] if is_text else 0
    return Command(name, message[name_end + 5 : name_end + 4 + length].decode() if is_text else "")


def answer(message: bytes, document: dict[str, object]) -> bytes:
    """Make a reply to a message."""
    request_id = struct.unpack_from("<i", message, 4)[0]
    body = struct.pack("<iB", 0, 0) + bson.encode(document)
    return struct.pack("<iiii", HEADER_BYTES + len(body), 0, request_id, OP_MSG) + body


async def read_message(reader: asyncio.StreamReader) -> bytes:
    """Read one message; raises `IncompleteReadError` at the connection's end."""
    length = await reader.readexactly(4)
    return length + await reader.readexactly(struct.unpack("<i", length)[0] - 4)


class Door:
    """Passes commands on to mongod, counts the steps of a run, and breaks it once."""

    def __init__(self, mongod_socket: str, cut: Cut | None) -> None:
        self._mongod_socket = mongod_socket
        self._cut = cut
        self._is_shut = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.steps = 0
        self.end_run: Callable[[], object] = lambda: None
        self.on_step: OnStep = lambda _step: None
        self.on_written: OnWritten = lambda _collection: None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._shut()
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*self._serving, return_exceptions=True)

    @property
    def uri(self) -> str:
        """Return the address of the door, for the driver."""
        if self._server is None:
            raise RuntimeError("the door is used outside its context")
        host, port = self._server.sockets[0].getsockname()
        # A lost connection is made anew; a database that is gone is not waited for.
        is_worth_waiting = self._cut is None or self._cut.kind not in SHUTS_THE_DOOR
        patience = 5_000 if is_worth_waiting else 20
        return (
            f"mongodb://{host}:{port}/?directConnection=true&serverMonitoringMode=poll"
            f"&serverSelectionTimeoutMS={patience}"
        )

    def note_request(self) -> None:
        """Count a request to Hostaway, which may be where the run ends."""
        if self._is_struck() and self._cut is not None and self._cut.kind in ENDS_THE_RUN:
            self._strike(self._cut)

    def _is_struck(self) -> bool:
        self.steps += 1
        self.on_step(self.steps)
        return self._cut is not None and self.steps >= self._cut.step

    def _strike(self, cut: Cut) -> None:
        self._cut = None
        if cut.kind in SHUTS_THE_DOOR:
            self._shut()
        if cut.kind in ENDS_THE_RUN:
            self.end_run()

    def _shut(self) -> None:
        self._is_shut = True
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        if self._is_shut:
            writer.close()
            return
        self._writers.add(writer)
        from_mongod, to_mongod = await asyncio.open_unix_connection(self._mongod_socket)
        try:
            while not self._is_shut:
                message = await read_message(reader)
                reply = await self._pass_on(message, from_mongod, to_mongod)
                if reply is None:
                    return
                writer.write(reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._writers.discard(writer)
            writer.close()
            to_mongod.close()

    async def _pass_on(
        self, message: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes | None:
        """Return mongod's reply, or None where the connection breaks."""
        command = read_command(message)
        is_counted = command.name not in UNCOUNTED
        cut = self._cut if is_counted and self._is_struck() else None
        if cut is not None and not cut.is_done:
            self._strike(cut)
            is_refused = cut.kind is CutKind.COMMAND_REFUSED
            return answer(message, dict(OUT_OF_DISK_SPACE)) if is_refused else None
        writer.write(message)
        await writer.drain()
        reply = await read_message(reader)
        if command.name in WRITES:
            self.on_written(command.collection)
        if cut is None or self._cut is not cut:
            return reply
        self._strike(cut)
        return reply if cut.kind is CutKind.COMMAND_REFUSED else None
