"""The life of the embedded mongod, with real processes that really die."""

import multiprocessing
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from fcntl import LOCK_EX
from pathlib import Path
from threading import Event, Timer
from typing import Any
from urllib.parse import unquote_plus

import psutil  # type: ignore[import-untyped]
import pytest
from pymongo import MongoClient

from hostaway_message_db.database import embedded, embedded_home, embedded_supervisor
from hostaway_message_db.database.embedded import EmbeddedMongo, find_mongod
from hostaway_message_db.errors import DatabaseUnavailable

GONE_WITHIN_SECONDS = 10

USER_PROCESS = """
import sys
from pathlib import Path
from hostaway_message_db.database.embedded import EmbeddedMongo
with EmbeddedMongo(Path(sys.argv[1])) as mongo:
    print(mongo.uri, flush=True)
    sys.stdin.read()
"""


def connect(uri: str) -> MongoClient[dict[str, Any]]:
    return MongoClient(uri)


def server_of(uri: str) -> psutil.Process:
    with connect(uri) as client:
        return psutil.Process(client.admin.command("serverStatus")["pid"])


def supervisor_of(server: psutil.Process) -> psutil.Process:
    supervisor = server.parent()
    assert supervisor is not None
    assert any("embedded_supervisor" in word for word in supervisor.cmdline())
    return supervisor


def store(uri: str, *names: str) -> None:
    with connect(uri) as client:
        client.test.names.insert_many([{"_id": name} for name in names])


def stored(uri: str) -> set[str]:
    with connect(uri) as client:
        return {document["_id"] for document in client.test.names.find()}


@contextmanager
def user_process(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield another process that uses the database, and the address it got."""
    with subprocess.Popen(
        [sys.executable, "-c", USER_PROCESS, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as user:
        try:
            assert user.stdout is not None
            yield user, user.stdout.readline().strip()
        finally:
            user.kill()


def leave(user: subprocess.Popen[str]) -> None:
    assert user.stdin is not None
    user.stdin.close()
    assert user.wait(GONE_WITHIN_SECONDS) == 0


def has_ended(process: psutil.Process) -> bool:
    """An orphan that ended stays a zombie until init gets round to it."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def ended_cleanly(data_dir: Path) -> bool:
    """mongod empties its own lock file when it stops in order."""
    return (data_dir / "mongodb" / "data" / "mongod.lock").stat().st_size == 0


def until(happened: Callable[[], bool]) -> None:
    for _ in range(GONE_WITHIN_SECONDS * 50):
        if happened():
            return
        Event().wait(0.02)
    pytest.fail("did not happen in time")


def test_what_is_stored_is_there_after_a_stop_and_a_start(tmp_path: Path) -> None:
    with EmbeddedMongo(tmp_path) as mongo:
        assert mongo.start() == mongo.uri
        store(mongo.uri, "one")
        server = server_of(mongo.uri)
        supervisor = supervisor_of(server)
    assert has_ended(server)
    until(lambda: has_ended(supervisor))
    assert ended_cleanly(tmp_path)
    assert mongo.uri == ""
    mongo.close()
    with mongo:
        assert stored(mongo.uri) == {"one"}


def test_the_server_lives_until_the_last_of_its_users_left(tmp_path: Path) -> None:
    with user_process(tmp_path) as (first, uri), user_process(tmp_path) as (second, second_uri):
        assert second_uri == uri
        server = server_of(uri)
        leave(first)
        store(uri, "still here")
        assert server.is_running()
        leave(second)
        until(lambda: has_ended(server))
    assert ended_cleanly(tmp_path)


def test_two_users_in_one_process_count_as_two(tmp_path: Path) -> None:
    with EmbeddedMongo(tmp_path) as first:
        with EmbeddedMongo(tmp_path) as second:
            assert second.uri == first.uri
            server = server_of(first.uri)
        assert server.is_running()
        store(first.uri, "still here")
    assert has_ended(server)


def test_a_killed_last_user_leaves_no_server_behind(tmp_path: Path) -> None:
    with user_process(tmp_path) as (user, uri):
        store(uri, "before the kill")
        server = server_of(uri)
        supervisor = supervisor_of(server)
        user.kill()
        until(lambda: has_ended(server))
        until(lambda: has_ended(supervisor))
    assert ended_cleanly(tmp_path)
    with EmbeddedMongo(tmp_path) as mongo:
        assert stored(mongo.uri) == {"before the kill"}


def test_a_killed_supervisor_takes_the_server_with_it_and_the_next_start_is_clean(
    tmp_path: Path,
) -> None:
    with EmbeddedMongo(tmp_path) as mongo:
        store(mongo.uri, "before the kill")
        server = server_of(mongo.uri)
        supervisor_of(server).kill()
        until(lambda: has_ended(server))
        assert ended_cleanly(tmp_path)
        with EmbeddedMongo(tmp_path) as next_one:  # while the first user is still there
            assert next_one.uri == mongo.uri
            assert stored(mongo.uri) == {"before the kill"}
        assert stored(mongo.uri) == {"before the kill"}


def test_a_user_who_arrives_right_after_the_supervisor_was_killed_is_served(
    tmp_path: Path,
) -> None:
    with EmbeddedMongo(tmp_path) as mongo:
        store(mongo.uri, "before the kill")
        supervisor_of(server_of(mongo.uri)).kill()
        with EmbeddedMongo(tmp_path) as next_one:
            assert stored(next_one.uri) == {"before the kill"}
            assert supervisor_of(server_of(next_one.uri)).is_running()


def test_a_killed_server_is_started_again_under_its_users_with_all_that_was_counted(
    tmp_path: Path,
) -> None:
    with EmbeddedMongo(tmp_path) as mongo:
        names = {str(number) for number in range(50)}
        for name in names:
            store(mongo.uri, name)
        server = server_of(mongo.uri)
        supervisor = supervisor_of(server)
        server.kill()
        assert stored(mongo.uri) == names  # the driver waits for the server to come back
        successor = server_of(mongo.uri)
        assert successor != server
        assert supervisor_of(successor) == supervisor
        with EmbeddedMongo(tmp_path) as joined:
            assert joined.uri == mongo.uri
        store(mongo.uri, "after")


def test_a_start_waits_for_the_slow_end_of_a_server_whose_supervisor_was_killed(
    tmp_path: Path,
) -> None:
    with EmbeddedMongo(tmp_path) as mongo:
        store(mongo.uri, "before the kill")
        server = server_of(mongo.uri)
        supervisor = supervisor_of(server)
        server.suspend()
        supervisor.kill()
        until(lambda: has_ended(supervisor))
        resuming = Timer(0.5, server.resume)
        resuming.start()
        with EmbeddedMongo(tmp_path) as next_one:
            assert server_of(next_one.uri) != server
            assert stored(next_one.uri) == {"before the kill"}
        resuming.join()
        assert has_ended(server)


def test_an_orphaned_server_is_asked_to_stop_and_replaced(tmp_path: Path) -> None:
    with EmbeddedMongo(tmp_path) as mongo:
        store(mongo.uri, "before")
    home = mongo._home
    socket_path = home.choose_socket()
    lock = embedded_home.open_lock(home.server_lock)
    assert embedded_home.try_lock(lock, LOCK_EX)
    command = mongo._command(find_mongod(None), socket_path)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, pass_fds=[lock]) as orphan:
        os.close(lock)
        until(lambda: embedded_supervisor.listens(str(socket_path)))
        with mongo:
            assert orphan.wait(GONE_WITHIN_SECONDS) == 0
            assert server_of(mongo.uri).pid != orphan.pid
            assert stored(mongo.uri) == {"before"}


def test_server_and_supervisor_killed_at_once_leave_a_stale_socket_that_does_no_harm(
    tmp_path: Path,
) -> None:
    with EmbeddedMongo(tmp_path) as mongo:
        store(mongo.uri, "before the kill")
        server = server_of(mongo.uri)
        supervisor = supervisor_of(server)
        supervisor.suspend()
        server.kill()
        supervisor.kill()
        until(lambda: has_ended(supervisor))
    data = tmp_path / "mongodb" / "data"
    assert (tmp_path / "mongodb" / "mongod.sock").is_socket()
    (data / "mongod.lock").write_text(f"{os.getpid()}\n")  # the number is another's by now
    with EmbeddedMongo(tmp_path) as mongo:
        assert stored(mongo.uri) == {"before the kill"}


def test_killing_the_child_that_watches_the_users_changes_nothing(tmp_path: Path) -> None:
    with EmbeddedMongo(tmp_path) as mongo:
        server = server_of(mongo.uri)
        supervisor = supervisor_of(server)
        until(lambda: len(supervisor.children()) == 2)
        (watcher,) = (child for child in supervisor.children() if child != server)
        watcher.kill()
        until(lambda: has_ended(watcher))
        until(lambda: len(supervisor.children()) == 2)
        assert server.is_running()
    assert has_ended(server)


def test_a_terminated_supervisor_stops_the_server_in_order(tmp_path: Path) -> None:
    with EmbeddedMongo(tmp_path) as mongo:
        server = server_of(mongo.uri)
        supervisor = supervisor_of(server)
        supervisor.terminate()
        until(lambda: has_ended(server))
        until(lambda: has_ended(supervisor))
    assert ended_cleanly(tmp_path)
    assert "was asked to stop" in mongo.log_path.read_text()


def test_a_server_that_somebody_stopped_in_order_is_not_started_again(tmp_path: Path) -> None:
    with EmbeddedMongo(tmp_path) as mongo:
        server = server_of(mongo.uri)
        supervisor = supervisor_of(server)
        server.terminate()
        until(lambda: has_ended(supervisor))
        assert has_ended(server)
        with EmbeddedMongo(tmp_path) as next_one:
            assert server_of(next_one.uri) != server


def test_a_deleted_directory_is_not_brought_back_and_a_new_one_can_be_used(
    tmp_path: Path,
) -> None:
    with EmbeddedMongo(tmp_path) as mongo:
        server = server_of(mongo.uri)
        supervisor = supervisor_of(server)
        shutil.rmtree(tmp_path / "mongodb")
        (tmp_path / "mongodb" / "data").mkdir(parents=True)
        server.kill()
        until(lambda: has_ended(supervisor))
        with EmbeddedMongo(tmp_path) as next_one:
            store(next_one.uri, "in the new one")
            assert stored(next_one.uri) == {"in the new one"}


def test_nobody_starts_a_server_while_another_is_about_to(tmp_path: Path) -> None:
    mongo = EmbeddedMongo(tmp_path, start_timeout_seconds=0.2)
    mongo._home.create()
    others = embedded_home.open_lock(mongo._home.start_lock)
    try:
        assert embedded_home.try_lock(others, LOCK_EX)
        with pytest.raises(DatabaseUnavailable):
            mongo.start()
        assert not mongo.log_path.exists()
    finally:
        os.close(others)


def test_many_that_start_at_the_same_moment_share_one_server(tmp_path: Path) -> None:
    with ExitStack() as stack:
        users = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", USER_PROCESS, str(tmp_path)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(6)
        ]
        uris = {user.stdout.readline().strip() for user in users if user.stdout}
        (uri,) = uris
        server = server_of(uri)
        for user in users:
            assert server.is_running()
            leave(user)
        until(lambda: has_ended(server))


def test_one_leaving_while_the_next_arrives_never_breaks_either(tmp_path: Path) -> None:
    for number in range(4):
        with user_process(tmp_path) as (user, uri):
            store(uri, str(number))
            user.kill() if number % 2 else leave(user)
    with EmbeddedMongo(tmp_path) as mongo:
        assert stored(mongo.uri) == {str(number) for number in range(4)}


def test_there_is_no_door_but_a_socket_in_a_directory_of_its_owner(tmp_path: Path) -> None:
    with EmbeddedMongo(tmp_path) as mongo:
        server = server_of(mongo.uri)
        assert server.net_connections("inet") == []
        assert supervisor_of(server).net_connections("inet") == []
        home = tmp_path / "mongodb"
        assert {c.laddr for c in server.net_connections("unix") if c.laddr} == {
            str(home / "mongod.sock")
        }
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        files = [path for path in home.rglob("*") if path.name != "address"]
        assert {path.name for path in files if path.stat().st_mode & 0o077} == set()
        with connect(f"{mongo.uri}&compressors=zlib") as client:
            assert "compression" not in client.admin.command("hello")


def test_a_directory_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    home = tmp_path / "mongodb"
    home.mkdir(mode=0o755)
    with EmbeddedMongo(tmp_path):
        assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_the_terminal_s_interrupt_reaches_neither_server_nor_supervisor(tmp_path: Path) -> None:
    with EmbeddedMongo(tmp_path) as mongo:
        server = server_of(mongo.uri)
        for process in (server, supervisor_of(server)):
            assert os.getsid(process.pid) != os.getsid(0)
            assert os.getpgid(process.pid) != os.getpgid(0)


@pytest.mark.parametrize("name", ["deep-" + "x" * 120, "with,comma", "äöü 消息 % +"])
def test_any_path_will_do_and_who_joins_by_another_name_finds_the_same_server(
    tmp_path: Path, name: str
) -> None:
    data_dir = tmp_path / name
    link = tmp_path / "link"
    link.symlink_to(data_dir)
    with EmbeddedMongo(data_dir) as mongo, EmbeddedMongo(link) as joined:
        assert joined.uri == mongo.uri
        path = unquote_plus(mongo.uri.removeprefix("mongodb://").partition("/?")[0])
        assert Path(path).is_socket()
        assert stat.S_IMODE(Path(path).parent.stat().st_mode) == 0o700
        store(joined.uri, "found")
    assert not Path(path).exists()


def test_who_joins_finds_the_server_although_its_own_temporary_directory_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir = tmp_path / ("x" * 120)
    with tempfile.TemporaryDirectory() as short, user_process(data_dir) as (_, uri):
        monkeypatch.setattr(tempfile, "tempdir", short)
        with EmbeddedMongo(data_dir) as joined:
            assert joined.uri == uri


def test_a_place_for_the_socket_that_others_may_have_prepared_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as short:
        (Path(short) / f"hostaway-message-db-{os.geteuid()}").symlink_to(tmp_path)
        monkeypatch.setattr(tempfile, "tempdir", short)
        with pytest.raises(DatabaseUnavailable, match="belongs to another user"):
            EmbeddedMongo(tmp_path / ("x" * 120)).start()


def test_a_forked_child_neither_keeps_the_server_nor_ends_it(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    leave_now = fork.Event()
    with EmbeddedMongo(tmp_path) as mongo:
        server = server_of(mongo.uri)
        closing = fork.Process(target=mongo.close)
        closing.start()
        closing.join()
        assert closing.exitcode == 0
        assert server.is_running()
        store(mongo.uri, "still here")
        lingering = fork.Process(target=leave_now.wait)
        lingering.start()
    try:
        until(lambda: has_ended(server))
    finally:
        leave_now.set()
        lingering.join()


def test_a_server_that_hangs_is_reported_in_time_and_not_killed(tmp_path: Path) -> None:
    with EmbeddedMongo(tmp_path) as mongo:
        server = server_of(mongo.uri)
        server.suspend()
        try:
            with pytest.raises(DatabaseUnavailable, match=r"did not answer within 0\.5 s"):
                EmbeddedMongo(tmp_path, start_timeout_seconds=0.5).start()
        finally:
            server.resume()
        store(mongo.uri, "still here")


def test_a_user_that_gave_up_during_the_start_leaves_no_process_behind(tmp_path: Path) -> None:
    mongod = tmp_path / "mongod"
    mongod.write_text("#!/bin/sh\necho started >&2\nexec sleep 600\n")
    mongod.chmod(0o755)
    mongo = EmbeddedMongo(tmp_path, mongod_bin=mongod, start_timeout_seconds=0.1)
    with pytest.raises(DatabaseUnavailable, match=r"did not answer within 0\.1 s"):
        mongo.start()
    until(lambda: not mongo._is_running())


def test_a_log_beyond_its_bound_is_put_aside_while_the_server_writes_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "LOG_BYTES", 1000)
    with EmbeddedMongo(tmp_path) as mongo:
        server = server_of(mongo.uri)
        started = mongo.log_path.stat().st_size
        assert started > 1000
        supervisor_of(server).send_signal(signal.SIGALRM)
        until(lambda: mongo.log_path.stat().st_size < started)
        assert mongo.log_path.with_suffix(".log.1").stat().st_size == started
    assert b"\0" not in mongo.log_path.read_bytes()
    assert b"Shutting down" in mongo.log_path.read_bytes()


def test_the_supervisor_needs_the_standard_library_alone() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import embedded_supervisor"
    folder = Path(embedded_supervisor.__file__).parent
    subprocess.run([sys.executable, "-I", "-S", "-c", code, str(folder)], check=True)
