"""Addresses are shown without what must not be shown."""

import pytest

from hostaway_message_db.utils.masking import mask_uri


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("mongodb://me:pass@host:27017/db?authSource=x", "mongodb://host:27017/db"),
        ("mongodb://a:b@h1:1,h2:2/db?replicaSet=r", "mongodb://h1:1,h2:2/db"),
        ("mongodb+srv://me:p%40ss@cluster.example.net/", "mongodb+srv://cluster.example.net/"),
        ("https://token@api.example.org/v1?key=secret#part", "https://api.example.org/v1"),
        ("mongodb://localhost", "mongodb://localhost"),
        ("mongodb://me:p@ss@host/db", "mongodb://host/db"),
        ("", ""),
    ],
)
def test_an_address_keeps_only_where_it_leads(uri: str, shown: str) -> None:
    assert mask_uri(uri) == shown
