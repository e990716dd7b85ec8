"""What a setting's value must be like, and which settings do not go together."""

import logging
import re
import ssl
from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SMTPS_PORT = 465
"""The port on which a mail server speaks TLS from the first byte (RFC 8314)."""
LOOPBACK_HOSTS = {"127.0.0.1", "localhost", "::1"}
SHORTEST_KEY = 16
"""Characters of a key where other computers reach the API; on loopback any will do."""
_KEY_LETTERS = re.compile(r"[!-~]+")
_BETWEEN_ADDRESSES = re.compile(r"[\s,]+(?=[a-z][a-z0-9+.-]*://)", re.IGNORECASE)
_TLS_OFF = re.compile(r"[?&](?:tls|ssl)=false\b", re.IGNORECASE)
_OFF = {"", "0", "off", "f", "false", "n", "no"}


def split_addresses(text: str) -> tuple[str, ...]:
    """Split addresses at spaces and commas; a comma within an address stays."""
    return tuple(part for part in _BETWEEN_ADDRESSES.split(text.strip(" ,")) if part)


def check_web_address(url: str, danger: str) -> None:
    """Take an https address, or http on loopback; raises `ValueError`, where empty is fine."""
    if not url:
        return
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is no http(s) address, such as https://api.hostaway.com/v1")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
        raise ValueError(f"{danger}; use https")


def authority_file(path: Path | None) -> Path | None:
    """Return a PEM file that holds one or more certificates; raises `ValueError`."""
    if path is None:
        return None
    _check_readable(path)
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ValueError) as error:
        raise ValueError("holds no certificate in PEM form") from error
    return path


def check_certificate_key_file(path: Path, password: str) -> None:
    """Take a PEM file with a certificate and the private key to it; raises `ValueError`.

    Never asks on the terminal for a password that is missing.
    """
    _check_readable(path)
    try:
        ssl.create_default_context().load_cert_chain(path, password=lambda: password)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", "") or ""
        if "KEY_VALUES_MISMATCH" in reason:
            raise ValueError("holds a private key that does not belong to its certificate") from (
                error
            )
        raise ValueError(
            "holds no certificate with its private key in PEM form that can be read; an encrypted"
            " key needs MONGODB_TLS_CERTIFICATE_KEY_PASSWORD"
        ) from error


def _check_readable(path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from error


def check_mail_address(text: str) -> None:
    """Take `host@example.com` and `Name <host@example.com>`; empty is fine."""
    if not text:
        return
    address = parseaddr(text)[1]
    name, _, host = address.rpartition("@")
    if not (name and host) or not text.isprintable() or " " in address:
        raise ValueError("is no mail address, such as host@example.com")


def check_channel_addresses(urls: Sequence[str]) -> None:
    """Take what Apprise understands; the address itself, a secret, is in no message."""
    if not urls:
        return
    import apprise  # noqa: PLC0415 - a third of a second, for those who use it

    # It would write a refused address, with the secret in it, to standard error.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    for number, url in enumerate(urls, 1):
        if apprise.Apprise.instantiate(url) is None:
            raise ValueError(f"address number {number} is none that Apprise understands")


def contradictions(given: Mapping[str, Any]) -> list[str]:
    """Name what does not go together, from the raw values: also when others are wrong."""
    values = {name: "" if value is None else str(value) for name, value in given.items()}

    def has(name: str) -> bool:
        return bool(values.get(name, "").strip(" ,"))

    problems = [
        f"{name.upper()} holds a NUL character, which no setting can."
        for name, value in values.items()
        if "\0" in value
    ]
    if has("smtp_host") and not has("notify_to"):
        problems.append("NOTIFY_TO is not set, but SMTP_HOST is: name who gets the mails.")
    if has("notify_to") and not has("smtp_host"):
        problems.append("SMTP_HOST is not set, but NOTIFY_TO is: name the mail server.")
    if has("smtp_username") != has("smtp_password"):
        missing = "SMTP_PASSWORD" if has("smtp_username") else "SMTP_USERNAME"
        problems.append(
            f"{missing} is not set: a login needs both SMTP_USERNAME and SMTP_PASSWORD."
        )
    if has("smtp_password") and _sends_password_openly(values):
        problems.append(
            "SMTP_STARTTLS is off: the password would be sent unencrypted; set it to true, or"
            f" use port {SMTPS_PORT}."
        )
    problems += _web_contradictions(values)
    problems += _tls_contradictions(values)
    wants_summary = values.get("notify_summary", "").strip().lower() not in _OFF
    if wants_summary and not has("notify_to") and not has("notify_urls"):
        problems.append("NOTIFY_SUMMARY is on, but neither NOTIFY_TO nor NOTIFY_URLS is set.")
    return problems


def _web_contradictions(values: Mapping[str, str]) -> list[str]:
    host = values.get("web_host", "").strip().lower()
    keys = [
        key for key in (part.strip() for part in values.get("web_api_keys", "").split(",")) if key
    ]
    is_open = bool(host) and host not in LOOPBACK_HOSTS
    if is_open and not keys:
        reason = f"WEB_API_KEYS is not set, but WEB_HOST is {host!r}"
        return [f"{reason}: without a key only loopback is served."]
    shortest = SHORTEST_KEY if is_open else 1
    return [
        f"WEB_API_KEYS: key number {number} is too weak: it needs {shortest} or more letters,"
        " digits and signs, without spaces (openssl rand -hex 32)."
        for number, key in enumerate(keys, 1)
        if len(key) < shortest or not _KEY_LETTERS.fullmatch(key)
    ]


def _tls_contradictions(values: Mapping[str, str]) -> list[str]:
    files = ("mongodb_tls_ca_file", "mongodb_tls_certificate_key_file")
    set_files = [name.upper() for name in files if values.get(name)]
    address = values.get("mongodb_uri", "")
    problems: list[str] = []
    if set_files and not address:
        problems.append(
            f"MONGODB_URI is not set, but {' and '.join(set_files)} is: the embedded MongoDB is"
            " behind a private socket and needs no certificates."
        )
    if set_files and _TLS_OFF.search(address):
        problems.append(f"MONGODB_URI turns TLS off, but {' and '.join(set_files)} needs it.")
    if values.get("mongodb_tls_certificate_key_password") and not values.get(files[1]):
        problems.append(
            "MONGODB_TLS_CERTIFICATE_KEY_FILE is not set, but the password of its key is."
        )
    return problems


def _sends_password_openly(values: Mapping[str, str]) -> bool:
    return (
        values.get("smtp_starttls", "true").strip().lower() in _OFF - {""}
        and values.get("smtp_port", "").strip() != str(SMTPS_PORT)
        and values.get("smtp_host", "").strip().lower() not in LOOPBACK_HOSTS
    )
