"""The database fails under a load: a clear end, nothing that was acknowledged is lost."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from pymongo import MongoClient

from hostaway_message_db.database.embedded import EmbeddedMongo
from hostaway_message_db.simulator import Switches
from support.installation import Account, Finished, OpenAccount, until
from support.processes import (
    fill_up,
    kill,
    make_read_only,
    parent_of,
    processes_below,
    small_disk,
    wait_for_readings,
)
from support.truth import Document, differences_to

LATENCY = Switches(rate_limit_requests=None, latency_seconds=0.03)
CONVERSATIONS = 120
EMBEDDED = {"MONGODB_URI": None, "MONGOD_CACHE_GIGABYTES": "0.25"}


@pytest.fixture
def account(open_account: OpenAccount, tmp_path: Path) -> Account:
    return open_account(CONVERSATIONS, switches=LATENCY, data_dir=tmp_path / "data")


def _data_dir(account: Account) -> Path:
    return Path(account.installation.settings["DATA_DIR"])


def _start_load(account: Account, readings: int) -> subprocess.Popen[str]:
    """Start a first load into the embedded database and wait until so much was asked for."""
    account.control.clear_requests()
    process = account.installation.start("sync", "--json", **EMBEDDED)
    assert wait_for_readings(account, readings, process)
    return process


def _mongods(account: Account) -> list[int]:
    return processes_below(_data_dir(account), "mongod")


def _differences(account: Account) -> list[str]:
    name = account.installation.settings["MONGODB_DATABASE"]
    with (
        EmbeddedMongo(_data_dir(account), cache_gigabytes=0.25) as mongo,
        MongoClient[Document](mongo.uri, tz_aware=True) as client,
    ):
        return differences_to(account.truth(), client[name])


def _check_unavailable(finished: Finished) -> str:
    """Check the end of a run whose database failed; return what was said."""
    assert finished.code == 69, finished.output + finished.errors
    error = finished.json["error"]
    assert error["code"] == "database_unavailable"
    assert "MongoDB" in error["message"]
    assert error["hint"]
    return str(error["message"])


def test_a_mongod_killed_in_mid_load_is_started_again_and_nothing_is_lost(
    account: Account,
) -> None:
    """The run ends with 69 when a write was under way, else it lives through it."""
    process = _start_load(account, readings=40)
    (mongod,) = _mongods(account)
    os.kill(mongod, signal.SIGKILL)
    finished = account.installation.finish(process)
    if finished.code == 0:
        assert finished.json["is_complete"] is True
        assert _differences(account) == []
        return
    assert "cannot be reached" in _check_unavailable(finished)
    account.control.clear_requests()
    account.synced(**EMBEDDED)
    assert len(account.asked()) < CONVERSATIONS
    assert _differences(account) == []


@pytest.mark.slow
def test_a_mongod_that_does_not_come_back_ends_the_run_and_the_next_one_completes_it(
    account: Account,
) -> None:
    process = _start_load(account, readings=60)
    (mongod,) = _mongods(account)
    os.kill(parent_of(mongod), signal.SIGKILL)  # its supervisor
    os.kill(mongod, signal.SIGKILL)
    killed_at = time.monotonic()
    assert "cannot be reached" in _check_unavailable(account.installation.finish(process))
    print(f"ended {time.monotonic() - killed_at:.1f} s later")  # noqa: T201 - the figure
    account.control.clear_requests()
    account.synced(**EMBEDDED)
    assert len(account.asked()) < CONVERSATIONS
    assert _differences(account) == []


def test_the_run_and_its_mongod_killed_at_once_lose_nothing(account: Account) -> None:
    process = _start_load(account, readings=50)
    (mongod,) = _mongods(account)
    os.kill(mongod, signal.SIGKILL)
    assert kill(process, account.installation).code == -signal.SIGKILL
    account.synced(**EMBEDDED)
    assert _differences(account) == []


def test_a_signal_ends_the_run_with_130_and_its_mongod_with_it(account: Account) -> None:
    process = _start_load(account, readings=20)
    process.send_signal(signal.SIGINT)
    finished = account.installation.finish(process)
    assert finished.code == 130
    assert finished.json["error"]["code"] == "interrupted"
    until(lambda: not _mongods(account))
    runs = account.run("status", "--json", **EMBEDDED).json["last_runs"]
    assert [run["outcome"] for run in runs] == ["interrupted"]
    account.control.clear_requests()
    account.synced(**EMBEDDED)
    assert len(account.asked()) < CONVERSATIONS
    assert _differences(account) == []


def test_a_disk_that_is_full_ends_the_run_with_a_clear_error(
    open_account: OpenAccount, tmp_path: Path
) -> None:
    """The disk under the embedded database fills up in mid-load; later there is room again."""
    with small_disk(tmp_path / "disk", megabytes=128) as disk:
        account = open_account(CONVERSATIONS, switches=LATENCY, data_dir=disk / "data")
        process = _start_load(account, readings=30)
        ballast = fill_up(disk)
        said = _check_unavailable(account.installation.finish(process))
        # When the disk fills up under its journal mongod ends itself, and is not there any more.
        assert "disk is full" in said or "cannot be reached" in said
        # Still full: nothing can be written, and that is said in plain words.
        said = _check_unavailable(account.sync(**EMBEDDED))
        assert "disk is full" in said
        ballast.unlink()
        account.synced(**EMBEDDED)
        assert _differences(account) == []
        until(lambda: not _mongods(account))


def test_a_disk_that_may_not_be_written_to_is_named(
    open_account: OpenAccount, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", megabytes=8) as disk:
        account = open_account(2, data_dir=disk / "data")
        make_read_only(disk)
        for changes in (EMBEDDED, {}):
            finished = account.sync(**changes)
            assert finished.code in {69, 78}, finished.errors
            assert str(disk) in finished.json["error"]["message"]
            assert "read-only" in finished.json["error"]["message"].lower()
        assert account.database["messages"].count_documents({}) == 0


def test_a_data_directory_that_is_a_file_is_named(open_account: OpenAccount) -> None:
    account = open_account(2)
    in_the_way = account.installation.folder / "occupied"
    in_the_way.write_text("I am a file")
    for changes in (EMBEDDED, {}):
        finished = account.sync(**{**changes, "DATA_DIR": str(in_the_way)})
        assert finished.code in {69, 78}, finished.errors
        assert str(in_the_way) in finished.json["error"]["message"]
    assert in_the_way.read_text() == "I am a file"
