"""A replica set whose primary dies under a load: nothing acknowledged is lost."""

import time
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import pytest
from pymongo import MongoClient, WriteConcern
from pymongo.errors import PyMongoError

from hostaway_message_db.simulator import Switches
from support.installation import Account, OpenAccount
from support.processes import wait_for_readings
from support.replica_set import Document, ReplicaSet
from support.truth import differences_to

CONVERSATIONS = 240
LATENCY = Switches(rate_limit_requests=None, latency_seconds=0.1)


@pytest.fixture(scope="module")
def replica_set(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicaSet]:
    with ReplicaSet(tmp_path_factory.mktemp("replica-set")) as started:
        yield started


class Writer(Thread):
    """Writes one number after the other, and knows which ones were acknowledged."""

    def __init__(self, uri: str, database: str) -> None:
        super().__init__(daemon=True)
        self._uri = uri
        self._database = database
        self._enough = Event()
        self.acknowledged: set[int] = set()
        self.longest_gap_seconds = 0.0

    def run(self) -> None:
        client: MongoClient[Document] = MongoClient(self._uri, serverSelectionTimeoutMS=30_000)
        with client:
            beside = client[self._database].get_collection(
                "beside", write_concern=WriteConcern("majority", j=True)
            )
            last = time.monotonic()
            number = 0
            while not self._enough.wait(0.005):
                number += 1
                try:
                    beside.update_one({"_id": number}, {"$set": {"n": number}}, upsert=True)
                except PyMongoError:
                    continue
                self.acknowledged.add(number)
                self.longest_gap_seconds = max(self.longest_gap_seconds, time.monotonic() - last)
                last = time.monotonic()

    def stop(self) -> None:
        self._enough.set()
        self.join()


def _on(replica_set: ReplicaSet, account: Account) -> Any:
    account.installation.settings["MONGODB_URI"] = replica_set.uri
    client: MongoClient[Document] = MongoClient(replica_set.uri, tz_aware=True)
    return client


def _load_while_primaries_die(
    replica_set: ReplicaSet, account: Account, moments: list[int]
) -> None:
    name = account.installation.settings["MONGODB_DATABASE"]
    with _on(replica_set, account) as client:
        writer = Writer(replica_set.uri, name)
        writer.start()
        process = account.installation.start("sync", "--json")
        try:
            for moment in moments:
                reached = wait_for_readings(account, moment, process)
                killed = replica_set.primary()
                killed.kill()
                assert reached, "the load was over before the primary was killed"
                replica_set.primary()
                killed.start()
                replica_set.wait_until_whole()
        finally:
            finished = account.installation.finish(process)
            writer.stop()
        print(  # noqa: T201 - the figure is published
            f"{len(moments)} primaries killed: exit {finished.code}, longest gap between two"
            f" acknowledged writes {writer.longest_gap_seconds:.1f} s,"
            f" {len(writer.acknowledged)} acknowledged"
        )
        kept = {d["_id"] for d in client[name]["beside"].find({}, {"_id": 1})}
        assert writer.acknowledged <= kept
        assert finished.code in {0, 69, 75}, finished.errors
        if finished.code == 0:
            assert finished.json["is_complete"] is True
        else:
            # What was acknowledged as read is not asked for again.
            settled = {
                state["conversation_id"]
                for state in client[name]["sync_state"].find(
                    {"kind": "conversation", "is_pending": False}
                )
            }
            account.control.clear_requests()
            account.synced()
            assert not settled & set(account.asked())
        assert differences_to(account.truth(), client[name]) == []
        account.control.clear_requests()
        assert account.synced()["messages"]["extracted"] == 0
        client.drop_database(name)


@pytest.mark.timeout(300)
def test_the_primary_dies_twice_in_mid_load_and_nothing_acknowledged_is_lost(
    replica_set: ReplicaSet, open_account: OpenAccount
) -> None:
    account = open_account(CONVERSATIONS, switches=LATENCY)
    _load_while_primaries_die(replica_set, account, [30, 90])


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2])
def test_primaries_die_again_and_again_and_nothing_acknowledged_is_lost(
    replica_set: ReplicaSet, open_account: OpenAccount, seed: int
) -> None:
    account = open_account(900, seed=seed, switches=LATENCY)
    _load_while_primaries_die(replica_set, account, [10 + seed, 150, 300, 450, 600])
