"""`serve`: the same answers as the command line, to those who may ask, within bounds."""

import hashlib
import os
import re
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import IncompleteRead
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from pydantic import BaseModel
from pymongo import MongoClient

from hostaway_message_db.web import schemas
from support.http_api import Reply, Server, serving, start_serving, stop
from support.installation import Account, OpenAccount, until
from support.mongod import free_ports, start_mongod
from support.processes import parent_of, processes_below
from support.truth import Document

Shapes = dict[str, tuple[type[BaseModel], list[dict[str, Any]]]]
KEYS = "first-key-of-the-api,second-key-of-the-api"
ANYWHERE = "0.0.0.0"  # noqa: S104 - to see it refused
DAYS: dict[str, Any] = {"since": "2024-01-01", "until": "2026-11-01"}


@pytest.fixture(scope="module")
def account(open_shared_account: OpenAccount) -> Account:
    account = open_shared_account(40, messages_per_conversation=5)
    edited = account.truth().messages_of(str(account.conversation_ids()[0]))
    account.synced()
    account.control.edit_message(account.conversation_ids()[0], int(next(iter(edited))), "Edited")
    account.synced("--full")
    return account


@pytest.fixture(scope="module")
def server(account: Account) -> Iterator[Server]:
    with serving(account.installation) as server:
        yield server


@pytest.fixture(scope="module")
def keyed(account: Account) -> Iterator[Server]:
    with serving(account.installation, WEB_API_KEYS=KEYS) as server:
        yield server


# --- the same answers ---------------------------------------------------------------------------


def test_a_search_is_that_of_the_command_line(account: Account, server: Server) -> None:
    for query, order in (
        ("wifi", "newest"),
        ("from:guest water", "relevance"),
        ("foo:bar", "newest"),
    ):
        asked = server.ask("/api/v1/messages", q=query, order=order, limit=7).json
        assert (
            asked == account.run("search", query, "--order", order, "--limit", "7", "--json").json
        )


def test_figures_are_those_of_the_command_line(account: Account, server: Server) -> None:
    options = [f"--{name}={value}" for name, value in DAYS.items()]
    told = account.run("stats", *options, "--json").json
    timeless = [f for f in told["figures"] if f["metric"] not in {"E1", "U1"}]
    asked = server.ask("/api/v1/figures", **DAYS).json
    assert [f for f in asked["figures"] if f["metric"] not in {"E1", "U1"}] == timeless
    assert len(timeless) > 30
    by = account.run(
        "stats", "R2", "S1", "--by", "property", "--compare", "previous", *options, "--json"
    )
    assert (
        server.ask(
            "/api/v1/figures", metric=["R2", "S1"], by="property", compare="previous", **DAYS
        ).json
        == by.json
    )
    where = account.run("stats", "R2", "--where", "from:guest", *options, "--json").json
    assert server.ask("/api/v1/figures/r2", q="from:guest", **DAYS).json == where


def test_who_waits_is_told_as_by_the_command_line(account: Account, server: Server) -> None:
    asked, told = server.ask("/api/v1/waiting").json, account.run("waiting", "--json").json
    assert asked["n"] == told["n"] > 0
    ids = [one["conversation_id"] for one in told["waiting"]]
    assert [one["conversation_id"] for one in asked["waiting"]] == ids


def test_the_status_is_that_of_the_command_line(account: Account, server: Server) -> None:
    asked, told = server.ask("/api/v1/status").json, account.run("status", "--json").json
    for changing in ("hours_since_complete_run",):
        del asked[changing], told[changing]
    assert asked == told


def test_a_conversation_is_told_whole_with_what_was_said_before(
    account: Account, server: Server
) -> None:
    identity = str(account.conversation_ids()[0])
    path = f"/api/v1/conversations/{identity}"
    assert server.ask(path).json == account.run("thread", identity, "--json").json
    asked = server.ask(path, versions="true").json
    assert asked == account.run("thread", identity, "--versions", "--json").json
    assert sum(len(message["versions"]) for message in asked["messages"]) == 1


def test_pages_together_hold_every_message_once(account: Account, server: Server) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = server.ask("/api/v1/messages", limit=37, cursor=cursor).json
        seen += [message["message_id"] for message in page["results"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == account.database["messages"].count_documents({})


def test_one_message_is_told_as_it_is_stored(account: Account, server: Server) -> None:
    stored = account.database["messages"].find_one({"reservation.price": {"$ne": None}})
    assert stored is not None
    told = server.ask(f"/api/v1/messages/{stored['message_id']}").json
    assert told["content"] == stored["content"]
    assert told["reservation"]["price"] == str(stored["reservation"]["price"])
    assert server.ask(f"/api/v1/messages/{stored['message_id']}", account="1").status == 404


def test_only_the_account_asked_for_is_told_of(account: Account, server: Server) -> None:
    assert server.ask("/api/v1/messages", account=account.id).json["count"] > 0
    assert server.ask("/api/v1/messages", account="1").json["count"] == 0
    assert server.ask("/api/v1/waiting", account="1").json["n"] == 0


def test_every_answer_has_the_shape_that_the_description_tells(
    account: Account, server: Server
) -> None:
    identity = str(account.conversation_ids()[0])
    message = server.ask("/api/v1/messages", limit=1).json["results"][0]["message_id"]
    shapes: Shapes = {
        "/healthz": (schemas.HealthShape, [{}]),
        "/readyz": (schemas.HealthShape, [{}]),
        "/api/v1/status": (schemas.StatusShape, [{}]),
        "/api/v1/messages": (
            schemas.MessagesShape,
            [{}, {"q": "foo:bar water", "order": "relevance"}, {"limit": 1000}],
        ),
        f"/api/v1/messages/{message}": (schemas.MessageShape, [{}]),
        f"/api/v1/conversations/{identity}": (schemas.ConversationShape, [{"versions": "true"}]),
        "/api/v1/waiting": (schemas.WaitingListShape, [{}]),
        "/api/v1/figures": (
            schemas.FiguresShape,
            [{}, {"by": "week", "compare": "previous", **DAYS}],
        ),
        "/api/v1/figures/R2": (schemas.FiguresShape, [{"q": "foo:bar"}]),
    }
    manual = server.ask("/openapi.json").json
    described = manual["paths"]
    assert not {"HTTPValidationError", "ValidationError"} & set(manual["components"]["schemas"])
    templates = {re.sub(r"/(?:\d+|R2)$", "/", path) for path in shapes}
    named = {re.sub(r"/\{\w+\}$", "/", path) for path in described}
    assert named - templates == {"/metrics", "/api/v1/attachments/"}
    for path, (shape, questions) in shapes.items():
        for question in questions:
            shape.model_validate(server.ask(path, **question).json)


# --- files --------------------------------------------------------------------------------------


def test_files_are_sent_whole_and_always_as_downloads(account: Account, server: Server) -> None:
    kept = [
        (message, part)
        for message in account.database["messages"].find({"attachments.file_id": {"$exists": True}})
        for part in message["attachments"]
        if "file_id" in part
    ]
    assert kept
    for _, part in kept:
        path = f"/api/v1/attachments/{part['file_id']}"
        reply = server.ask(path, account=account.id)
        assert reply.status == 200
        assert hashlib.sha256(reply.body).hexdigest() == part["sha256"]
        assert reply.headers["content-disposition"].startswith('attachment; filename="')
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in reply.headers["content-security-policy"]
        assert reply.headers["content-type"] in {"image/jpeg", "application/pdf"}
        head = server.ask(path, method="HEAD")
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-length"] == str(len(reply.body))
        assert server.ask(path, account="999").status == 404
    thread = account.run("thread", kept[0][0]["conversation_id"], "--json").json["messages"]
    files = [part.get("file_id") for message in thread for part in message["attachments"]]
    assert str(kept[0][1]["file_id"]) in files


@pytest.mark.parametrize(
    "file_id",
    [
        "x",
        "0" * 24,
        "0" * 12,
        "..%2f..%2fetc%2fpasswd",
        "..",
        "%00",
        "5f0c%00",
        "a" * 4000,
        "$ne",
        "%ff%fe",
        "{}",
        "",
        "%ed%a0%80",
    ],
)
def test_what_is_no_file_of_a_message_is_not_found(server: Server, file_id: str) -> None:
    assert server.ask(f"/api/v1/attachments/{file_id}").status == 404


def test_a_file_that_no_message_refers_to_is_not_sent(account: Account, server: Server) -> None:
    database, orphan = account.database, ObjectId()
    file = database["fs.files"].find_one()
    assert file is not None
    database["fs.files"].insert_one({**file, "_id": orphan})
    assert server.ask(f"/api/v1/attachments/{orphan}").status == 404
    # Only what a message was before it changed has it any more.
    former = {
        "message_id": file["metadata"]["message_ids"][0],
        "number": 0,
        "attachments": [{"id": "1", "name": "before", "file_id": orphan}],
    }
    database["message_versions"].insert_one(former)
    reply = server.ask(f"/api/v1/attachments/{orphan}", method="HEAD")
    assert reply.status == 200
    assert reply.headers["content-disposition"] == 'attachment; filename="before"'
    database["message_versions"].delete_one({"_id": former["_id"]})
    database["fs.files"].delete_one({"_id": orphan})


def test_a_file_that_breaks_off_is_seen_to_break_off(account: Account, server: Server) -> None:
    database, broken = account.database, ObjectId()
    file = database["fs.files"].find_one()
    message = database["messages"].find_one({"attachments.file_id": {"$exists": True}})
    assert file is not None
    assert message is not None
    database["fs.files"].insert_one({**file, "_id": broken})
    former = {
        "message_id": file["metadata"]["message_ids"][0],
        "number": 0,
        "attachments": [{"id": "1", "name": "broken", "file_id": broken}],
    }
    database["message_versions"].insert_one(former)
    with pytest.raises(IncompleteRead):
        server.ask(f"/api/v1/attachments/{broken}")
    assert '"error": "database_unavailable"' in account.installation.logs()
    database["message_versions"].delete_one({"_id": former["_id"]})
    database["fs.files"].delete_one({"_id": broken})


# --- who may ask --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS.split(","))
def test_a_key_opens_everything(keyed: Server, key: str) -> None:
    for path in ("/api/v1/status", "/api/v1/messages", "/metrics"):
        assert keyed.ask(path, headers={"Authorization": f"bearer {key}"}).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer first-key-of-the-ap"},
        {"Authorization": "Bearer first-key-of-the-api,second-key-of-the-api"},
        {"Authorization": "Basic first-key-of-the-api"},
        {"Authorization": "Bearer \xff"},
    ],
)
@pytest.mark.parametrize(
    "path", ["/api/v1/status", "/api/v1/attachments/1", "/metrics", "/nowhere"]
)
def test_without_a_right_key_nothing_is_told(
    keyed: Server, headers: dict[str, str], path: str
) -> None:
    reply = keyed.ask(path, headers=headers, key=KEYS.split(",", maxsplit=1)[0])
    assert reply.status == 401
    assert reply.error["code"] == "key_refused"
    assert reply.headers["www-authenticate"] == "Bearer"


def test_health_and_the_manual_need_no_key(keyed: Server) -> None:
    for path in ("/healthz", "/readyz", "/docs", "/openapi.json", "/docs/assets/swagger-ui.css"):
        assert keyed.ask(path, headers={"Authorization": ""}).status == 200
    assert keyed.ask("/openapi.json").json["security"] == [{"key": []}]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "[", "", "127.0.0.1.evil"])
def test_without_keys_only_names_of_this_computer_are_answered(server: Server, host: str) -> None:
    reply = server.ask("/api/v1/status", headers={"Host": host})
    assert reply.status in {400, 421}
    assert b"messages" not in reply.body


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:9"])
def test_names_of_this_computer_are_answered(server: Server, host: str) -> None:
    assert server.ask("/api/v1/status", headers={"Host": host}).status == 200


@pytest.mark.parametrize("key", ["short", "with spaces in it, though long", "\xe4" * 20])
def test_a_weak_key_is_refused_without_being_shown(account: Account, key: str) -> None:
    keys = f"{'k' * 32},{key}"
    finished = account.run("serve", "--host", ANYWHERE, "--port", "0", WEB_API_KEYS=keys)
    assert finished.code == 78
    assert "WEB_API_KEYS: key number 2 is too weak" in finished.errors
    assert key.partition(",")[0] not in finished.errors


def test_another_address_than_loopback_needs_keys(account: Account) -> None:
    finished = account.run("serve", "--host", ANYWHERE, "--port", "0")
    assert finished.code == 78
    assert "WEB_API_KEYS is not set" in finished.errors


def test_a_port_that_is_taken_is_named(account: Account) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        finished = account.run("serve", "--port", str(taken.getsockname()[1]))
    assert finished.code == 78
    assert "cannot be listened on (Address already in use)" in finished.errors


# --- wrong questions ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "parameters", "status", "words"),
    [
        ("/api/v1/messages", {"limit": 0}, 400, "must be from 1 to 1000"),
        ("/api/v1/messages", {"limit": 10**9}, 400, "must be from 1 to 1000"),
        ("/api/v1/messages", {"limit": "many"}, 400, "limit"),
        ("/api/v1/messages", {"order": "best"}, 400, "order"),
        ("/api/v1/messages", {"cursor": "x"}, 400, "cursor"),
        ("/api/v1/messages", {"order": "semantic"}, 400, "needs words"),
        ("/api/v1/messages/12345", {}, 404, "No such message"),
        ("/api/v1/conversations/12345", {}, 404, "No message of this conversation"),
        ("/api/v1/waiting", {"limit": -1}, 400, "must be from 1"),
        ("/api/v1/figures/R22", {}, 400, "R2"),
        ("/api/v1/figures", {"since": "2026-02-30"}, 400, "the calendar has no such day"),
        ("/api/v1/figures", {"since": "soon"}, 400, "since is 'soon'"),
        ("/api/v1/figures", {"until": "0001-01-01"}, 400, "must end after 1970"),
        (
            "/api/v1/figures",
            {"since": "2026-05-02", "until": "2026-05-01"},
            400,
            "not before its end",
        ),
        ("/api/v1/figures", {"by": "colour"}, 400, "by"),
        ("/api/v1/figures", {"compare": "last"}, 400, "compare"),
        ("/api/v1", {}, 404, "no such path"),
        ("/api/v1/messages/", {}, 404, "no such path"),
        ("/api/v1/messages", {"q": "x" * 9_000}, 413, "longer than 8192"),
    ],
)
def test_a_wrong_question_gets_one_clear_sentence(
    server: Server, path: str, parameters: dict[str, Any], status: int, words: str
) -> None:
    reply = server.ask(path, **parameters)
    assert reply.status == status
    assert words in reply.error["message"]
    assert "--help" not in reply.error["hint"]


def test_a_head_has_the_headers_and_no_body(server: Server) -> None:
    for path in ("/healthz", "/api/v1/status", "/nowhere"):
        head, whole = server.ask(path, method="HEAD"), server.ask(path)
        assert (head.status, head.body) == (whole.status, b"")
        assert int(head.headers["content-length"]) > 0


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "OPTIONS", "TRACE", "QUERY"])
def test_only_reading_is_taken(server: Server, method: str) -> None:
    reply = server.ask("/healthz", method=method)
    assert (reply.status, reply.error["code"]) == (405, "method_refused")


def test_what_cannot_be_done_is_refused(server: Server) -> None:
    assert server.ask("/api/v1/messages", method="DELETE").error["code"] == "method_refused"
    too_long = server.ask("/healthz", headers={"Content-Length": "99999999"})
    assert too_long.error["code"] == "request_too_large"


def test_every_answer_bears_the_headers_that_keep_a_browser_out(server: Server) -> None:
    for path in ("/healthz", "/nowhere", "/api/v1/messages?limit=0"):
        headers = server.ask(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


# --- the manual, metrics, logs ------------------------------------------------------------------


def test_the_manual_loads_nothing_from_elsewhere(server: Server) -> None:
    page = server.ask("/docs")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())
    assert loaded
    for address in loaded:
        assert address.startswith("/")
        assert server.ask(address).status == 200
    assert "script-src 'self' 'sha256-" in page.headers["content-security-policy"]
    assert server.ask("/").headers["location"] == "/docs"


def test_metrics_tell_of_requests_and_of_the_copy_and_of_no_guest(
    account: Account, server: Server
) -> None:
    server.ask("/api/v1/messages", q="wifi")
    page = server.ask("/metrics").body.decode()
    stored = account.database["messages"].count_documents({})
    assert f'hostaway_stored_documents{{collection="messages"}} {stored:.1f}' in page
    assert "hostaway_database_up 1.0" in page
    assert "hostaway_last_run_complete 1.0" in page
    (latest,) = account.database["sync_runs"].find().sort("started_at", -1).limit(1)
    started = float(re.findall(r"^hostaway_last_run_start_\S+ (\S+)$", page, re.MULTILINE)[0])
    assert started == latest["started_at"].timestamp()
    assert re.search(
        r'hostaway_http_requests_total\{route="/api/v1/messages",status="200"\} [1-9]', page
    )
    assert "wifi" not in page


def test_the_log_tells_the_route_and_nothing_of_the_question(
    account: Account, server: Server
) -> None:
    server.ask("/api/v1/messages", q="guest:Wolfeschlegelstein")
    server.ask("/api/v1/attachments/9182736455463728")
    logs = account.installation.logs()
    assert '"route": "/api/v1/attachments/{file_id}"' in logs
    assert "Wolfeschlegelstein" not in logs
    assert "9182736455463728" not in logs


# --- its life -----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once(account: Account, number: signal.Signals) -> None:
    server = start_serving(account.installation)
    assert server.ask("/healthz").status == 200
    server.process.send_signal(number)
    assert account.installation.finish(server.process).code == 130


@pytest.mark.slow
def test_it_shares_the_embedded_database_with_a_sync_and_outlives_its_death(
    open_account: OpenAccount,
) -> None:
    account = open_account(2)
    account.installation.settings["MONGODB_URI"] = ""
    with serving(account.installation) as server:
        assert server.ask("/api/v1/messages").json["count"] == 0
        account.sync()
        before = server.ask("/api/v1/messages").json
        assert before["count"] > 0
        (mongod,) = processes_below(account.installation.folder, "mongod")
        # As a system does with all that a service left behind: the one that started the server.
        os.kill(parent_of(mongod), signal.SIGTERM)
        until(lambda: "database_revived" in account.installation.logs(), server.process)
        until(lambda: server.ask("/readyz").status == 200, server.process)
        assert server.ask("/api/v1/messages").json == before
    assert processes_below(account.installation.folder, "mongod") == []


def test_many_ask_at_once(server: Server) -> None:
    def ask(number: int) -> Reply:
        return server.ask("/api/v1/messages", q="wifi OR water", limit=1 + number % 5)

    with ThreadPoolExecutor(24) as pool:
        replies = list(pool.map(ask, range(120)))
    assert {reply.status for reply in replies} == {200}
    assert [reply.json["count"] for reply in replies] == [1 + n % 5 for n in range(120)]


def test_a_database_that_goes_away_is_told_and_the_process_lives(
    open_account: OpenAccount, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    mongod = start_mongod(tmp_path, port)
    uri = f"mongodb://127.0.0.1:{port}/?serverSelectionTimeoutMS=1500"
    try:
        with MongoClient[Document](uri, serverSelectionTimeoutMS=30_000) as client:
            client.admin.command("ping")
        account = open_account(1)
        server = start_serving(account.installation, MONGODB_URI=uri)
        assert server.ask("/readyz").status == 200
        mongod.kill()
        mongod.wait()
        gone = server.ask("/readyz")
        assert gone.status == 503
        assert gone.error["code"] == "database_unavailable"
        assert server.ask("/healthz").status == 200
        assert "hostaway_database_up 0.0" in server.ask("/metrics").body.decode()
        assert stop(account.installation, server).code == 130
    finally:
        mongod.kill()
        mongod.wait()
