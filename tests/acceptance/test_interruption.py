"""Stopped at any moment and run again: the same final state as never stopped."""

import signal
import subprocess
from functools import partial

import pytest

from hostaway_message_db.simulator import FaultRule, Switches
from support.installation import MESSAGES, Account, OpenAccount, until

READ_BEFORE = 6


def _stopping(account: Account) -> int:
    """Let Hostaway fall silent at one request for messages; return its number."""
    account.fault(FaultRule(effect="hang", path=MESSAGES, nth=READ_BEFORE + 1))
    return READ_BEFORE + 1


def _start_until_silent(account: Account) -> subprocess.Popen[str]:
    """Start a load that reads one conversation at a time, up to the one that hangs."""
    silent = _stopping(account)
    process = account.installation.start("sync", "--json", HOSTAWAY_CONCURRENCY="1")
    log = account.simulator.simulation.log
    until(
        lambda: log.summary(0).by_template.get(f"GET {MESSAGES}", 0) == silent,
        process,
    )
    return process


def _has_seen(account: Account, requests: int) -> bool:
    return account.simulator.simulation.log.summary(0).total >= requests


def _check_resumed(account: Account) -> None:
    """Run again: what was read is not read again, and everything is there."""
    read = account.asked()[:READ_BEFORE]
    account.control.clear_faults()
    account.control.clear_requests()
    report = account.synced()
    assert report["mode"] == "initial"
    assert account.differences() == []
    assert not set(read) & set(account.asked())
    assert len(account.asked()) == len(account.conversation_ids()) - READ_BEFORE
    assert account.run("verify").code == 0
    assert account.run("status", "--json").json["missing_indexes"] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_first_load_goes_on_where_it_stopped(
    open_account: OpenAccount, number: signal.Signals
) -> None:
    account = open_account(16)
    process = _start_until_silent(account)
    process.send_signal(number)
    finished = account.installation.finish(process)
    assert finished.code == 130
    assert finished.json["error"]["code"] == "interrupted"
    run = account.database["sync_runs"].find_one()
    assert run is not None
    assert run["outcome"] == "interrupted"
    assert account.database["sync_state"].find_one({"kind": "lease"}) is None
    _check_resumed(account)


def test_a_killed_first_load_goes_on_where_it_stopped(open_account: OpenAccount) -> None:
    account = open_account(16)
    process = _start_until_silent(account)
    process.send_signal(signal.SIGKILL)
    finished = account.installation.finish(process)
    assert finished.code == -signal.SIGKILL
    assert finished.output == ""
    # Nobody gave its right to run back; a dead holder's is taken over at once.
    assert account.database["sync_state"].find_one({"kind": "lease"}) is not None
    _check_resumed(account)


def test_a_killed_update_loses_no_change(open_account: OpenAccount) -> None:
    account = open_account(10)
    account.synced()
    for number, conversation in enumerate(account.conversation_ids()):
        account.control.add_message(conversation, f"News {number}")
    reservation = next(account.control.truth_reservations())["id"]
    account.control.change_reservation(reservation, guestName="Renamed Guest")
    listing = next(account.control.truth_listings())["id"]
    account.control.rename_listing(listing, "Renamed House")
    account.control.clear_requests()
    process = _start_until_silent(account)
    process.send_signal(signal.SIGKILL)
    account.installation.finish(process)
    account.control.clear_faults()
    account.synced()
    assert account.differences() == []


def test_loads_killed_again_and_again_end_in_the_same_state(open_account: OpenAccount) -> None:
    account = open_account(14, switches=Switches(rate_limit_requests=None, message_cap=5))
    for requests in (2, 4, 9, 17):
        account.control.clear_requests()
        account.fault(FaultRule(effect="hang", method="*", nth=requests))
        process = account.installation.start("sync", "--json")
        until(partial(_has_seen, account, requests), process)
        process.send_signal(signal.SIGKILL)
        account.installation.finish(process)
    account.control.clear_faults()
    report = account.synced()
    assert account.differences() == []
    columns = report["messages"]
    assert columns["updated"] == 0
    assert account.synced()["messages"]["extracted"] == 0


def test_two_runs_at_once_are_one_run(open_account: OpenAccount) -> None:
    account = open_account(16)
    process = _start_until_silent(account)
    second = account.sync()
    assert second.code == 75
    assert second.json["error"]["code"] == "lease_held"
    process.send_signal(signal.SIGINT)
    assert account.installation.finish(process).code == 130
    _check_resumed(account)
