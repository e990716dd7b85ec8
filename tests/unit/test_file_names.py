"""Under which name and type a file goes out: nothing in it is obeyed by a header or a path."""

from collections.abc import AsyncIterator

import pytest

from hostaway_message_db.ports.files import SERVED_TYPES, UNKNOWN_TYPE, StoredFile, disposition


async def _parts() -> AsyncIterator[bytes]:
    yield b"x"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("photo.jpeg", '"photo.jpeg"'),
        ("", '"file"'),
        ("...", '"file"'),
        ("my file.pdf", "\"my_file.pdf\"; filename*=UTF-8''my%20file.pdf"),
        ("Фото.jpg", "\"____.jpg\"; filename*=UTF-8''%D0%A4%D0%BE%D1%82%D0%BE.jpg"),
        ("../../etc/passwd", '"_.._etc_passwd"'),
        (
            'в "\r\nSet-Cookie: a\u202e.html',
            "\"_____Set-Cookie__a_.html\"; filename*=UTF-8''%D0%B2%20___Set-Cookie_%20a_.html",
        ),
        ("\ud800.pdf", '"_.pdf"'),
    ],
)
def test_a_name_is_safe_in_the_header_and_kept_beside_it(name: str, header: str) -> None:
    assert disposition(name) == f"attachment; filename={header}"
    assert disposition(name).isascii()


def test_a_long_name_keeps_its_end() -> None:
    assert disposition("x" * 500 + "é.pdf").endswith("x%C3%A9.pdf")
    assert len(disposition("é" * 10_000)) < 800


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/x-msdownload", ""])
async def test_whatever_is_stored_as_a_type_only_harmless_ones_go_out(kind: str) -> None:
    def headers_of(content_type: str) -> dict[str, str]:
        return StoredFile(
            name="x", content_type=content_type, size_bytes=1, sha256="0", parts=_parts()
        ).headers

    assert headers_of(kind)["Content-Type"] == UNKNOWN_TYPE
    assert {headers_of(safe)["Content-Type"] for safe in SERVED_TYPES} == SERVED_TYPES
