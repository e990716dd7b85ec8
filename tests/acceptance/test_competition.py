"""Several at once on one account: one has the right to run, the others are told who."""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest
from pymongo.database import Database

from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.errors import LeaseHeld
from hostaway_message_db.models.records import Stamp
from hostaway_message_db.ports import ConversationMark, LeaseHolder, Stores
from hostaway_message_db.simulator import FaultRule, Switches
from hostaway_message_db.utils.processes import ProcessIdentity, this_process
from support.installation import MESSAGES, Account, OpenAccount
from support.processes import kill, wait_for_readings
from support.truth import Document

LATENCY = Switches(rate_limit_requests=None, latency_seconds=0.05)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ELSEWHERE = ProcessIdentity("another computer", "elsewhere.example", 4711)
SECOND = timedelta(seconds=1)
CONTENDERS = 100
LEASE = "sync:1"


# --- processes ---------------------------------------------------------------------------------


def _lease(account: Account) -> Document:
    found = account.database["sync_state"].find_one({"kind": "lease"})
    assert found is not None
    return dict(found)


def test_of_two_runs_at_once_one_works_and_the_other_says_who_and_until_when(
    open_account: OpenAccount,
) -> None:
    account = open_account(60, switches=LATENCY)
    account.fault(FaultRule(effect="hang", path=MESSAGES, nth=8, seconds=6.0))
    both = [account.installation.start("sync", "--json") for _ in range(2)]
    ended = [account.installation.finish(process) for process in both]
    assert sorted(finished.code for finished in ended) == [0, 75]
    ((worker, won), (_, lost)) = sorted(
        zip(both, ended, strict=True), key=lambda pair: pair[1].code
    )
    error = lost.json["error"]
    assert error["code"] == "lease_held"
    assert won.json["run_id"] in error["message"]
    assert f"process {worker.pid} on " in error["message"]
    assert "UTC" in error["message"]
    assert account.differences() == []
    # Nothing was read twice, and the one that lost wrote nothing, not even to the ledger.
    assert len(account.asked()) == 60 + won.json["retry_count"]
    assert len(set(account.asked())) == 60
    assert account.database["sync_runs"].count_documents({}) == 1
    assert account.database["sync_state"].find_one({"kind": "lease"}) is None


def test_every_command_that_writes_respects_the_right_to_run(open_account: OpenAccount) -> None:
    account = open_account(40, switches=LATENCY)
    account.fault(FaultRule(effect="hang", path=MESSAGES, nth=8))
    process = account.installation.start("sync", "--json")
    assert wait_for_readings(account, 40, process)
    for arguments in (["verify", "--json"], ["replay", "--json"], ["daily-job"]):
        assert account.run(*arguments).code == 75, arguments
    assert account.run("status", "--json").code == 0
    process.send_signal(signal.SIGTERM)
    assert account.installation.finish(process).code == 130


def test_the_lease_of_a_killed_run_is_free_at_once_on_the_same_computer(
    open_account: OpenAccount,
) -> None:
    account = open_account(40, switches=LATENCY)
    process = account.installation.start("sync", "--json")
    assert wait_for_readings(account, 16, process)
    assert kill(process, account.installation).code == -signal.SIGKILL
    assert _lease(account)["pid"] == process.pid
    account.synced()
    assert account.differences() == []


def test_the_lease_of_another_computer_holds_until_it_expires(open_account: OpenAccount) -> None:
    account = open_account(3)
    server_time = account.database.client.admin.command("hello")["localTime"]
    lease = {
        "_id": f"lease:sync:{account.id}",
        "kind": "lease",
        "holder": "20261122T120000Z-elsewhere",
        "space": ELSEWHERE.space,
        "host_name": ELSEWHERE.host_name,
        "pid": ELSEWHERE.pid,
        "expires_at": server_time + timedelta(hours=1),
    }
    account.database["sync_state"].insert_one(lease)
    held = account.sync()
    assert held.code == 75
    assert "20261122T120000Z-elsewhere" in held.json["error"]["message"]
    assert "process 4711 on elsewhere.example" in held.json["error"]["message"]
    until = f"{lease['expires_at']:%Y-%m-%d %H:%M:%S} UTC"
    assert until in held.json["error"]["message"]
    account.database["sync_state"].update_one(
        {"_id": lease["_id"]}, {"$set": {"expires_at": server_time}}
    )
    account.synced()
    assert account.differences() == []


class Reader(Thread):
    """Counts documents, again and again, and remembers the fewest it saw."""

    def __init__(self, database: Database[Document], names: list[str]) -> None:
        super().__init__(daemon=True)
        self._database = database
        self._enough = Event()
        self.fewest = {name: database[name].count_documents({}) for name in names}
        self.looks = 0

    def run(self) -> None:
        while not self._enough.is_set():
            for name, fewest in self.fewest.items():
                # Without a filter, by walking: what a reader of the collection really sees.
                seen = len(list(self._database[name].find({}, {"_id": 1})))
                self.fewest[name] = min(fewest, seen)
            self.looks += 1

    def stop(self) -> None:
        self._enough.set()
        self.join()


def test_readers_never_see_fewer_documents_during_a_full_run(open_account: OpenAccount) -> None:
    account = open_account(100, switches=Switches(rate_limit_requests=None, latency_seconds=0.01))
    account.synced()
    conversation = account.conversation_ids()[0]
    edited = next(iter(account.truth().messages_of(str(conversation))))
    account.control.edit_message(conversation, int(edited), "Another text")
    names = ["messages", "conversations", "reservations", "listings"]
    before = {name: account.database[name].count_documents({}) for name in names}
    reader = Reader(account.database, names)
    reader.start()
    report = account.synced("--full")
    reader.stop()
    assert report["messages"]["updated"] == 1
    assert reader.looks > 10
    assert reader.fewest == before


# --- single conditional writes -----------------------------------------------------------------


@pytest.fixture
async def stores(mongodb_uri: str, database: Database[Document]) -> AsyncIterator[Stores]:
    async with MongoDatabase(mongodb_uri, database.name) as opened:
        yield opened.stores()


def _holder(name: str) -> LeaseHolder:
    return LeaseHolder(name, ELSEWHERE)


async def _won(acquiring: Coroutine[Any, Any, None]) -> bool:
    try:
        await acquiring
    except LeaseHeld:
        return False
    return True


async def test_a_lease_is_held_up_to_its_second_and_free_at_it(stores: Stores) -> None:
    await stores.leases.acquire(LEASE, _holder("first"), NOW, 60)
    for seconds in (0, 1, 59, 59.999):
        moment = NOW + timedelta(seconds=seconds)
        with pytest.raises(LeaseHeld, match=r"first \(process 4711 on elsewhere.example\)"):
            await stores.leases.acquire(LEASE, _holder("second"), moment, 60)
    await stores.leases.acquire(LEASE, _holder("second"), NOW + 60 * SECOND, 60)
    with pytest.raises(LeaseHeld, match="second"):
        await stores.leases.acquire(LEASE, _holder("first"), NOW + 61 * SECOND, 60)


async def test_a_renewed_lease_runs_from_its_renewal(stores: Stores) -> None:
    await stores.leases.acquire(LEASE, _holder("first"), NOW, 60)
    await stores.leases.acquire(LEASE, _holder("first"), NOW + 59 * SECOND, 60)
    with pytest.raises(LeaseHeld, match="until 2026-11-22 12:01:59 UTC"):
        await stores.leases.acquire(LEASE, _holder("second"), NOW + 118 * SECOND, 60)
    await stores.leases.acquire(LEASE, _holder("second"), NOW + 119 * SECOND, 60)


async def test_an_expired_lease_that_somebody_took_is_not_renewed_nor_released(
    stores: Stores,
) -> None:
    first, second = _holder("first"), _holder("second")
    await stores.leases.acquire(LEASE, first, NOW, 60)
    await stores.leases.acquire(LEASE, second, NOW + 60 * SECOND, 60)
    with pytest.raises(LeaseHeld):
        await stores.leases.acquire(LEASE, first, NOW + 61 * SECOND, 60)
    await stores.leases.release(LEASE, first)
    with pytest.raises(LeaseHeld, match="second"):
        await stores.leases.acquire(LEASE, first, NOW + 62 * SECOND, 60)
    await stores.leases.release(LEASE, second)
    await stores.leases.acquire(LEASE, first, NOW + 63 * SECOND, 60)


async def test_leases_of_other_accounts_are_other_leases(stores: Stores) -> None:
    await stores.leases.acquire("sync:1", _holder("first"), NOW, 60)
    await stores.leases.acquire("sync:2", _holder("second"), NOW, 60)


async def test_a_lease_whose_holder_ended_on_this_computer_is_free(stores: Stores) -> None:
    here = this_process()
    ended = await asyncio.create_subprocess_exec("true")
    await ended.wait()
    gone = ProcessIdentity(here.space, here.host_name, ended.pid)
    await stores.leases.acquire(LEASE, LeaseHolder("killed", gone), NOW, 60)
    await stores.leases.acquire(LEASE, LeaseHolder("next", here), NOW + SECOND, 60)
    with pytest.raises(LeaseHeld, match="next"):
        await stores.leases.acquire(LEASE, _holder("third"), NOW + 2 * SECOND, 60)


async def _held_by_nobody(_: Stores, __: int) -> None:
    return


async def _held_but_expired(stores: Stores, number: int) -> None:
    await stores.leases.acquire(f"{LEASE}-{number}", _holder("old"), NOW - 60 * SECOND, 60)


async def _held_by_the_dead(stores: Stores, number: int) -> None:
    here = this_process()
    ended = await asyncio.create_subprocess_exec("true")
    await ended.wait()
    gone = LeaseHolder("dead", ProcessIdentity(here.space, here.host_name, ended.pid))
    await stores.leases.acquire(f"{LEASE}-{number}", gone, NOW, 60)


@pytest.mark.parametrize("prepare", [_held_by_nobody, _held_but_expired, _held_by_the_dead])
async def test_of_two_that_want_the_lease_at_once_exactly_one_gets_it(
    stores: Stores, prepare: Any
) -> None:
    """A hundred times: by an insert, by an expired lease, by a dead holder's."""
    for number in range(CONTENDERS):
        await prepare(stores, number)
        name = f"{LEASE}-{number}"
        won = await asyncio.gather(
            *(_won(stores.leases.acquire(name, _holder(who), NOW, 60)) for who in ("one", "two"))
        )
        assert sorted(won) == [False, True], number


async def test_of_a_hundred_that_want_the_lease_at_once_exactly_one_gets_it(
    stores: Stores,
) -> None:
    won = await asyncio.gather(
        *(
            _won(stores.leases.acquire(LEASE, _holder(f"run {number}"), NOW, 60))
            for number in range(CONTENDERS)
        )
    )
    assert sum(won) == 1


async def test_failures_noted_at_once_are_all_counted(stores: Stores) -> None:
    mark = ConversationMark("7", None, Stamp(None, None, None), None, is_pending=True)
    await stores.state.mark("1", [mark])
    await asyncio.gather(
        *(stores.state.note_failure("1", "7", "down", gives_up=False) for _ in range(CONTENDERS))
    )
    assert (await stores.state.conversations("1", ["7"]))["7"].failed_runs == CONTENDERS
