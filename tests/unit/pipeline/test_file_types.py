"""Which files are kept, and that none is served as something a browser would run."""

import pytest

from hostaway_message_db.pipeline.file_types import safe_type, type_refusal
from hostaway_message_db.ports import WantedFile
from hostaway_message_db.ports.files import UNKNOWN_TYPE

ALLOWED = ("image/*", "application/pdf")


def wanted(mime_type: str | None, name: str = "file", extension: str | None = None) -> WantedFile:
    return WantedFile(
        key="1:2:3",
        account_id="1",
        conversation_id="5",
        message_id="2",
        attachment_id="3",
        name=name,
        url="https://example.com",
        mime_type=mime_type,
        extension=extension,
        tries=0,
    )


@pytest.mark.parametrize(
    ("mime_type", "name", "is_kept"),
    [
        ("image/jpeg", "a", True),
        ("IMAGE/PNG; x=1", "a", True),
        ("application/pdf", "a", True),
        ("text/html", "a", False),
        (None, "photo.jpeg", True),
        (None, "run.exe", False),
        (None, "nothing", False),
    ],
)
def test_the_kinds_that_are_allowed_are_kept(
    mime_type: str | None, name: str, *, is_kept: bool
) -> None:
    refusal = type_refusal(wanted(mime_type, name), ALLOWED)
    assert (refusal is None) is is_kept


@pytest.mark.parametrize(
    ("mime_type", "content", "served"),
    [
        ("image/jpeg", b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        ("image/png", b"\x89PNG\r\n\x1a\nrest", "image/png"),
        ("image/webp", b"RIFF1234WEBPrest", "image/webp"),
        ("application/pdf", b"%PDF-1.4", "application/pdf"),
        ("image/jpeg", b"<html><script>", UNKNOWN_TYPE),
        ("image/svg+xml", b"<svg onload=alert(1)>", UNKNOWN_TYPE),
        ("text/html", b"<html>", UNKNOWN_TYPE),
        ("image/png", b"%PDF-1.4", UNKNOWN_TYPE),
        ("image/jpeg", b"", UNKNOWN_TYPE),
    ],
)
def test_a_file_is_served_as_what_its_bytes_and_its_sender_agree_on(
    mime_type: str, content: bytes, served: str
) -> None:
    assert safe_type(wanted(mime_type), content) == served
