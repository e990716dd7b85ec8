"""Why an embedded mongod did not start, as a sentence and what to do about it."""

import errno
import json
import re
import signal
from pathlib import Path
from typing import NamedTuple

from hostaway_message_db.errors import DatabaseUnavailable

TAIL_LINES = 5
TAIL_BYTES = 64 * 1024
TAIL_LINE_CHARACTERS = 300


class Cause(NamedTuple):
    """What mongod's own words mean."""

    pattern: str
    sentence: str
    hint: str


_USE_A_SERVER = "or set MONGODB_URI to a MongoDB server of yours"

_CAUSES = (
    Cause(
        r"error while loading shared libraries: (?P<what>libcurl\S*?):",
        "The packaged mongod needs the system library {what}, which is not installed.",
        f"Run `apt-get install libcurl4` (the name on Debian and Ubuntu), {_USE_A_SERVER}.",
    ),
    Cause(
        r"error while loading shared libraries: (?P<what>\S+?):",
        "mongod needs the system library {what}, which is not installed.",
        f"Install the package that has it, {_USE_A_SERVER}.",
    ),
    Cause(
        r"version `(?P<what>GLIBC\S*)' not found",
        "This system's C library is too old for this mongod: it needs {what}.",
        f"Set MONGOD_BIN to a mongod built for this system, {_USE_A_SERVER}.",
    ),
    Cause(
        r"Exec format error",
        "This mongod is built for another kind of computer, or is no program.",
        f"Set MONGOD_BIN to a mongod built for this system, {_USE_A_SERVER}.",
    ),
    Cause(
        r"No space left on device|Disk quota exceeded",
        "The disk is full: mongod could not write to {data}.",
        "Free some space and run the command again; what is stored is safe.",
    ),
    Cause(
        r"Read-only file system|Permission denied|Operation not permitted",
        "mongod may not write to {data}.",
        "Give the user that runs this the right to write there, or set DATA_DIR elsewhere.",
    ),
    Cause(
        r"DBPathInUse|Another mongod instance is already running",
        "Another mongod, not one of ours, uses {data}.",
        f"Stop it, or set DATA_DIR elsewhere, {_USE_A_SERVER}.",
    ),
    Cause(
        r"Too many open files",
        "mongod may not open as many files as {data} needs.",
        "Raise the limit (`ulimit -n`, LimitNOFILE of a service) to 64000.",
    ),
    Cause(
        r"unrecognised option|Unknown --setParameter|Error parsing command line",
        "This mongod does not know the options that we start it with; it may be too old.",
        f"Set MONGOD_BIN to a mongod of version 5.0 or later, {_USE_A_SERVER}.",
    ),
    Cause(
        r"UPGRADE PROBLEM|featureCompatibilityVersion document|FeatureCompatibilityVersion"
        r"|unsupported WiredTiger (?:file )?version|IncompatibleServerVersion"
        r"|incompatible WiredTiger|WT_LOG version",
        "The files in {data} were written by another version of MongoDB.",
        "Set MONGOD_BIN to the mongod that wrote them, or set DATA_DIR elsewhere and sync again.",
    ),
    Cause(
        r"WT_TRY_SALVAGE|WT_PANIC|WT_ERROR|WT_NOTFOUND|checksum error|read checksum"
        r"|Detected unclean shutdown - .* is empty|WiredTiger metadata corruption"
        r"|file contains unsupported|illegal|Invalid argument|storage engine metadata"
        r"|Failed to open WiredTiger|Fatal assertion|InvalidBSON|Failed to read metadata",
        "The files in {data} are damaged.",
        "Restore them from a backup, or move that directory away and sync again.",
    ),
)

_CAUSES_BY_ERRNO = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "this user has no right to write there",
    errno.ENOTDIR: "a part of that path is a file, not a directory",
    errno.EEXIST: "a file of that name is in the way",
    errno.ENOLCK: "the file system knows no locks",
    errno.EOPNOTSUPP: "the file system knows no locks",
    errno.ELOOP: "a symbolic link is in the way",
    errno.ENAMETOOLONG: "the path is too long",
}


def unusable_directory(directory: Path, error: OSError) -> DatabaseUnavailable:
    """Return the error for a directory that cannot hold the database's files."""
    reason = _CAUSES_BY_ERRNO.get(error.errno or 0, error.strerror or str(error))
    return DatabaseUnavailable(
        f"The embedded MongoDB cannot keep its files in {directory}: {reason}.",
        f"Set DATA_DIR to a directory that can be written to, {_USE_A_SERVER}.",
    )


def failed_start(
    exit_code: int | None, log: Path, log_offset: int, data_directory: Path, mongod: Path
) -> DatabaseUnavailable:
    """Return the error for a mongod that ended instead of starting.

    `log_offset` is the length in bytes that the log had before; the words after it
    decide, and the last of them are quoted. `exit_code` is negative for a signal,
    None when even the supervisor ended without a word.
    """
    words = _read_from(log, log_offset)
    for cause in _CAUSES:
        found = re.search(cause.pattern, words)
        if found:
            what = found.groupdict().get("what", "")
            sentence = cause.sentence.format(what=what, data=data_directory)
            return _with_tail(sentence, words, log, cause.hint)
    if exit_code == -signal.SIGILL:
        return DatabaseUnavailable(
            f"This processor lacks instructions (AVX) that {mongod} uses.",
            f"Run it on a newer processor, {_USE_A_SERVER}.",
        )
    if exit_code == -signal.SIGKILL:
        return DatabaseUnavailable(
            "mongod was killed while it started, most likely because memory ran out.",
            f"Give it more memory or lower MONGOD_CACHE_GIGABYTES, {_USE_A_SERVER}.",
        )
    how = "ended" if exit_code is None else f"ended with exit code {exit_code}"
    return _with_tail(
        f"{mongod} {how} instead of starting.",
        words,
        log,
        f"Set MONGOD_BIN to a working mongod, {_USE_A_SERVER}.",
    )


def slow_start(
    seconds: float, log: Path, log_offset: int, data_directory: Path
) -> DatabaseUnavailable:
    """Return the error for a mongod that does not answer within `seconds`."""
    return _with_tail(
        f"The embedded MongoDB in {data_directory} did not answer within {seconds:g} s.",
        _read_from(log, log_offset),
        log,
        "If it is still recovering after a crash, run the command again in some minutes.",
    )


def _with_tail(sentence: str, words: str, log: Path, hint: str) -> DatabaseUnavailable:
    tail = [_readable(line) for line in _telling(words.splitlines())[-TAIL_LINES:]]
    quoted = "".join(f"\n  {line}" for line in tail)
    return DatabaseUnavailable(
        f"{sentence} Its log, {log}, ends:{quoted}" if tail else sentence, hint
    )


def _telling(lines: list[str]) -> list[str]:
    """Keep the lines that are no routine; all of them when every one is."""
    filled = [line for line in lines if line.strip()]
    return [line for line in filled if not re.search(r'"s":"[IDW]\d?"', line)] or filled


def _readable(line: str) -> str:
    """Shorten one line of mongod's JSON log to its message and attributes."""
    try:
        entry = json.loads(line)
        attributes = entry.get("attr", {})
        inner = attributes.get("message")
        details = inner["msg"] if isinstance(inner, dict) else json.dumps(attributes)
        text = f"{entry['msg']} {details}"
    except (ValueError, KeyError, TypeError, AttributeError):
        text = line
    text = " ".join(text.split())
    return text if len(text) <= TAIL_LINE_CHARACTERS else f"{text[:TAIL_LINE_CHARACTERS]}..."


def _read_from(log: Path, offset: int) -> str:
    """Return what was logged after `offset`, at most the last 64 KiB."""
    try:
        with log.open("rb") as stream:
            size = stream.seek(0, 2)
            start = offset if offset <= size else 0
            stream.seek(max(start, size - TAIL_BYTES))
            return stream.read().decode("utf-8", "replace")
    except OSError:
        return ""
