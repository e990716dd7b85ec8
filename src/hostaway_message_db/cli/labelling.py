"""`label`: what the enrichment sees in a text."""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import typer

from hostaway_message_db.bootstrap import load_labeller
from hostaway_message_db.cli import runner
from hostaway_message_db.config import Settings
from hostaway_message_db.enrichment.core_text import core_text
from hostaway_message_db.enrichment.plain_text import to_plain_text
from hostaway_message_db.errors import UsageError
from hostaway_message_db.ports import TextLabeller

BATCH = 64
"""Lines that are labelled and written at once; one at a time for somebody who types."""
LONGEST_LINE = 16 * 1024 * 1024
LINE_HINT = 'Each line is a JSON object with the text as a string: {"text": "..."}.'

Line = dict[str, Any]


def register(app: typer.Typer) -> None:
    """Add this family of commands."""
    app.command()(label)


def label() -> None:
    """Read {"text": ...} lines from standard input; write them with what they say added.

    Added are language, sentiment {label, score, alert} and topics; other keys are kept. Needs
    no account and no database.
    """

    async def work(settings: Settings) -> int:
        labeller = load_labeller(settings.topics_dir)
        size = 1 if sys.stdin.isatty() else BATCH
        try:
            for batch in read_batches(sys.stdin.buffer, size):
                write_labels(labeller, batch, sys.stdout.buffer)
        except BrokenPipeError:  # whoever read has had enough, as `head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0

    runner.run(work, quiet_console=True)


def read_batches(stream: BinaryIO, size: int) -> Iterator[list[Line]]:
    """Yield up to `size` lines at a time, those before a bad one too; raises as `read_lines`."""
    batch: list[Line] = []
    try:
        for line in read_lines(stream):
            batch.append(line)
            if len(batch) == size:
                yield batch
                batch = []
    except UsageError:
        yield batch
        raise
    yield batch


def read_lines(stream: BinaryIO) -> Iterator[Line]:
    """Yield each line's object; empty lines are passed over.

    Raises UsageError, naming the line, for what is no object with a text.
    """
    number = 0
    while raw := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(raw) > LONGEST_LINE:
            raise UsageError(f"Line {number} is longer than {LONGEST_LINE:,} bytes.", LINE_HINT)
        if raw.strip():
            yield _read_line(number, raw)


def _read_line(number: int, raw: bytes) -> Line:
    try:
        line = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"Line {number} is not JSON: {error}.", LINE_HINT) from error
    if not isinstance(line, dict) or not isinstance(line.get("text"), str):
        raise UsageError(f"Line {number} has no text.", LINE_HINT)
    return line


def write_labels(labeller: TextLabeller, batch: list[Line], stream: BinaryIO) -> None:
    """Write each line with its labels, in order."""
    found = labeller.label([core_text(to_plain_text(line["text"])) for line in batch])
    for line, labels in zip(batch, found, strict=True):
        attitude = labels.sentiment
        added = {
            "language": labels.language,
            "sentiment": attitude
            and {"label": attitude.label, "score": attitude.score, "alert": attitude.alert},
            "topics": list(labels.topics),
        }
        stream.write(_to_bytes(line | added))
    stream.flush()


def _to_bytes(line: Line) -> bytes:
    try:
        return json.dumps(line, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # a lone surrogate has no bytes, but an escape
        return json.dumps(line).encode() + b"\n"
