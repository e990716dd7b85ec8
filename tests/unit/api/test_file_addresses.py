"""Files come from public addresses over https, and never from what only our network reaches."""

import pytest

from hostaway_message_db.api.file_addresses import (
    check_file_address,
    is_allowed,
    is_practice_address,
    redirected,
)
from hostaway_message_db.errors import FileRefused


@pytest.mark.parametrize(
    "url",
    [
        "https://files.hostaway.com/a.jpeg?X-Amz-Signature=1",
        "https://s3.eu-central-1.amazonaws.com:443/x",
        "https://93.184.215.14/a",
        "https://[2606:2800:21f::1]/a",
    ],
)
def test_public_addresses_are_asked(url: str) -> None:
    check_file_address(url, is_practice=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://files.hostaway.com/a.jpeg",
        "ftp://files.hostaway.com/a",
        "file:///etc/passwd",
        "//files.hostaway.com/a",
        "https:///a",
        "https://user:secret@files.hostaway.com/a",
        "https://files.hostaway.com:8443/a",
        "https://files.hostaway.com:99999/a",
        "https://files.hostaway.invalid/a",
        "https://127.0.0.1/a",
        "https://10.1.2.3/a",
        "https://192.168.0.1/a",
        "https://169.254.169.254/latest/meta-data",
        "https://0.0.0.0/a",
        "https://100.64.0.1/a",
        "https://[::1]/a",
        "https://[fe80::1]/a",
        "https://[fc00::1]/a",
        "https://[::ffff:127.0.0.1]/a",
        "https://[2002:7f00:1::]/a",
        "",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    with pytest.raises(FileRefused):
        check_file_address(url, is_practice=False)


def test_a_practice_server_may_have_its_files_beside_it_but_no_cloud_is_asked() -> None:
    check_file_address("http://127.0.0.1:8123/files/a", is_practice=True)
    check_file_address("http://10.0.0.5/files/a", is_practice=True)
    for url in ("http://169.254.169.254/x", "http://0.0.0.0/x", "ftp://127.0.0.1/x"):
        with pytest.raises(FileRefused):
            check_file_address(url, is_practice=True)
    assert is_allowed("93.184.215.14", is_practice=True)


@pytest.mark.parametrize(
    ("base_url", "is_practice"),
    [
        ("https://api.hostaway.com/v1", False),
        ("http://127.0.0.1:8123/v1", True),
        ("http://localhost:8123/v1", True),
        ("http://[::1]:8123/v1", True),
        ("https://10.0.0.5/v1", True),
        ("https://93.184.215.14/v1", False),
    ],
)
def test_only_a_base_address_of_our_own_makes_it_practice(
    base_url: str, *, is_practice: bool
) -> None:
    assert is_practice_address(base_url) is is_practice


def test_a_redirect_to_what_is_no_address_is_refused() -> None:
    assert redirected("https://example.com/a/b", "../c") == "https://example.com/c"
    with pytest.raises(FileRefused, match="redirects to what is none"):
        redirected("https://example.com/a", "//[half")
