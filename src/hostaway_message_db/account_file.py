"""Several accounts: a TOML file with an id, a key and a name for each."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

MOST_ACCOUNTS = 200
MOST_ID_DIGITS = 19


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """One account of the file."""

    account_id: str
    api_key: SecretStr
    name: str


def read_accounts(path: Path) -> tuple[tuple[AccountEntry, ...], list[str]]:
    """Return the accounts of a file, and every problem with it; a key is in no problem."""
    where = f"HOSTAWAY_ACCOUNTS_FILE is {str(path)!r}"
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return (), [f"{where}: it cannot be read ({error.strerror})."]
    except ValueError:
        # Not the parser's words: they may quote a key.
        return (), [f"{where}: it is no TOML file."]
    tables = given.get("account")
    if not isinstance(tables, list) or not tables:
        return (), [f"{where}: it has no [[account]] with id, key and name."]
    if len(tables) > MOST_ACCOUNTS:
        return (), [f"{where}: it has more than {MOST_ACCOUNTS} accounts."]
    entries: list[AccountEntry] = []
    problems: list[str] = []
    for number, table in enumerate(tables, 1):
        entry, reason = _entry(table)
        if entry is None:
            problems.append(f"{where}: account number {number} {reason}.")
        elif entry.account_id in {known.account_id for known in entries}:
            problems.append(f"{where}: the account {entry.account_id} is there twice.")
        else:
            entries.append(entry)
    return tuple(entries), problems


def _entry(table: Any) -> tuple[AccountEntry | None, str]:
    if not isinstance(table, dict):
        return None, "is no table"
    if unknown := sorted(table.keys() - {"id", "key", "name"}):
        return None, f"has what is not known: {', '.join(unknown)}"
    identity, key, name = str(table.get("id", "")), table.get("key"), table.get("name", "")
    is_id = identity.isascii() and identity.isdecimal() and len(identity) <= MOST_ID_DIGITS
    if not is_id:
        return None, "has no id of digits"
    if not isinstance(key, str) or not key:
        return None, "has no key"
    if not isinstance(name, str):
        return None, "has a name that is no text"
    return AccountEntry(identity, SecretStr(key), name), ""
