"""Compare with what a user would pick instead, on one machine, in one run.

All load the same simulated account. dlt (two set-ups) and this product write to the same
MongoDB; Airbyte's CDK writes its record stream to a file, and pays for no database. The
peers are installed, pinned, into build/peers; they get a token, this product fetches its own.

    python benchmarks/compare_peers.py                    787 conversations of 10 messages
    python benchmarks/compare_peers.py --conversations 60 smaller
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
import uuid
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from first_load import COMMAND, simulator
from hostaway_message_db.database.embedded import EmbeddedMongo
from hostaway_message_db.simulator import ControlClient, FaultPlan, FaultRule

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent / "peers"
INSTALLED = ROOT / "build" / "peers"
DLT, CDK = "dlt==1.31.0", "airbyte-cdk==7.39.1"
PATIENCE_SECONDS = 300


@dataclass(slots=True)
class Trial:
    """One tool, one account, one place to write to."""

    name: str
    command: list[str]
    environment: dict[str, str]
    control: ControlClient
    folder: Path
    count: Callable[[], int]

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the tool; what it prints is kept in a file."""
        self.control.clear_requests()
        with (self.folder / "out.txt").open("wb") as output:
            return subprocess.Popen(
                self.command,
                env={"PATH": os.defpath, "HOME": str(self.folder), **self.environment},
                cwd=self.folder,
                stdout=output,
                stderr=subprocess.DEVNULL,
            )

    def run(self) -> "Outcome":
        """Run the tool to its end."""
        started = time.perf_counter()
        process = self.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        return Outcome(
            self.control.requests(1).total,
            seconds,
            usage.ru_utime + usage.ru_stime,
            self.count(),
            process.returncode,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run did; `messages` are there (stored, or in the stream) after it.

    `cpu_seconds` are the tool's own, not the database's: they depend less than `seconds` on
    what else the machine does.
    """

    requests: int
    seconds: float
    cpu_seconds: float
    messages: int
    code: int

    def __str__(self) -> str:
        return (
            f"{self.requests:>8}{self.seconds:>9.1f}{self.cpu_seconds:>8.1f}{self.messages:>10}"
            f"{'':>4}{'exit ' + str(self.code):<8}"
        )


@dataclass(slots=True)
class Bench:
    """The account's door and the database, for trials of one scenario."""

    settings: dict[str, str]
    control: ControlClient
    uri: str
    folder: Path

    def trials(self) -> Iterator[Trial]:
        """Yield each tool with nothing loaded yet."""
        yield self.dlt("dlt, plain", cursor=False)
        yield self.dlt("dlt, cursor on the parent", cursor=True)
        yield self.cdk()
        yield self.ours()

    def dlt(self, name: str, *, cursor: bool) -> Trial:
        """Return dlt with its sink into MongoDB."""
        folder, database = self._place()
        environment = {
            "BASE_URL": self.settings["HOSTAWAY_BASE_URL"],
            "TOKEN": self._token(),
            "MONGODB_URI": self.uri,
            "DATABASE": database,
            "CURSOR": str(int(cursor)),
            "FOLDER": str(folder / "dlt"),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }
        command = [str(installed(DLT, "pymongo==4.20.0") / "python"), str(HERE / "dlt_load.py")]
        return Trial(name, command, environment, self.control, folder, self._stored(database))

    def cdk(self) -> Trial:
        """Return Airbyte's CDK, whose stream goes to a file."""
        folder, _ = self._place()
        config = {"base_url": self.settings["HOSTAWAY_BASE_URL"], "token": self._token()}
        (folder / "config.json").write_text(json.dumps(config))
        command = [
            *(str(installed(CDK) / "source-declarative-manifest"), "read"),
            *("--config", "config.json", "--catalog", str(HERE / "airbyte_catalog.json")),
            *("--manifest-path", str(HERE / "airbyte.yaml")),
        ]

        def count() -> int:
            return (folder / "out.txt").read_bytes().count(b'{"type":"RECORD"')

        return Trial("airbyte-cdk (to a file)", command, {}, self.control, folder, count)

    def ours(self) -> Trial:
        """Return this product, without a pause between requests, as the others."""
        folder, database = self._place()
        environment = {
            **self.settings,
            "HOSTAWAY_REQUEST_DELAY": "0",
            "MONGODB_URI": self.uri,
            "MONGODB_DATABASE": database,
        }
        command = [*COMMAND, "sync", "--json"]
        return Trial(
            "hostaway-message-db",
            command,
            environment,
            self.control,
            folder,
            self._stored(database),
        )

    def _place(self) -> tuple[Path, str]:
        name = f"trial_{uuid.uuid4().hex[:8]}"
        (self.folder / name).mkdir()
        return self.folder / name, name

    def _stored(self, database: str) -> Callable[[], int]:
        def count() -> int:
            with MongoClient[dict[str, Any]](self.uri) as client:
                return client[database]["messages"].count_documents({})

        return count

    def _token(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.settings["HOSTAWAY_ACCOUNT_ID"],
            "client_secret": self.settings["HOSTAWAY_API_KEY"],
            "scope": "general",
        }
        request = urllib.request.Request(  # noqa: S310 - the simulator on loopback
            f"{self.settings['HOSTAWAY_BASE_URL']}/accessTokens",
            data=urllib.parse.urlencode(form).encode(),
        )
        with urllib.request.urlopen(request) as reply:  # noqa: S310 - the simulator on loopback
            return str(json.load(reply)["access_token"])


def installed(*requirements: str) -> Path:
    """Install pinned packages into an environment of their own, once; return its `bin`."""
    folder = INSTALLED / requirements[0].replace("==", "-")
    if not (folder / "ready").exists():
        print(f"installing {requirements[0]} ...", file=sys.stderr)
        venv.create(folder, with_pip=True)
        subprocess.run([folder / "bin" / "pip", "install", "-q", *requirements], check=True)
        (folder / "ready").touch()
    return folder / "bin"


@contextmanager
def bench(conversations: int, messages: int, uri: str) -> Iterator[Bench]:
    """Open an account and a folder."""
    with (
        tempfile.TemporaryDirectory() as folder,
        simulator(conversations, messages) as (settings, control),
    ):
        yield Bench(settings, control, uri, Path(folder))


def load_twice(account: Bench) -> None:
    """Load an account, and again with nothing changed."""
    for trial in account.trials():
        print(f"{trial.name:<28}{'first':<8}{trial.run()}")
        print(f"{'':<28}{'again':<8}{trial.run()}")


def load_with_one_broken(account: Bench, conversation_id: int) -> None:
    """Load an account of which one conversation always answers 500."""
    rule = FaultRule(effect="status", status=500, conversation_id=conversation_id)
    account.control.set_faults(FaultPlan(rules=(rule,)))
    for trial in account.trials():
        print(f"{trial.name:<28}{'':<8}{trial.run()}")
    account.control.clear_faults()


def load_after_a_kill(account: Bench, kill_at_request: int) -> None:
    """Kill a first load in the middle, and start it again."""
    for trial in account.trials():
        process = trial.start()
        while trial.control.requests(1).total < kill_at_request and process.poll() is None:
            pass
        process.kill()
        process.wait(PATIENCE_SECONDS)
        before = trial.control.requests(1).total
        after = trial.run()
        print(f"{trial.name:<28}{'killed':<8}{before:>8}")
        print(f"{'':<28}{'again':<8}{after}{'':>4}{before + after.requests} in all")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--conversations", type=int, default=787)
    parser.add_argument("--messages", type=int, default=10)
    options = parser.parse_args()
    size = (options.conversations, options.messages)
    small = (min(100, options.conversations), options.messages)
    for requirements in ((DLT, "pymongo==4.20.0"), (CDK,)):
        installed(*requirements)
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with (
        tempfile.TemporaryDirectory() as data,
        EmbeddedMongo(Path(data), cache_gigabytes=0.5) as mongo,
    ):
        print(f"\n{'tool':<28}{'run':<8}{'requests':>8}{'seconds':>9}{'CPU':>8}{'messages':>10}")
        print(f"first load and unchanged second, {size[0]} conversations of {size[1]}")
        with bench(*size, mongo.uri) as account:
            load_twice(account)
        print(f"one conversation always answers 500, {small[0]} conversations")
        with bench(*small, mongo.uri) as account:
            broken = next(account.control.truth_conversations())["id"]
            load_with_one_broken(account, int(broken))
        print(f"killed half way, {size[0]} conversations")
        with bench(*size, mongo.uri) as account:
            load_after_a_kill(account, options.conversations // 2)


if __name__ == "__main__":
    main()
