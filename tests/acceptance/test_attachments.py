"""Files of messages outlive their links: downloaded by the run that first sees them."""

import hashlib
from pathlib import Path
from typing import Any

from hostaway_message_db.simulator import Switches
from support.installation import Account, OpenAccount

UNLIMITED = Switches(rate_limit_requests=None)


def files_asked(account: Account) -> list[str]:
    asked: list[str] = list(account.simulator.simulation.files.asked)
    account.simulator.simulation.files.asked.clear()
    return asked


def parts_of(account: Account, conversation: int | None = None) -> list[dict[str, Any]]:
    query = {} if conversation is None else {"conversation_id": str(conversation)}
    return [p for m in account.database["messages"].find(query) for p in m["attachments"]]


def test_files_are_stored_once_and_leave_with_their_guest(open_account: OpenAccount) -> None:
    account = open_account(30, switches=UNLIMITED)
    first, second = account.conversation_ids()[:2]
    for conversation in (first, second):
        guide = account.control.add_message(conversation, "The guide", direction="outgoing")
        account.control.add_attachment(conversation, guide["id"], "guide", is_public=True)
        photo = account.control.add_message(conversation, "")
        account.control.add_attachment(conversation, photo["id"], "photo")
    report = account.synced()
    parts = parts_of(account)
    assert len(parts) >= 4
    assert all("file_id" in part for part in parts)
    columns = report["attachments"]
    assert columns["stored"] + columns["known"] == len(parts) == len(files_asked(account))
    assert columns["known"] > 0
    assert columns["failures"] == []
    stored = account.database["fs.files"]
    assert stored.count_documents({}) == columns["stored"] == len({p["sha256"] for p in parts})
    some = stored.find_one({"metadata.sha256": parts[0]["sha256"]})
    assert some is not None
    chunks = account.database["fs.chunks"].find({"files_id": some["_id"]}).sort("n")
    content = b"".join(chunk["data"] for chunk in chunks)
    assert hashlib.sha256(content).hexdigest() == parts[0]["sha256"]
    assert some["metadata"]["content_type"] in {"image/jpeg", "application/pdf"}

    # Private addresses are new at each reading: no change, and nothing is downloaded again.
    again = account.synced("--full")
    assert again["messages"]["updated"] == 0
    assert files_asked(account) == []

    message = account.database["messages"].find_one({"conversation_id": str(first)})
    assert message is not None
    stay = message["reservation"]["id"]
    exported = account.run("export-guest", "--reservation", stay, "--output", "guest", "--json")
    names = [Path(name) for name in exported.json["files"] if "/files/" in name]
    theirs = [p for p in parts_of(account, first) if "file_id" in p]
    held = [(account.installation.folder / name).read_bytes() for name in names]
    assert sorted(hashlib.sha256(content).hexdigest() for content in held) == sorted(
        {p["sha256"] for p in theirs}
    )
    assert len(held) >= 2
    before = stored.count_documents({})
    forgotten = account.run("forget-guest", "--reservation", message["reservation"]["id"], "--yes")
    assert forgotten.code == 0
    assert stored.count_documents({"metadata.conversation_ids": str(first)}) == 0
    assert 0 < stored.count_documents({}) < before
    owners = {p["file_id"] for p in parts_of(account)}
    assert {f["_id"] for f in stored.find()} == owners
    assert set(account.database["fs.chunks"].distinct("files_id")) == owners


def test_what_cannot_be_downloaded_is_named_and_tried_again_later(
    open_account: OpenAccount,
) -> None:
    account = open_account(30, switches=Switches(rate_limit_requests=None, file_status=503))
    report = account.synced()
    columns = report["attachments"]
    assert columns["failed"] == len(parts_of(account)) > 3
    assert columns["failures"][0]["subject"].startswith("attachment ")
    # Three failures of a server, three tries each; the rest is not asked for in this run.
    assert 9 <= len(files_asked(account)) < 3 * columns["failed"]
    status = account.run("status", "--json").json
    assert status["files_not_stored_count"] == columns["failed"]
    assert len(status["files_not_stored"]) == min(columns["failed"], 20)

    queue = account.database["attachment_queue"]
    waiting = list(queue.find())
    assert account.synced()["attachments"]["failed"] == 0
    assert list(queue.find()) == waiting
    account.control.set_switches(file_status=200)
    queue.update_many({}, [{"$set": {"next_try_at": "$added_at"}}])
    assert account.synced()["attachments"]["stored"] > 0
    assert queue.count_documents({}) == 0
    assert all("file_id" in part for part in parts_of(account))


def test_it_can_be_turned_off_and_bounded(open_account: OpenAccount) -> None:
    account = open_account(30, switches=UNLIMITED)
    account.synced(ATTACHMENTS="false")
    assert files_asked(account) == []
    assert account.database["attachment_queue"].count_documents({}) == 0
    every = len(parts_of(account))
    report = account.synced("--full", ATTACHMENT_MAX_PER_RUN="2", ATTACHMENT_TYPES="image/*")
    columns = report["attachments"]
    assert columns["stored"] + columns["known"] + columns["refused"] == 2 < every
    rest = account.synced(ATTACHMENT_TYPES="image/*")["attachments"]
    assert rest["stored"] + rest["known"] + rest["refused"] == every - 2
    refused = account.database["attachment_queue"].count_documents({"is_refused": True})
    assert refused == columns["refused"] + rest["refused"]
