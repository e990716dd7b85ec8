"""What hinders the embedded mongod is said in a sentence, with what to do."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from hostaway_message_db.database.embedded import EmbeddedMongo, find_mongod
from hostaway_message_db.errors import DatabaseUnavailable


def refusal(data_dir: Path, mongod_bin: Path | None = None) -> DatabaseUnavailable:
    with pytest.raises(DatabaseUnavailable) as caught:
        EmbeddedMongo(data_dir, mongod_bin=mongod_bin, start_timeout_seconds=20).start()
    assert caught.value.hint
    return caught.value


def script(directory: Path, text: str) -> Path:
    path = directory / "mongod"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_data_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no directory")
    assert "a part of that path is a file" in refusal(tmp_path / "data").message


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_a_data_directory_where_nobody_may_write() -> None:
    error = refusal(Path("/proc/self"))
    assert "cannot keep its files in /proc" in error.message
    assert "DATA_DIR" in error.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_directory_without_the_right_to_write(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "no right to write" in refusal(tmp_path).message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_data_directory_of_another_user(tmp_path: Path) -> None:
    (tmp_path / "mongodb").mkdir()
    os.chown(tmp_path / "mongodb", 12345, 12345)
    assert "belongs to another user" in refusal(tmp_path).message


def test_a_loop_of_links(tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(tmp_path / "data")
    assert "symbolic link" in refusal(tmp_path / "data").message


def test_a_mongod_that_ends_with_a_message_is_quoted_and_another_can_follow(
    tmp_path: Path,
) -> None:
    error = refusal(tmp_path, script(tmp_path, "echo I would rather not >&2; exit 1"))
    assert "ended with exit code 1 instead of starting" in error.message
    assert "I would rather not" in error.message
    with EmbeddedMongo(tmp_path) as mongo:
        client: MongoClient[dict[str, Any]] = MongoClient(mongo.uri)
        with client:
            assert client.admin.command("ping")["ok"] == 1


@pytest.mark.parametrize(
    ("words", "sentence", "hint"),
    [
        (
            "mongod: error while loading shared libraries: libcurl.so.4: cannot open",
            "needs the system library libcurl.so.4",
            "apt-get install libcurl4",
        ),
        ("open: No space left on device", "disk is full", "Free some space"),
        ("Error parsing command line: unrecognised option", "does not know", "5.0"),
        (
            "UPGRADE PROBLEM: Found an invalid featureCompatibilityVersion document",
            "another version of MongoDB",
            "MONGOD_BIN",
        ),
    ],
)
def test_known_words_are_explained(tmp_path: Path, words: str, sentence: str, hint: str) -> None:
    error = refusal(tmp_path, script(tmp_path, f"echo '{words}' >&2; exit 127"))
    assert sentence in error.message
    assert hint in error.hint


def test_a_processor_without_the_instructions(tmp_path: Path) -> None:
    assert "AVX" in refusal(tmp_path, script(tmp_path, "kill -ILL $$")).message


def test_memory_that_ran_out(tmp_path: Path) -> None:
    error = refusal(tmp_path, script(tmp_path, "kill -KILL $$"))
    assert "killed" in error.message
    assert "MONGOD_CACHE_GIGABYTES" in error.hint


def test_a_file_that_is_no_program_of_this_computer(tmp_path: Path) -> None:
    program = tmp_path / "mongod"
    program.write_bytes(b"\x7fELF" + bytes(60))
    program.chmod(0o755)
    assert "another kind of computer" in refusal(tmp_path, program).message


@pytest.mark.parametrize("name", ["WiredTiger.turtle", "WiredTiger.wt", "storage.bson"])
def test_damaged_files(tmp_path: Path, name: str) -> None:
    with EmbeddedMongo(tmp_path):
        pass
    (tmp_path / "mongodb" / "data" / name).write_bytes(b"garbage " * 1024)
    error = refusal(tmp_path)
    assert f"{tmp_path / 'mongodb' / 'data'} are damaged" in error.message
    assert "sync again" in error.hint


def test_files_that_a_strange_mongod_uses(tmp_path: Path) -> None:
    with EmbeddedMongo(tmp_path / "one"):
        (tmp_path / "two" / "mongodb").mkdir(parents=True)
        (tmp_path / "two" / "mongodb" / "data").symlink_to(tmp_path / "one" / "mongodb" / "data")
        assert "Another mongod, not one of ours" in refusal(tmp_path / "two").message


def test_too_small_a_cache(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"at least 0\.25"):
        EmbeddedMongo(tmp_path, cache_gigabytes=0.1)


def test_the_packaged_mongod_is_found_and_another_named_one_is_taken_first(
    tmp_path: Path,
) -> None:
    assert find_mongod(None).is_file()
    named = script(tmp_path, "exit 0")
    assert find_mongod(named) == named


def test_a_named_mongod_that_does_not_exist(tmp_path: Path) -> None:
    error = refusal(tmp_path, tmp_path / "nowhere")
    assert "MONGOD_BIN" in error.message


def test_without_the_package_the_path_is_searched_and_then_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "fiftyone", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DatabaseUnavailable) as caught:
        find_mongod(None)
    assert "MONGODB_URI" in caught.value.hint
    program = script(tmp_path, "exit 0")
    assert shutil.which("mongod") == str(program)
    assert find_mongod(None) == program


@pytest.mark.parametrize(
    ("system", "machine", "words"),
    [("Linux", "x86_64", "[embedded]"), ("Darwin", "arm64", "MONGOD_BIN")],
)
def test_the_hint_suits_the_platform(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    system: str,
    machine: str,
    words: str,
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    with pytest.raises(DatabaseUnavailable) as caught:
        find_mongod(None)
    assert words in caught.value.hint
